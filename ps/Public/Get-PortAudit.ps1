function Get-PortAudit {
    <#
    .SYNOPSIS
        Gets the audits of a store, or when a port or a program appeared, disappeared or changed hands.

    .DESCRIPTION
        Without -Port, -Program and -Service the audits come out, newest first. With them come the times in which a listener
        stayed the same: each object says when it was first and last seen, and whose it was.

        Of an audit, Complete says whether it could tell all, and Problem what it could not.

    .PARAMETER StorePath
        The file that Invoke-PortAudit -StorePath keeps.

    .PARAMETER Port
        Listeners on these ports: numbers, ranges such as 8000-8100, IANA service names, and dynamic for what programs took
        from the dynamic range.

    .PARAMETER Program
        Listeners of this executable: its path, or its name. Wildcards are allowed.

    .PARAMETER Service
        Listeners of this service. Wildcards are allowed.

    .PARAMETER Machine
        Only this machine, of a store that has several.

    .PARAMETER Last
        At most this many audits.

    .PARAMETER Column
        Only these properties. By default an object has all.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.AuditRun
        PortOwner.PortHistory

    .EXAMPLE
        Invoke-PortAudit -StorePath audits.db; Get-PortAudit audits.db -Last 10

        Lists the last ten audits.

    .EXAMPLE
        Get-PortAudit 443 -StorePath audits.db

        Shows who has had port 443.

    .EXAMPLE
        Get-PortAudit audits.db -Program nginx | Sort-Object FirstSeen | Select-Object -First 1

        Shows since when there is nginx.

    .LINK
        about_PortOwner

    .LINK
        Invoke-PortAudit
    #>
    [CmdletBinding()]
    [OutputType('PortOwner.AuditRun', 'PortOwner.PortHistory')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $StorePath,

        [Parameter(Position = 1)]
        [ValidateNotNullOrEmpty()]
        [string[]] $Port,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Program,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Service,

        [ValidateNotNullOrEmpty()]
        [string] $Machine,

        [ValidateRange(1, 999999999)]
        [int] $Last,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-PortAudit' -Bound $PSBoundParameters }
}
