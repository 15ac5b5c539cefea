function Test-PortBinding {
    <#
    .SYNOPSIS
        Shows whether a program could bind a port now, and if not, exactly why and what to do.

    .DESCRIPTION
        Test-PortBinding checks sockets, services, and port ranges, and then makes a real attempt: it binds the port
        and releases it immediately, without listening, so that no firewall prompts. If the attempt could affect an
        owner, it applies the rules of the system instead.

        Each port gives one object: the ports of -Port and of the pipeline, or else each port that the error text
        names. Its Summary is the answer as a sentence; CanBind is $true, $false, or $null if unknown; Cause, Owner,
        and Evidence explain why; and Remedy says what to do, safest first.

    .PARAMETER Port
        The ports: numbers and IANA service names such as https, in any of the forms :3000, 53/udp, udp/53,
        localhost:3000, [::1]:3000, 'http://localhost:3000/', and '80, 443'. A protocol and an address work like
        -Protocol and -Address. 0 checks whether any dynamic port is left.

    .PARAMETER InputObject
        What to check, from the pipeline: ports as for -Port, objects with a property LocalPort, or the input of
        -ErrorText: error records, and the lines of a log.

    .PARAMETER ErrorText
        An error message or log, of any program and in any language, as one text, as lines, or as error records. The
        port, the address, and the protocol are read from it, and each port that it names gives one object, newest
        first; -Port is needed only if the text names none.

    .PARAMETER Protocol
        TCP (the default) or UDP.

    .PARAMETER Address
        The address that the program binds. By default, every IPv4 and IPv6 address; :: includes IPv4.

    .PARAMETER IPv6Only
        With -Address ::, excludes IPv4.

    .PARAMETER Exclusive
        The program requests exclusive use (SO_EXCLUSIVEADDRUSE on Windows).

    .PARAMETER Reuse
        The program sets SO_REUSEADDR (Address), or SO_REUSEPORT on Linux (Port).

    .PARAMETER Column
        Returns only these properties. By default, an object has all.

    .PARAMETER FromSnapshot
        Answers from a file instead of this machine: a file written by Save-PortSnapshot, or the output of
        Get-NetTCPConnection, Get-NetUDPEndpoint, Get-Process, and Get-CimInstance Win32_Process or Win32_Service
        saved with Export-Clixml on one machine, in one or more files. Wildcards are allowed. No bind is tried.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, and leaves out
        command lines and working directories, so that you can show the answer to others. Names of programs and services
        are kept: review the answer before you send it.

    .INPUTS
        Ports, objects with a property LocalPort, error records, or the lines of a log.

    .OUTPUTS
        PortOwner.Verdict

    .EXAMPLE
        Test-PortBinding 80

        Shows whether a web server could start.

    .EXAMPLE
        Test-PortBinding 8080 -Address 127.0.0.1 -Exclusive | Format-List

        Shows all properties, for a program that requests exclusive use.

    .EXAMPLE
        Test-PortBinding -ErrorText 'nginx: [emerg] bind() to 0.0.0.0:80 failed (10013: ...)'

        Reads the port from an error message, or from the last lines of a log, and shows why it cannot be bound.

    .EXAMPLE
        Get-Content error.log | Test-PortBinding

        Answers for each port in a log.

    .EXAMPLE
        try { [System.Net.Sockets.TcpListener]::new([ipaddress]::Any, 80).Start() } catch { $_ | Test-PortBinding 80 }

        Shows why a program's own attempt failed.

    .EXAMPLE
        Test-PortBinding localhost:3000, 53/udp

        Checks one address, and UDP.

    .EXAMPLE
        80, 443, 8080 | Test-PortBinding | Where-Object { -not $_.CanBind }

        Lists which of several ports cannot be bound.

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
        [Parameter(Position = 0, ValueFromRemainingArguments)]
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

        [ValidateNotNullOrEmpty()]
        [string] $Protocol,

        [ValidateNotNullOrEmpty()]
        [string] $Address,

        [switch] $IPv6Only,

        [switch] $Exclusive,

        [ValidateNotNullOrEmpty()]
        [string] $Reuse,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [Parameter(ParameterSetName = 'Local')]
        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $FromSnapshot,

        [Parameter(ParameterSetName = 'Local')]
        [switch] $Redact

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    begin {
        Use-CallerPreference -Cmdlet $PSCmdlet
        $bound = @{}
        foreach ($name in $PSBoundParameters.Keys) { if ($name -ne 'ErrorText') { $bound[$name] = $PSBoundParameters[$name] } }
        # The ports asked about, and whether they are text of the pipeline, which may be lines of an error message instead.
        $ports = [ordered]@{}
        foreach ($text in Split-Port (Get-PortText -Cmdlet $PSCmdlet -Port $Port)) { $ports[$text] = $false }
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
                $hint = 'Pipe in ports, objects that have this property, or the lines of an error message.'
                foreach ($text in ConvertTo-PortOperand -Cmdlet $PSCmdlet -InputObject $one -Hint $hint) { $ports[$text] = $false }
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
