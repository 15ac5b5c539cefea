function Get-PortAudit {
    <#
    .SYNOPSIS
        Gets the audits in a store, or when a port or program appeared, disappeared, or changed.

    .DESCRIPTION
        Without -Port, -Program, and -Service, it returns the audits, newest first. With them, it returns the periods
        in which a listener stayed the same: each object shows when it was first and last seen, and its owner.

        For an audit, Complete says whether it was complete, and Problem says what is missing.

    .PARAMETER StorePath
        The file or the database of Invoke-PortAudit -StorePath.

    .PARAMETER Port
        Listeners on these ports: numbers, ranges such as 8000-8100, IANA service names, and dynamic for ports from
        the dynamic range.

    .PARAMETER Program
        Listeners of this executable: its path, or its name. Wildcards are allowed.

    .PARAMETER Service
        Listeners of this service. Wildcards are allowed.

    .PARAMETER Machine
        Only these machines, if the store contains several. Wildcards are allowed.

    .PARAMETER Last
        At most this many audits.

    .PARAMETER Column
        Returns only these properties. By default, an object has all.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, and leaves out
        command lines and working directories, so that you can show the answer to others. Names of programs and services
        are kept: review the answer before you send it.

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

        Shows who owned port 443, and when.

    .EXAMPLE
        Get-PortAudit audits.db -Program nginx | Sort-Object FirstSeen | Select-Object -First 1

        Shows when nginx appeared.

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

        [Parameter(Position = 1, ValueFromRemainingArguments)]
        [ValidateNotNullOrEmpty()]
        [string[]] $Port,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Program,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Service,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Machine,

        [ValidateRange(1, 999999999)]
        [int] $Last,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [switch] $Redact
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-PortAudit' -Bound $PSBoundParameters }
}
