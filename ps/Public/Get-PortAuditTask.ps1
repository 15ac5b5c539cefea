function Get-PortAuditTask {
    <#
    .SYNOPSIS
        Shows whether the nightly audit is registered, how it is configured, and when it last ran.

    .DESCRIPTION
        Checks the system's own definition of the task, and the store of its audits. Problems are in the property
        Reason, and are also warnings: files that users other than administrators could change, settings that can
        prevent an audit, a baseline, policy, or report that the audit would reject, a newest audit of this machine
        that is older than two nights, a missing audit of a task that is older than that, and on Linux, a failed last
        run. An audit with findings is not a failure. A task that is not registered is an object with the State
        NotInstalled.

        On Windows, LastAudit shows whether audits fail, because only Task Scheduler itself shows the last result of
        the task.

    .PARAMETER Name
        The name of the task, on Windows.

    .PARAMETER Column
        Returns only these properties. By default, an object has all.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.AuditTask

    .EXAMPLE
        Get-PortAuditTask

        Shows the state of the task.

    .EXAMPLE
        (Get-PortAuditTask).LastAudit -gt (Get-Date).AddDays(-2)

        Checks whether an audit ran in the last two days.

    .EXAMPLE
        Get-PortAuditTask | Format-List

        Also shows the command line, and all problems.

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
