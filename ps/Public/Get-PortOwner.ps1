function Get-PortOwner {
    <#
    .SYNOPSIS
        Shows who owns a port, or lists every listening and bound port with its owner.

    .DESCRIPTION
        Get-PortOwner finds the sockets of this machine, or of a snapshot, whose local port is one of the requested
        ports: listeners, bound sockets, and UDP sockets first; if there are none, connections with such a local port.
        Without ports, it lists every listening TCP and bound UDP port. Each socket is one object that names the
        process, service, or container behind it.

        If nobody owns a port, there is no object and no error, but an information message that says so;
        -InformationAction Ignore silences it. An unavailable value is $null, and the property Reason says why and what
        would reveal it. Rows of this machine have a property Id, so that you can pipe them to Stop-Process and
        Get-Process; rows from a snapshot have none.

        All items of a pipeline are answered together, with one query of the machine.

    .PARAMETER Port
        The local ports: numbers, ranges such as 8000-8100, and IANA service names such as https. Each can include a
        protocol and an address: 53/udp, udp/53, 3000/tcp, :3000, localhost:3000, [::1]:3000, or a copied URL,
        'http://localhost:3000/'. One text can contain several: '80, 443'.

    .PARAMETER InputObject
        What to query, from the pipeline: ports as for -Port, or objects. For an object, the first of these properties
        with a value is used: LocalPort (as in Get-NetTCPConnection and Get-PortOwner), OwningProcess, Id (as in
        Get-Process).

    .PARAMETER All
        Includes connections and all other states, not only listeners and bound sockets.

    .PARAMETER Protocol
        Only TCP or only UDP.

    .PARAMETER State
        Only these TCP states. Includes connections.

    .PARAMETER Id
        Only sockets of these processes.

    .PARAMETER ImageName
        Only owners with this file, application, or script name (python3, node, redis-server, server.js). Wildcards are allowed; the
        extension .exe can be omitted.

    .PARAMETER Address
        Only sockets with this local or remote address, or one in this range: 10.0.0.0/8.

    .PARAMETER RemotePort
        Only connections to these remote ports. Includes connections.

    .PARAMETER User
        Only owners that run as this account. Wildcards are allowed; the domain can be omitted.

    .PARAMETER Service
        Only owners that run this service, systemd unit, or container. Wildcards are allowed.

    .PARAMETER Range
        Only local ports of this class: WellKnown (0-1023), Registered (1024-49151), or Dynamic (49152-65535).

    .PARAMETER Resolve
        Looks up the names of remote addresses in DNS, for at most 3 seconds, and adds them as the property
        RemoteHostName.

    .PARAMETER ResolveTimeoutSec
        Like -Resolve, for at most this many seconds.

    .PARAMETER Firewall
        Adds the property FirewallStatus: whether this machine's firewall lets other machines reach the port.

    .PARAMETER Tree
        Shows each owner below its ancestors. Adds the property Ancestors: the ancestors of the owner, parent first, as
        objects with ProcessId, ImageName, Application, StartTime, and Role; and the property Supervisor: what restarts
        the owner, or may do so.

    .PARAMETER IncludeCommandLine
        Adds the property CommandLine: the command line of the owner, with password-like arguments masked.

    .PARAMETER Column
        Returns only these properties, which can be faster, or with * all of them. WorkingDirectory and Project (the
        project in which the owner was started, and its folder) are only looked up if they are named here, or with *; the
        WorkingDirectory also for the table of a console window with 120 or more characters in a line.

    .PARAMETER FromSnapshot
        Answers from a file instead of this machine: a file written by Save-PortSnapshot, or the output of
        Get-NetTCPConnection, Get-NetUDPEndpoint, Get-Process, and Get-CimInstance Win32_Process or Win32_Service
        saved with Export-Clixml on one machine, in one or more files. Wildcards are allowed.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, and leaves out
        command lines and working directories, so that you can show the answer to others. Names of programs and services
        are kept: review the answer before you send it.

    .INPUTS
        Ports, or objects with a property LocalPort, OwningProcess, or Id.

    .OUTPUTS
        PortOwner.Endpoint

    .EXAMPLE
        Get-PortOwner 443

        Shows who owns port 443.

    .EXAMPLE
        Get-PortOwner localhost:3000, 53/udp

        Shows who owns port 3000 on this machine's loopback address, and UDP port 53.

    .EXAMPLE
        80, 443, '8000-8100' | Get-PortOwner -Protocol TCP -Column * | Format-List

        Shows everything known about the owners of several ports.

    .EXAMPLE
        Get-PortOwner 3000 -Column LocalPort, Owner, WorkingDirectory, Project | Format-List

        Shows in which project the owner of a port was started.

    .EXAMPLE
        Get-PortOwner | Sort-Object StartTime -Descending | Select-Object -First 5

        Lists the five ports with the most recently started owners.

    .EXAMPLE
        Get-Process -Name *sql* | Get-PortOwner

        Lists the ports of a program.

    .EXAMPLE
        Get-PortOwner 8080 | Stop-Process -WhatIf

        Shows which processes would end if they were stopped to free port 8080.

    .EXAMPLE
        Get-PortOwner -All -RemotePort 443 | Group-Object Owner | Sort-Object Count -Descending

        Counts the connections to port 443 by program.

    .EXAMPLE
        Get-PortOwner 80, 443 -Firewall | Format-Table LocalAddress, LocalPort, Owner, FirewallStatus

        Shows whether other machines can reach the web server.

    .EXAMPLE
        (Get-PortOwner 3000 -Tree).Ancestors

        Shows the ancestors of the owner of port 3000: its shell, terminal, session, or supervisor.

    .EXAMPLE
        Get-PortOwner 443 -FromSnapshot *.json

        Shows who owns port 443 on each of several machines, from their snapshots.

    .EXAMPLE
        Get-PortOwner | Where-Object AddressScope -ne 'Loopback' | Export-Csv -NoTypeInformation ports.csv

        Writes every port that other machines can reach to a file for Excel.

    .EXAMPLE
        Get-PortOwner 443 -ComputerName localhost

        Shows the owner of port 443 on a machine by its name; instead of localhost, write the names of other machines.

    .LINK
        about_PortOwner

    .LINK
        Get-PortRange

    .LINK
        Save-PortSnapshot
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local')]
    [OutputType('PortOwner.Endpoint')]
    param(
        [Parameter(Position = 0, ValueFromRemainingArguments)]
        [ValidateNotNullOrEmpty()]
        [Alias('LocalPort')]
        [string[]] $Port,

        [Parameter(ValueFromPipeline)]
        [AllowNull()]
        [object] $InputObject,

        [switch] $All,

        [ValidateNotNullOrEmpty()]
        [string] $Protocol,

        [ValidateNotNullOrEmpty()]
        [string[]] $State,

        [Alias('OwningProcess')]
        [uint32[]] $Id,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $ImageName,

        [ValidateNotNullOrEmpty()]
        [string[]] $Address,

        [ValidateNotNullOrEmpty()]
        [string[]] $RemotePort,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $User,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Service,

        [ValidateNotNullOrEmpty()]
        [string[]] $Range,

        [switch] $Resolve,

        [ValidateRange(1, 300)]
        [int] $ResolveTimeoutSec,

        [switch] $Firewall,

        [switch] $Tree,

        [switch] $IncludeCommandLine,

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
        $operands = [ordered]@{}
        foreach ($text in Get-PortText -Cmdlet $PSCmdlet -Port $Port) { $operands[$text] = $true }
    }

    process {
        foreach ($text in ConvertTo-Operand -Cmdlet $PSCmdlet -InputObject $InputObject) { $operands[$text] = $true }
    }

    end {
        # Empty input asks for nothing; only without input is every port meant.
        if ($operands.Count -eq 0 -and ($MyInvocation.ExpectingInput -or $PSBoundParameters.Keys -contains 'InputObject')) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-PortOwner' -Bound $PSBoundParameters -Operand $operands.Keys -Extra (Get-WidthArgument -Invocation $MyInvocation -Bound $PSBoundParameters)
    }
}
