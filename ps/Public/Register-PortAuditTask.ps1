function Register-PortAuditTask {
    <#
    .SYNOPSIS
        Has the audit run every night, by Task Scheduler or systemd.

    .DESCRIPTION
        The task compares the listeners of this machine with a baseline and a policy, and keeps the result for
        Get-PortAudit. Registering again changes what is there. A night in which the machine was off is made up for.

        The task has more rights than ordinary users. So it is registered only where nobody but administrators could
        change what it runs, reads or writes: the module, the baseline, the policy, the store and the reports, and the
        folders above them. A module below Documents is not such a place; C:\Program Files\WindowsPowerShell\Modules
        is.

        Nor is it registered when every night would fail: the baseline and the policy are read as the audit reads them,
        the name of each report must tell its format, and all of these files must be different ones.

        It takes an elevated PowerShell, or root.

    .PARAMETER BaselinePath
        The approved listeners, of New-PortBaseline.

    .PARAMETER PolicyPath
        The rules.

    .PARAMETER StorePath
        The file that keeps the history. By default audits.db in %ProgramData%\PortOwner, on Linux in
        /var/lib/portowner; that folder is made for the task, its account and administrators alone.

    .PARAMETER ReportPath
        Also writes the findings to these files, whose formats follow from their names: .csv, .json, .ndjson, .clixml,
        .txt, .html.

    .PARAMETER FailOn
        The lowest severity that counts for the task's result.

    .PARAMETER KeepDay
        Deletes history that ended more than this many days ago. By default all of it is kept.

    .PARAMETER IncludeHash
        Also compares the SHA-256 of the executables and, on Windows, their signer.

    .PARAMETER EventLog
        Also writes the findings to the system's log. On Windows this registers the event source PortOwner in the log
        Application.

    .PARAMETER At
        When it starts each night, in the local time of the machine: 03:00.

    .PARAMETER RandomDelayMinute
        Delays the start by up to this many minutes, chosen at random, so that machines do not all start at once. By default 30.

    .PARAMETER TimeLimitMinute
        Ends it after this many minutes. By default 60.

    .PARAMETER Account
        SYSTEM, or a group managed service account as DOMAIN\name$. What such an account lacks is a warning.

    .PARAMETER ExecutablePath
        The portowner that is started. By default that of this module.

    .PARAMETER Name
        The name of the task, on Windows.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.AuditTask

    .EXAMPLE
        Register-PortAuditTask -BaselinePath C:\ProgramData\PortOwner\baseline.yaml

        Audits every night at three.

    .EXAMPLE
        Register-PortAuditTask -BaselinePath .\baseline.yaml -PolicyPath .\policy.yaml -ReportPath .\findings.csv -EventLog -At 02:30

        Holds the machine against a policy, too, and tells the event log.

    .EXAMPLE
        Register-PortAuditTask -BaselinePath .\baseline.yaml -Account 'CORP\audit$' -WhatIf

        Says what would be registered.

    .LINK
        about_PortOwner

    .LINK
        Get-PortAuditTask

    .LINK
        Unregister-PortAuditTask
    #>
    [CmdletBinding(SupportsShouldProcess)]
    [OutputType('PortOwner.AuditTask')]
    param(
        [Parameter(Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $BaselinePath,

        [ValidateNotNullOrEmpty()]
        [string] $PolicyPath,

        [ValidateNotNullOrEmpty()]
        [string] $StorePath,

        [ValidateNotNullOrEmpty()]
        [string[]] $ReportPath,

        [ValidateSet('Info', 'Low', 'Medium', 'High', 'Critical')]
        [string] $FailOn,

        [ValidateRange(1, 99999)]
        [int] $KeepDay,

        [switch] $IncludeHash,

        [switch] $EventLog,

        [ValidatePattern('^\d{1,2}:\d{2}$')]
        [string] $At,

        [ValidateRange(0, 720)]
        [int] $RandomDelayMinute,

        [ValidateRange(1, 1440)]
        [int] $TimeLimitMinute,

        [ValidateNotNullOrEmpty()]
        [string] $Account,

        [ValidateNotNullOrEmpty()]
        [string] $ExecutablePath,

        [ValidateNotNullOrEmpty()]
        [string] $Name
    )

    end {
        $target = if ($Name) { $Name } else { 'PortOwner audit' }
        if (-not (Test-ShouldProcess -Cmdlet $PSCmdlet -Target $target -Action 'Audit the ports of this machine every night')) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Register-PortAuditTask' -Bound $PSBoundParameters
    }
}
