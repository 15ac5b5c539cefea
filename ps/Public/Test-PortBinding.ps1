function Test-PortBinding {
    <#
    .SYNOPSIS
        Says whether a program could bind a port now, and if not, exactly why and what to do.

    .DESCRIPTION
        Test-PortBinding looks at sockets, services and port ranges, and then really tries: it binds the port and gives
        it back at once, without listening, so that no firewall asks. Where that could take something from an owner it
        does not try, and the rules of the system answer.

        Each port that is named gives one object: those of -Port and of the pipeline, or else each port that the text of
        an error names. Its Summary says it in a sentence; CanBind ($true, $false, or $null when it cannot be told), Cause, Owner, the facts
        that show it (Evidence) and what to do, the safest first (Remedy).

    .PARAMETER Port
        The ports: numbers and IANA service names such as https, in any of the forms :3000, 53/udp, udp/53,
        localhost:3000, [::1]:3000, 'http://localhost:3000/' and '80, 443'. A protocol and an address count as -Protocol
        and -Address do. 0 asks whether any dynamic port is left.

    .PARAMETER InputObject
        What to ask for, from the pipeline: ports as for -Port, objects with a property LocalPort, or what -ErrorText
        takes: error records, and the lines of a log.

    .PARAMETER ErrorText
        The text of an error message or log, of any program and in any language, as one text, as lines, or as error
        records. All of it is read. The port, the address and the protocol are read from it, and each port that it names
        gives one object, the newest first; -Port is needed only if it names none.

    .PARAMETER Protocol
        TCP (the default) or UDP.

    .PARAMETER Address
        The address that the program asks for. By default every one, IPv4 and IPv6; :: is for IPv4 too.

    .PARAMETER IPv6Only
        With -Address ::, leaves IPv4 alone.

    .PARAMETER Exclusive
        The program asks for exclusive use (SO_EXCLUSIVEADDRUSE on Windows).

    .PARAMETER Reuse
        The program sets SO_REUSEADDR (Address), or SO_REUSEPORT on Linux (Port).

    .PARAMETER Column
        Only these properties. By default an object has all.

    .PARAMETER FromSnapshot
        Answers from a file instead of from this machine: one that Save-PortSnapshot wrote, or what Get-NetTCPConnection,
        Get-NetUDPEndpoint, Get-Process and Get-CimInstance Win32_Process or Win32_Service gave to Export-Clixml on one
        machine, in one file or several. Wildcards are allowed.
        Nothing is tried then.

    .INPUTS
        Ports, objects with a property LocalPort, error records, or the lines of a log.

    .OUTPUTS
        PortOwner.Verdict

    .EXAMPLE
        Test-PortBinding 80

        Says whether a web server could start.

    .EXAMPLE
        Test-PortBinding 8080 -Address 127.0.0.1 -Exclusive | Format-List

        Shows all properties, for a program that asks for exclusive use.

    .EXAMPLE
        Test-PortBinding -ErrorText 'nginx: [emerg] bind() to 0.0.0.0:80 failed (10013: ...)'

        Works out from an error message, or from the last lines of a log, which port is meant, and why it cannot be bound.

    .EXAMPLE
        Get-Content error.log | Test-PortBinding

        Answers for each port that a log names.

    .EXAMPLE
        try { [System.Net.Sockets.TcpListener]::new([ipaddress]::Any, 80).Start() } catch { $_ | Test-PortBinding 80 }

        Says why a program's own attempt failed.

    .EXAMPLE
        Test-PortBinding localhost:3000, 53/udp

        Asks about one address, and about UDP.

    .EXAMPLE
        80, 443, 8080 | Test-PortBinding | Where-Object { -not $_.CanBind }

        Lists the ports of several that cannot be bound.

    .LINK
        about_PortOwner

    .LINK
        Get-PortOwner

    .LINK
        Get-PortConflict
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local')]
    [OutputType('PortOwner.Verdict')]
    param(
        [Parameter(Position = 0)]
        [ValidateNotNullOrEmpty()]
        [Alias('LocalPort')]
        [string[]] $Port,

        [Parameter(ValueFromPipeline)]
        [AllowNull()]
        [object] $InputObject,

        [AllowNull()]
        [AllowEmptyString()]
        [AllowEmptyCollection()]
        [string[]] $ErrorText,

        [ValidateSet('TCP', 'UDP')]
        [string] $Protocol,

        [ValidateNotNullOrEmpty()]
        [string] $Address,

        [switch] $IPv6Only,

        [switch] $Exclusive,

        [ValidateSet('Address', 'Port')]
        [string] $Reuse,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [Parameter(ParameterSetName = 'Local')]
        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $FromSnapshot

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    begin {
        Use-CallerPreference -Cmdlet $PSCmdlet
        $bound = @{}
        foreach ($name in $PSBoundParameters.Keys) { if ($name -ne 'ErrorText') { $bound[$name] = $PSBoundParameters[$name] } }
        # The ports asked about, and whether they are text of the pipeline, which may be lines of an error message instead.
        $ports = [ordered]@{}
        foreach ($text in Split-Port $Port) { $ports[$text] = $false }
        $isError = [bool] ("$ErrorText".Trim())
        $lines = @($ErrorText)
    }

    process {
        foreach ($one in $InputObject) {
            $said = @(Get-ErrorLine $one)
            if ($said) {
                $isError = $true
                $lines += $said
            } elseif ($one -is [string]) {
                # A line of a log may be one word: what it is, the other lines tell.
                $lines += $one
                foreach ($text in Split-Port $one) { if (-not $ports.Contains($text)) { $ports[$text] = $true } }
            } else {
                foreach ($text in ConvertTo-Operand -Cmdlet $PSCmdlet -InputObject $one) {
                    if ($text -notlike 'pid:*') {
                        $ports[$text] = $false
                        continue
                    }
                    Write-Problem -Cmdlet $PSCmdlet -Problem @{
                        Severity    = 'Error'
                        Code        = 'PO1002'
                        Message     = "'$one' is no port, and has no LocalPort."
                        Hint        = 'Pipe in ports, objects that have this property, or the lines of an error message.'
                        Target      = $one
                        Category    = 'InvalidArgument'
                        Terminating = $false
                    }
                }
            }
        }
    }

    end {
        $call = @{ Cmdlet = $PSCmdlet; Function = 'Test-PortBinding'; Bound = $bound }
        if ($isError) {
            # Through standard input: a command line has an end, and Windows PowerShell loses double quotes there.
            $bound['ErrorText'] = '-'
            $call.InputText = $lines -join "`n"
        }
        $asked = @($ports.Keys | Where-Object { -not ($isError -and $ports[$_]) })
        if (-not $asked) {
            # An empty pipeline asks for nothing.
            if ($MyInvocation.ExpectingInput -and -not $isError) { return }
            Invoke-Executable @call
            return
        }
        Invoke-Executable @call -Operand $asked -Each
    }
}
