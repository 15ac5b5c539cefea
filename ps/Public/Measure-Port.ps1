function Measure-Port {
    <#
    .SYNOPSIS
        Measures traffic, round-trip times, retransmits, and queues of sockets and their owners.

    .DESCRIPTION
        Measure-Port looks at the sockets of this machine twice, -For seconds apart, and returns what each one
        transferred in between: rates in bytes per second, totals, the round-trip time, retransmits, and how its queues
        are filled. Without ports, it returns all sockets, except closed connections in TIME_WAIT.

        For a listener, AcceptQueue is the number of connections that wait until the program accepts them, and Backlog is
        the maximum: a full queue is a frequent cause of refused connections and timeouts.

        Connections that are opened and closed between the two looks are not seen, and systems do not count the bytes of
        UDP sockets. On Windows, statistics need an elevated session, are counted from the start of the measurement, and
        do not exist for loopback connections. An unavailable value is $null, and the property Reason says why.

    .PARAMETER Port
        The local ports: numbers, ranges such as 8000-8100, and IANA service names such as https. Each can include a
        protocol and an address: 53/udp, localhost:3000, [::1]:3000.

    .PARAMETER InputObject
        What to measure, from the pipeline: ports as for -Port, or objects. For an object, the first of these properties
        with a value is used: LocalPort (as in Get-NetTCPConnection and Get-PortOwner), OwningProcess, Id (as in
        Get-Process).

    .PARAMETER By
        Adds up the sockets of each Process, Application, local Port, Remote end, State, or Protocol. A property that is not the
        same for all sockets of an object is $null. With Remote, DynamicPortUse is what percentage of the dynamic ports
        the connections to one remote end use.

    .PARAMETER For
        How long to measure: seconds, or 500ms, 30s, 5m. By default, 1 second.

    .PARAMETER All
        Includes closed connections in TIME_WAIT, which have no statistics. -By Remote, State, and Protocol always count
        them.

    .PARAMETER Protocol
        Only TCP or only UDP.

    .PARAMETER State
        Only these TCP states.

    .PARAMETER Id
        Only sockets of these processes.

    .PARAMETER ImageName
        Only owners with this file or application name (python3, node, redis-server). Wildcards are allowed; the
        extension .exe can be omitted.

    .PARAMETER Address
        Only sockets with this local or remote address, or one in this range: 10.0.0.0/8.

    .PARAMETER RemotePort
        Only connections to these remote ports.

    .PARAMETER User
        Only owners that run as this account. Wildcards are allowed; the domain can be omitted.

    .PARAMETER Service
        Only owners that run this service, systemd unit, or container. Wildcards are allowed.

    .PARAMETER Range
        Only local ports of this class: WellKnown (0-1023), Registered (1024-49151), or Dynamic (49152-65535).

    .PARAMETER Column
        Returns only these properties.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, so that you can
        show the answer to others. Names of programs and services are kept: review the answer before you send it.

    .INPUTS
        Ports, or objects with a property LocalPort, OwningProcess, or Id.

    .OUTPUTS
        PortOwner.Traffic

    .EXAMPLE
        Measure-Port | Select-Object -First 5

        Shows the five busiest sockets.

    .EXAMPLE
        Measure-Port -By Process -For 5 | Sort-Object ReceiveRate -Descending

        Shows which programs receive the most.

    .EXAMPLE
        Measure-Port -State Listen | Where-Object AcceptQueue -gt 0

        Lists the listeners whose programs do not accept connections at once.

    .EXAMPLE
        Get-Process -Name node* | Measure-Port -For 10

        Measures the sockets of a program.

    .EXAMPLE
        Measure-Port -By Remote | Sort-Object DynamicPortUse -Descending | Select-Object -First 3 RemoteAddress, RemotePort, DynamicPortUse, Owner

        Shows which remote ends use the most dynamic ports, and who connects to them.

    .LINK
        about_PortOwner

    .LINK
        Get-PortOwner
    #>
    [CmdletBinding()]
    [OutputType('PortOwner.Traffic')]
    param(
        [Parameter(Position = 0, ValueFromRemainingArguments)]
        [ValidateNotNullOrEmpty()]
        [Alias('LocalPort')]
        [string[]] $Port,

        [Parameter(ValueFromPipeline)]
        [AllowNull()]
        [object] $InputObject,

        [ValidateNotNullOrEmpty()]
        [string] $By,

        [ValidateNotNullOrEmpty()]
        [string] $For,

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

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [switch] $Redact
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
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Measure-Port' -Bound $PSBoundParameters -Operand $operands.Keys
    }
}
