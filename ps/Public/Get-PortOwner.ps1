function Get-PortOwner {
    <#
    .SYNOPSIS
        Says who owns a port, or lists every listening and bound port with its owner.

    .DESCRIPTION
        Get-PortOwner looks at the sockets of this machine, or of a snapshot, whose local port is one of those asked
        for: listeners, bound and UDP sockets first, and when there are none, the connections that use such a local
        port. Without ports it lists every listening TCP and bound UDP port. Each socket is one object that names the
        process, service or container behind it.

        When nobody owns a port, nothing comes out and there is no error. A value that could not be had is $null, and
        the property Reason says why and what would reveal it. Rows of this machine have a property Id, so that they
        can be piped to Stop-Process and Get-Process; rows from a snapshot have none.

        All items of a pipeline are answered together, by one look at the machine.

    .PARAMETER Port
        The local ports: numbers, ranges such as 8000-8100, and IANA service names such as https. Each may name a protocol
        and an address, too: 53/udp, udp/53, 3000/tcp, :3000, localhost:3000, [::1]:3000, or a URL that was copied,
        'http://localhost:3000/'. A text may have several: '80, 443'.

    .PARAMETER InputObject
        What to ask for, from the pipeline: ports as for -Port, or objects. Of an object the first of these properties
        counts that has a value: LocalPort (as Get-NetTCPConnection and Get-PortOwner give it), OwningProcess, Id (as
        Get-Process gives it).

    .PARAMETER All
        Connections and every other state too, not only listeners and bound sockets.

    .PARAMETER Protocol
        Only TCP or only UDP.

    .PARAMETER State
        Only these TCP states. Looks at connections too.

    .PARAMETER Id
        Only sockets of these processes.

    .PARAMETER ImageName
        Only owners with this name: of their file, or of what they run (python3, node, redis-server). Wildcards are
        allowed; the ending .exe may be left out.

    .PARAMETER Address
        Only sockets with this local or remote address, or one in this range: 10.0.0.0/8.

    .PARAMETER RemotePort
        Only connections to these ports. Looks at connections too.

    .PARAMETER User
        Only owners that run as this account. Wildcards are allowed; the domain may be left out.

    .PARAMETER Service
        Only owners that run this service, systemd unit or container. Wildcards are allowed.

    .PARAMETER Range
        Only local ports of this class: WellKnown (0-1023), Registered (1024-49151) or Dynamic (49152-65535).

    .PARAMETER Resolve
        Looks the names of remote addresses up in DNS, for at most 3 seconds, into the property RemoteHostName.

    .PARAMETER ResolveTimeoutSec
        Like -Resolve, for at most this many seconds.

    .PARAMETER Firewall
        Says in the property FirewallStatus whether this machine's firewall lets other machines in to the port.

    .PARAMETER Tree
        Says in the property Ancestors which processes led to the owner, its parent first, as objects with ProcessId,
        ImageName, Application, StartTime, and Role, and in the property Supervisor what would start it again.

    .PARAMETER Column
        Only these properties, which can be faster. By default an object has all.

    .PARAMETER FromSnapshot
        Answers from a file instead of from this machine: one that Save-PortSnapshot wrote, or what Get-NetTCPConnection,
        Get-NetUDPEndpoint, Get-Process and Get-CimInstance Win32_Process or Win32_Service gave to Export-Clixml on one
        machine, in one file or several. Wildcards are allowed.

    .INPUTS
        Ports, or objects with a property LocalPort, OwningProcess or Id.

    .OUTPUTS
        PortOwner.Endpoint

    .EXAMPLE
        Get-PortOwner 443

        Says who owns port 443.

    .EXAMPLE
        Get-PortOwner localhost:3000, 53/udp

        Says who has port 3000 on this machine's loopback address, and UDP port 53.

    .EXAMPLE
        80, 443, '8000-8100' | Get-PortOwner -Protocol TCP | Format-List

        Shows all that is known about the owners of several ports.

    .EXAMPLE
        Get-PortOwner | Sort-Object StartTime -Descending | Select-Object -First 5

        Lists the five ports whose owners were started last.

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

        Says whether other machines may reach the web server.

    .EXAMPLE
        (Get-PortOwner 3000 -Tree).Ancestors

        Shows which processes led to the owner of port 3000: its shell, terminal, session, or supervisor.

    .EXAMPLE
        Get-ChildItem *.json | ForEach-Object { Get-PortOwner 443 -FromSnapshot $_.FullName }

        Says who owns port 443 on each of several machines, from their snapshots.

    .EXAMPLE
        Get-PortOwner | Where-Object AddressScope -ne 'Loopback' | Export-Csv -NoTypeInformation ports.csv

        Writes every port that other machines can reach to a file for Excel.

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
        [Parameter(Position = 0)]
        [ValidateNotNullOrEmpty()]
        [Alias('LocalPort')]
        [string[]] $Port,

        [Parameter(ValueFromPipeline)]
        [AllowNull()]
        [object] $InputObject,

        [switch] $All,

        [ValidateSet('TCP', 'UDP')]
        [string] $Protocol,

        [ValidateSet('Bound', 'Closed', 'CloseWait', 'Closing', 'DeleteTCB', 'Established', 'FinWait1', 'FinWait2', 'LastAck', 'Listen', 'SynReceived', 'SynSent', 'TimeWait')]
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

        [ValidateSet('WellKnown', 'Registered', 'Dynamic')]
        [string[]] $Range,

        [switch] $Resolve,

        [ValidateRange(1, 300)]
        [int] $ResolveTimeoutSec,

        [switch] $Firewall,

        [switch] $Tree,

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
        $operands = [ordered]@{}
        foreach ($text in $Port) { $operands[$text] = $true }
    }

    process {
        foreach ($text in ConvertTo-Operand -Cmdlet $PSCmdlet -InputObject $InputObject) { $operands[$text] = $true }
    }

    end {
        # Empty input asks for nothing; only without input is every port meant.
        if ($operands.Count -eq 0 -and ($MyInvocation.ExpectingInput -or $PSBoundParameters.Keys -contains 'InputObject')) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-PortOwner' -Bound $PSBoundParameters -Operand $operands.Keys
    }
}
