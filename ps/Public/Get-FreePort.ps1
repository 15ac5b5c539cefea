function Get-FreePort {
    <#
    .SYNOPSIS
        Finds ports that can be bound now.

    .DESCRIPTION
        A port is free if nobody holds it and a bind attempt succeeds on the requested address, by default on every
        IPv4 and IPv6 address. It must be outside the dynamic, reserved, and excluded ranges of this machine, and must
        not be registered with IANA for a service, unless you use -IncludeRegistered. Nothing listens.

        If there are fewer such ports than requested, the function returns them, and an error says how many there are.

    .PARAMETER Count
        The number of ports. By default, one.

    .PARAMETER Port
        Finds one of these ports, in the given order, including registered ports: 3000, 3000-3010, or '80, 8080-8090'. A
        number below 1024 without a parameter name is a -Count: Get-FreePort 3 returns three ports.

    .PARAMETER Range
        Only ports in this range: 8000-8999, except registered ones. By default, ports from 10000 up.

    .PARAMETER Near
        The ports closest to this one.

    .PARAMETER Consecutive
        Finds consecutive ports.

    .PARAMETER Protocol
        The protocol that the ports must be free for: TCP (the default), UDP, or Both.

    .PARAMETER Address
        The address of this machine that the ports must be free on. By default, every IPv4 and IPv6 address.

    .PARAMETER IncludeRegistered
        Includes ports that are registered with IANA.

    .PARAMETER Except
        Excludes these ports.

    .PARAMETER PolicyPath
        Excludes ports that this policy forbids, or allows only for a named program.

    .PARAMETER BaselinePath
        Excludes ports in this baseline.

    .PARAMETER Explain
        Also returns the ports that were skipped. Their property IsFree is false, and Reason says why.

    .PARAMETER HoldSec
        Prevents other calls by the same user from returning the ports, for this many seconds. It does not keep the
        ports bound: any other program can take them.

    .PARAMETER Column
        Returns only these properties. By default, an object has all.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, and leaves out
        command lines and working directories, so that you can show the answer to others. Names of programs and services
        are kept: review the answer before you send it.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.FreePort

    .EXAMPLE
        (Get-FreePort).LocalPort

        Returns the number of a free port.

    .EXAMPLE
        Get-FreePort 3000-3010

        Finds a free port in a range.

    .EXAMPLE
        Get-FreePort 3000

        Checks whether port 3000 is free. If it is not, -Near 3000 finds the next free port.

    .EXAMPLE
        Get-FreePort -Count 5 -HoldSec 60

        Finds five ports that no other call returns for a minute.

    .EXAMPLE
        Get-FreePort -Near 8080 -Explain

        Finds the free port closest to 8080, and shows why closer ports are not free.

    .EXAMPLE
        Get-FreePort -Range 8000-8999 -Address 127.0.0.1 -IncludeRegistered

        Finds a port for a server that only this machine needs to reach.

    .LINK
        about_PortOwner

    .LINK
        Get-PortRange
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local')]
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

        [ValidateNotNullOrEmpty()]
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

        [Parameter(ParameterSetName = 'Local')]
        [ValidateRange(1, 86400)]
        [int] $HoldSec,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [Parameter(ParameterSetName = 'Local')]
        [switch] $Redact

        # Then the parameters of ps/Remote/Parameters.ps1.
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
