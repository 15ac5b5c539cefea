function Test-PortBinding {
    <#
    .SYNOPSIS
        Says whether a program could bind a port now, and if not, exactly why and what to do.

    .DESCRIPTION
        Test-PortBinding looks at sockets, services and port ranges, and then really tries: it binds the port and gives
        it back at once, without listening, so that no firewall asks. Where that could take something from an owner it
        does not try, and the rules of the system answer.

        Each port gives one object: CanBind ($true, $false, or $null when it cannot be told), Cause, Owner, the facts
        that show it (Evidence) and what to do, the safest first (Remedy).

    .PARAMETER Port
        The ports: numbers or IANA service names such as https. 0 asks whether any dynamic port is left.

    .PARAMETER InputObject
        What to ask for, from the pipeline: ports as for -Port, or objects with a property LocalPort.

    .PARAMETER ErrorText
        The text of an error message or log line, of any program and in any language. The port, the address and the
        protocol are read from it; -Port is needed only if it has none.

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
        Ports, or objects with a property LocalPort.

    .OUTPUTS
        PortOwner.Verdict

    .EXAMPLE
        Test-PortBinding 80

        Says whether a web server could start.

    .EXAMPLE
        Test-PortBinding 8080 -Address 127.0.0.1 -Exclusive | Format-List

        Shows all that is known, for a program that asks for exclusive use.

    .EXAMPLE
        Test-PortBinding -ErrorText 'nginx: [emerg] bind() to 0.0.0.0:80 failed (10013: ...)'

        Works out from an error message, or from the last lines of a log, which port is meant, and why it cannot be bound.

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
    [CmdletBinding()]
    [OutputType('PortOwner.Verdict')]
    param(
        [Parameter(Position = 0)]
        [ValidateNotNullOrEmpty()]
        [Alias('LocalPort')]
        [string[]] $Port,

        [Parameter(ValueFromPipeline)]
        [AllowNull()]
        [object] $InputObject,

        [ValidateNotNullOrEmpty()]
        [string] $ErrorText,

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

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $FromSnapshot
    )

    begin {
        Use-CallerPreference -Cmdlet $PSCmdlet
        $bound = @{}
        foreach ($name in $PSBoundParameters.Keys) { $bound[$name] = $PSBoundParameters[$name] }
        if ($ErrorText) {
            # As an argument: Windows PowerShell loses double quotes there, and a command line has an end.
            $text = $ErrorText -replace '"', "'"
            if ($text.Length -gt 8000) { $text = $text.Substring(0, 4000) + "`n" + $text.Substring($text.Length - 4000) }
            $bound['ErrorText'] = $text.TrimEnd('\')
        }
        $ports = [ordered]@{}
        foreach ($one in $Port) { $ports[$one] = $true }
    }

    process {
        foreach ($one in ConvertTo-Operand -Cmdlet $PSCmdlet -InputObject $InputObject) {
            if ($one -like 'pid:*') {
                Write-Problem -Cmdlet $PSCmdlet -Problem @{
                    Severity    = 'Error'
                    Code        = 'PO1002'
                    Message     = "'$InputObject' is no port, and has no LocalPort."
                    Hint        = 'Pipe in ports, or objects that have this property.'
                    Target      = $InputObject
                    Category    = 'InvalidArgument'
                    Terminating = $false
                }
            } else {
                $ports[$one] = $true
            }
        }
    }

    end {
        if ($ports.Count -eq 0) {
            # An empty pipeline asks for nothing.
            if ($MyInvocation.ExpectingInput) { return }
            Invoke-Executable -Cmdlet $PSCmdlet -Function 'Test-PortBinding' -Bound $bound
        }
        foreach ($one in $ports.Keys) {
            Invoke-Executable -Cmdlet $PSCmdlet -Function 'Test-PortBinding' -Bound $bound -Operand $one
        }
    }
}
