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

    .PARAMETER Range
        Only ports of these: 8000-8999. By default ports from 10000 up.

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
        Keeps other calls by the same user from handing the ports out, for so many seconds. It does not keep the ports
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
        [Parameter(Position = 0)]
        [ValidateRange(1, 10000)]
        [int] $Count,

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

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-FreePort' -Bound $PSBoundParameters }
}
