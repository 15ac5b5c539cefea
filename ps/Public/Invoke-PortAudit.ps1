function Invoke-PortAudit {
    <#
    .SYNOPSIS
        Compares the listeners of this machine with a baseline and a policy, and stores the result.

    .DESCRIPTION
        Every difference from the baseline (created by New-PortBaseline) is a finding. The policy is a YAML file of
        rules that allow or forbid listeners: a listener that a rule forbids is a finding even if it is in the
        baseline, and a change that a rule explicitly allows is not a finding. Each finding is an object. A clean
        machine has none, and an information message says so (use -InformationAction to silence it).

        The store is a file with the history of all audits, for Get-PortAudit; it is created if it is missing. Without
        a baseline and a policy, an audit only records the current listeners.

    .PARAMETER BaselinePath
        The file of the baseline.

    .PARAMETER PolicyPath
        The file of the policy.

    .PARAMETER StorePath
        Stores the audit, together with earlier ones, in this file, or in a database: postgres://USER@HOST/DATABASE.

    .PARAMETER SpoolPath
        Keeps the audit in this folder until the store has it, and stores earlier ones from there.

    .PARAMETER ReportPath
        Also writes the findings to these files, in the format of the file name extension: .csv, .json, .ndjson,
        .clixml, .txt, .md, .sarif, .html, .xlsx, .ecs.ndjson, .otlp.jsonl, .prom. A URL sends them to an OpenTelemetry
        collector: otlp+https://HOST:4318. Reports include what the audit could not determine: in CSV, as rows of the kind Problem.

    .PARAMETER KeepDay
        Deletes history that ended more than this many days ago. By default, all history is kept.

    .PARAMETER IncludeHash
        Also reads the executables, and records their SHA-256 hash and, on Windows, their signer, so that a replaced
        file can be detected.

    .PARAMETER EventLog
        Also writes the findings to the system's log: the Application event log on Windows, journald or syslog on
        Linux.

    .PARAMETER Column
        Returns only these properties. By default, an object has all.

    .PARAMETER FromSnapshot
        Answers from a file instead of this machine: a file written by Save-PortSnapshot, or the output of
        Get-NetTCPConnection, Get-NetUDPEndpoint, Get-Process, and Get-CimInstance Win32_Process or Win32_Service
        saved with Export-Clixml on one machine, in one or more files. Wildcards are allowed.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, and leaves out
        command lines and working directories, so that you can show the findings and reports to others. Names of
        programs and services are kept: review them before you send them.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Finding

    .EXAMPLE
        New-PortBaseline server7.yaml -Force; Invoke-PortAudit -BaselinePath server7.yaml

        Shows the differences from the approved listeners.

    .EXAMPLE
        Invoke-PortAudit -BaselinePath server7.yaml -StorePath audits.db -ReportPath findings.csv -KeepDay 400

        Stores the result for more than a year, and writes it to a file for Excel.

    .EXAMPLE
        Invoke-PortAudit -BaselinePath server7.yaml | Where-Object Severity -in 'High', 'Critical'

        Shows only severe findings.

    .LINK
        about_PortOwner

    .LINK
        New-PortBaseline

    .LINK
        Get-PortAudit

    .LINK
        Compare-PortSnapshot
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local')]
    [OutputType('PortOwner.Finding')]
    param(
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

        [ValidateRange(1, 99999)]
        [int] $KeepDay,

        [Parameter(ParameterSetName = 'Local')]
        [switch] $IncludeHash,

        [switch] $EventLog,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [Parameter(ParameterSetName = 'Local')]
        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $FromSnapshot,

        [Parameter(ParameterSetName = 'Local')]
        [switch] $Redact

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Invoke-PortAudit' -Bound $PSBoundParameters }
}
