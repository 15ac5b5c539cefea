function Get-FreePort {
    <#
    .SYNOPSIS
        Finds ports that can be bound now.

    .DESCRIPTION
        A port is free when nobody holds it and binding it really succeeds on the address asked for, by default on
        every address, IPv4 and IPv6. It is outside of the dynamic, reserved and excluded ranges of this machine, and
        not registered with IANA for a service, unless -IncludeRegistered allows that. Nothing is listened on.

        When there are fewer such ports than asked for, they come out, and an error says how many there are.

    .PARAMETER Count
        How many ports. By default one.

    .PARAMETER Port
        One of these ports, in the order given, registered ones too: 3000, 3000-3010, or '80, 8080-8090'. A number below
        1024 is a -Count where no name stands before it: Get-FreePort 3 gives three ports.

    .PARAMETER Range
        Only ports of these: 8000-8999, but none that is registered. By default ports from 10000 up.

    .PARAMETER Near
        The ports closest to this one.

    .PARAMETER Consecutive
        Ports that follow one another.

    .PARAMETER Protocol
        What the ports have to be free for: TCP (the default), UDP, or Both.

    .PARAMETER Address
        The address of this machine that they have to be free on. By default all, IPv4 and IPv6.

    .PARAMETER IncludeRegistered
        Ports that IANA registered for a service, too.

    .PARAMETER Except
        None of these ports.

    .PARAMETER PolicyPath
        None that this policy forbids, or allows only to a named program.

    .PARAMETER BaselinePath
        None that is in this baseline.

    .PARAMETER Explain
        Also the ports that were passed over. Their property IsFree is false, and Reason says why.

    .PARAMETER HoldSec
        Keeps other calls by the same user from handing the ports out, for this many seconds. It does not keep the ports
        bound: any other program may take them.

    .PARAMETER Column
        Only these properties. By default an object has all.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.FreePort

    .EXAMPLE
        (Get-FreePort).LocalPort

        Gives the number of a free port.

    .EXAMPLE
        Get-FreePort 3000-3010

        Finds a free port among these.

    .EXAMPLE
        Get-FreePort 3000

        Says whether port 3000 is free; -Near 3000 gives the next one if it is not.

    .EXAMPLE
        Get-FreePort -Count 5 -HoldSec 60

        Finds five ports that no other call hands out for a minute.

    .EXAMPLE
        Get-FreePort -Near 8080 -Explain

        Finds the port that is closest to 8080, and says what is wrong with those that are closer.

    .EXAMPLE
        Get-FreePort -Range 8000-8999 -Address 127.0.0.1 -IncludeRegistered

        Finds a port for a server that only this machine needs to reach.

    .LINK
        about_PortOwner

    .LINK
        Get-PortRange
    #>
    [CmdletBinding()]
    [OutputType('PortOwner.FreePort')]
    param(
        [ValidateRange(1, 10000)]
        [int] $Count,

        [Parameter(Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string[]] $Port,

        [ValidateNotNullOrEmpty()]
        [string[]] $Range,

        [ValidateRange(1, 65535)]
        [int] $Near,

        [switch] $Consecutive,

        [ValidateSet('TCP', 'UDP', 'Both')]
        [string] $Protocol,

        [ValidateNotNullOrEmpty()]
        [string] $Address,

        [switch] $IncludeRegistered,

        [ValidateNotNullOrEmpty()]
        [string[]] $Except,

        [ValidateNotNullOrEmpty()]
        [string] $PolicyPath,

        [ValidateNotNullOrEmpty()]
        [string] $BaselinePath,

        [switch] $Explain,

        [ValidateRange(1, 86400)]
        [int] $HoldSec,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column
    )

    end {
        $bound = @{}
        foreach ($name in $PSBoundParameters.Keys) { $bound[$name] = $PSBoundParameters[$name] }
        # Nobody wants thousands of ports, and ports below 1024 are for few: Get-FreePort 3, and Get-FreePort 3000.
        if ($PSBoundParameters.BoundPositionally -contains 'Port' -and "$Port" -match '^\d{1,4}$' -and [int] "$Port" -lt 1024 -and $PSBoundParameters.Keys -notcontains 'Count') {
            $bound.Remove('Port')
            $bound['Count'] = "$Port"
        }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-FreePort' -Bound $bound
    }
}
