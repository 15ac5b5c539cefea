function Register-PortAuditTask {
    <#
    .SYNOPSIS
        Schedules the audit for every night, with Task Scheduler or systemd.

    .DESCRIPTION
        The task compares the listeners of this machine with a baseline and a policy, and stores the result for
        Get-PortAudit. Registering again replaces the task. If the machine was off at night, the audit runs as soon as
        possible.

        The task has more rights than ordinary users. It is registered only if nobody but administrators could change
        what it runs, reads, or writes: the module, the baseline, the policy, the store, and the reports, and the
        folders above them. A module below Documents does not meet this requirement; one in C:\Program
        Files\WindowsPowerShell\Modules does.

        It is also not registered if the audit would fail every night: the baseline and the policy must be valid, the
        name of each report must determine its format, and all these files must be different.

        It needs an elevated PowerShell, or root.

    .PARAMETER BaselinePath
        The approved listeners, created by New-PortBaseline.

    .PARAMETER PolicyPath
        The file with the rules.

    .PARAMETER StorePath
        The file or the database (postgres://USER@HOST/DATABASE) with the history. By default, audits.db in %ProgramData%\PortOwner, or in /var/lib/portowner on
        Linux; that folder is created for only the task, its account, and administrators.

    .PARAMETER SpoolPath
        Keeps the audit in this folder until the store has it, and stores earlier ones from there.

    .PARAMETER ReportPath
        Also writes the findings to these files, in the format of the file name extension: .csv, .json, .ndjson,
        .clixml, .txt, .md, .sarif, .html, .xlsx, .ecs.ndjson, .otlp.jsonl, .prom. A URL sends them to an OpenTelemetry
        collector: otlp+https://HOST:4318.

    .PARAMETER FailOn
        The lowest severity that counts for the task's result.

    .PARAMETER KeepDay
        Deletes history that ended more than this many days ago. By default, all history is kept.

    .PARAMETER IncludeHash
        Also compares the SHA-256 hash of the executables and, on Windows, their signer.

    .PARAMETER EventLog
        Also writes the findings to the system's log. On Windows, this registers the event source PortOwner in the
        Application log.

    .PARAMETER At
        The start time, in the local time of the machine: 03:00.

    .PARAMETER RandomDelayMinute
        Delays the start by up to this many minutes, at random, so that not all machines start at the same time. By
        default, 30.

    .PARAMETER TimeLimitMinute
        Ends the audit after this many minutes. By default, 60.

    .PARAMETER Account
        SYSTEM, or a group managed service account as DOMAIN

        ame$. A warning names rights that such an account lacks.

    .PARAMETER ExecutablePath
        The portowner executable to start. By default, that of this module.

    .PARAMETER Name
        The name of the task, on Windows.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses in the reports. The store
        keeps them.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.AuditTask

    .EXAMPLE
        Register-PortAuditTask -BaselinePath C:\ProgramData\PortOwner\baseline.yaml

        Runs the audit every night at 03:00.

    .EXAMPLE
        Register-PortAuditTask -BaselinePath .\baseline.yaml -PolicyPath .\policy.yaml -ReportPath .\findings.csv -EventLog -At 02:30

        Also compares the machine with a policy, and writes to the event log.

    .EXAMPLE
        Register-PortAuditTask -BaselinePath .\baseline.yaml -Account 'CORP\audit$' -WhatIf

        Shows what would be registered.

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
        [string] $SpoolPath,

        [ValidateNotNullOrEmpty()]
        [string[]] $ReportPath,

        [ValidateSet('Info', 'Low', 'Medium', 'High', 'Critical')]
        [string] $FailOn,

        [ValidateRange(1, 99999)]
        [int] $KeepDay,

        [switch] $IncludeHash,

        [switch] $EventLog,

        [switch] $Redact,

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
