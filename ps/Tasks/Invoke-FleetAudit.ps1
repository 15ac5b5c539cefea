<#
.SYNOPSIS
    Audits many Windows machines from this one.

.DESCRIPTION
    Asks each machine by PowerShell remoting for what its own cmdlets say about sockets, processes and services, and
    audits the answer here. Nothing has to be installed there but Windows 8, Server 2012 or newer, and remoting. The
    account that runs this needs administrator's rights on the machines; as a scheduled task that is a group managed
    service account.

    A machine that does not answer is one error, and the others are audited. The exit code is the worst of all:
    0 clean, 1 findings, 69 a machine could not be audited.

.PARAMETER ComputerList
    A text file with the name of a machine on each line; lines that begin with # do not count.

.PARAMETER BaselineFolder
    A folder with a baseline NAME.yaml for machines. A machine without one is held against the policy alone.

.PARAMETER Policy
    The rules for all of them.

.PARAMETER Store
    The history of the audits of all machines.

.PARAMETER ReportFolder
    A folder for one report NAME.csv for each machine.

.PARAMETER ThrottleLimit
    So many machines are asked at once.

.PARAMETER Executable
    The portowner.exe to audit with; by default that of the module that this script is in.

.EXAMPLE
    .\Invoke-FleetAudit.ps1 -ComputerList C:\ProgramData\PortOwner\fleet.txt -Policy C:\ProgramData\PortOwner\policy.yaml -Store C:\ProgramData\PortOwner\fleet.db

    Holds all machines of the list against one policy.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $ComputerList,

    [string] $BaselineFolder,

    [string] $Policy,

    [Parameter(Mandatory)]
    [string] $Store,

    [string] $ReportFolder,

    [ValidateRange(1, 256)]
    [int] $ThrottleLimit = 32,

    [string] $Executable = (Join-Path (Split-Path -Path $PSScriptRoot) 'bin\portowner.exe')
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$worst = 0

# Asks the system's own cmdlets, and takes of processes and services what an audit needs: no command lines. Whatever
# fails there ends it. The last object says how many came before it: an answer without it is no whole one.
$question = {
    $ErrorActionPreference = 'Stop'
    # Asked for states of which a machine has none, the cmdlet fails.
    $tcp = @(Get-NetTCPConnection | Where-Object { "$($_.State)" -in 'Listen', 'Bound', '2', '100' })
    $udp = @(Get-NetUDPEndpoint)
    $processes = @(Get-CimInstance -OperationTimeoutSec 300 -Query 'SELECT ProcessId, Name, ExecutablePath, ParentProcessId, CreationDate, CSName FROM Win32_Process')
    $services = @(Get-CimInstance -OperationTimeoutSec 300 -Query 'SELECT Name, DisplayName, ProcessId, ServiceType, State, SystemName FROM Win32_Service')
    # Every Windows has some.
    if (-not $tcp) { throw 'it told of no TCP socket' }
    if (-not $processes) { throw 'it told of no process' }
    if (-not $services) { throw 'it told of no service' }
    $tcp
    $udp
    $processes
    $services
    [pscustomobject]@{ PortOwnerCount = $tcp.Count + $udp.Count + $processes.Count + $services.Count }
}

$names = @(Get-Content -LiteralPath $ComputerList | ForEach-Object { $_.Trim() } | Where-Object { $_ -and $_ -notlike '#*' } | Select-Object -Unique)
# A folder of this account's own; its name cannot be foreseen.
$folder = Join-Path ([System.IO.Path]::GetTempPath()) "portowner-$([guid]::NewGuid())"
$null = New-Item -ItemType Directory -Path $folder
try {
    $answers = @{}
    $unanswered = @()
    # What a machine does not answer is an error that the others do not share.
    Invoke-Command -ComputerName $names -ThrottleLimit $ThrottleLimit -ScriptBlock $question -ErrorAction SilentlyContinue -ErrorVariable unanswered |
        Group-Object -Property PSComputerName | ForEach-Object {
            $end = $_.Group[-1].PSObject.Properties['PortOwnerCount']
            if ($end -and $end.Value -eq $_.Count - 1) { $answers[$_.Name] = $_.Group[0..($_.Count - 2)] }
        }
    foreach ($problem in $unanswered | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] }) {
        # What failed there says where it was; what never got there has the machine for its target.
        $origin = $problem.PSObject.Properties['OriginInfo']
        $machine = if ($origin) { $origin.Value.PSComputerName } else { $problem.TargetObject }
        if ($machine) { [Console]::Error.WriteLine("portowner: ${machine}: $($problem.Exception.Message)") }
    }

    foreach ($name in $names) {
        if (-not $answers.ContainsKey($name)) {
            [Console]::Error.WriteLine("portowner: ${name}: it was not audited")
            $worst = [math]::Max($worst, 69)
            continue
        }
        $plain = $name -replace '[^A-Za-z0-9.-]', '_'
        $snapshot = Join-Path $folder "$plain.xml"
        $answers[$name] | Export-Clixml -LiteralPath $snapshot -Depth 3
        $arguments = @('audit', '--from', $snapshot, '--store', $Store)
        if ($Policy) { $arguments += '--policy', $Policy }
        if ($BaselineFolder) {
            $baseline = Join-Path $BaselineFolder "$plain.yaml"
            if (Test-Path -LiteralPath $baseline -PathType Leaf) { $arguments += '--baseline', $baseline }
        }
        if ($ReportFolder) { $arguments += '--report', (Join-Path $ReportFolder "$plain.csv") }
        $ErrorActionPreference = 'Continue'
        & $Executable $arguments
        $worst = [math]::Max($worst, $LASTEXITCODE)
        $ErrorActionPreference = 'Stop'
        Remove-Item -LiteralPath $snapshot
    }
} finally {
    Remove-Item -LiteralPath $folder -Recurse -Force
}
exit $worst
