function Get-PortAuditTask {
    <#
    .SYNOPSIS
        Says whether the nightly audit is registered, how it is set up, and when it last ran.

    .DESCRIPTION
        Reads the system's own definition of the task, and the store of its audits. What is not as it should be is in
        the property Reason, and a warning: files that others than administrators could change, settings because of
        which nights go by without an audit, a baseline, policy or report that the audit would refuse, a newest audit
        of this machine that is older than two nights, no audit at all of a task that is, and on Linux a last run that
        failed. An audit with findings is no failure. A task that is not there is an object with the State
        NotInstalled.

        On Windows LastAudit tells whether nights fail: the last result of the task itself stands in Task Scheduler.

    .PARAMETER Name
        The name of the task, on Windows.

    .PARAMETER Column
        Only these properties. By default an object has all.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.AuditTask

    .EXAMPLE
        Get-PortAuditTask

        Says how it stands.

    .EXAMPLE
        (Get-PortAuditTask).LastAudit -gt (Get-Date).AddDays(-2)

        Tells whether an audit ran in the last two days.

    .EXAMPLE
        Get-PortAuditTask | Format-List

        Shows the command line, too, and what should be put right.

    .LINK
        about_PortOwner

    .LINK
        Register-PortAuditTask

    .LINK
        Get-PortAudit
    #>
    [CmdletBinding()]
    [OutputType('PortOwner.AuditTask')]
    param(
        [Parameter(Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $Name,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-PortAuditTask' -Bound $PSBoundParameters }
}
