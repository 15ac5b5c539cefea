function Invoke-PortAudit {
    <#
    .SYNOPSIS
        Compares the listeners of this machine with a baseline and a policy, and keeps the result.

    .DESCRIPTION
        Whatever differs from the baseline (New-PortBaseline writes one) is a finding. The policy is a YAML file of rules that
        allow or forbid listeners: what it forbids is a finding although the baseline has it, and a change to what it expressly
        allows is none. Each finding is an object. A clean machine gives none, and information says so
        (-InformationAction silences it).

        The store is one file that keeps the history of all audits, for Get-PortAudit; it is made when it is missing. With
        neither a baseline nor a policy an audit only keeps what is now.

    .PARAMETER BaselinePath
        The file of the baseline.

    .PARAMETER PolicyPath
        The file of the policy.

    .PARAMETER StorePath
        Keeps the audit in this file, with those before it.

    .PARAMETER ReportPath
        Also writes the findings to these files, in the format that the end of the name tells: .csv, .json, .ndjson, .clixml,
        .txt, .html. What the audit could not tell is among them: in CSV as rows of the kind Problem.

    .PARAMETER KeepDay
        Deletes history that ended more than this many days ago. By default all of it is kept.

    .PARAMETER IncludeHash
        Reads the executables too, and keeps their SHA-256 and, on Windows, their signer: a file that was replaced is found then.

    .PARAMETER EventLog
        Also writes the findings to the system's log: the event log Application on Windows, journald or syslog on Linux.

    .PARAMETER Column
        Only these properties. By default an object has all.

    .PARAMETER FromSnapshot
        Answers from a file instead of from this machine: one that Save-PortSnapshot wrote, or what Get-NetTCPConnection,
        Get-NetUDPEndpoint, Get-Process and Get-CimInstance Win32_Process or Win32_Service gave to Export-Clixml on one
        machine, in one file or several. Wildcards are allowed.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Finding

    .EXAMPLE
        New-PortBaseline server7.yaml -Force; Invoke-PortAudit -BaselinePath server7.yaml

        Shows what differs from what was approved.

    .EXAMPLE
        Invoke-PortAudit -BaselinePath server7.yaml -StorePath audits.db -ReportPath findings.csv -KeepDay 400

        Keeps the result for more than a year, and writes it to a file for Excel.

    .EXAMPLE
        Invoke-PortAudit -BaselinePath server7.yaml | Where-Object Severity -in 'High', 'Critical'

        Shows only what is bad.

    .LINK
        about_PortOwner

    .LINK
        New-PortBaseline

    .LINK
        Get-PortAudit

    .LINK
        Compare-PortSnapshot
    #>
    [CmdletBinding()]
    [OutputType('PortOwner.Finding')]
    param(
        [ValidateNotNullOrEmpty()]
        [string] $BaselinePath,

        [ValidateNotNullOrEmpty()]
        [string] $PolicyPath,

        [ValidateNotNullOrEmpty()]
        [string] $StorePath,

        [ValidateNotNullOrEmpty()]
        [string[]] $ReportPath,

        [ValidateRange(1, 99999)]
        [int] $KeepDay,

        [switch] $IncludeHash,

        [switch] $EventLog,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $FromSnapshot
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Invoke-PortAudit' -Bound $PSBoundParameters }
}
