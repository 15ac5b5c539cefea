<#
.SYNOPSIS
    Audits many Windows machines from this one.

.DESCRIPTION
    Runs the collector of the module on each machine by PowerShell remoting, which asks Windows' own cmdlets and tools
    about sockets, processes, services and port ranges, and audits the answer here. Nothing has to be installed there
    but Windows 8, Server 2012 or newer, and remoting. The account that runs this needs administrator's rights on the
    machines; as a scheduled task that is a group managed service account.

    A machine that does not answer, or not in full, is one error, and the others are audited. The exit code is the
    worst that any of them came to, in this order: a machine that nothing can be told of might have anything, so it
    comes before what was found elsewhere, and findings come before what might be found with more rights.

    69  a machine could not be audited, or its audit not be stored or reported
    64  the executable, the list, the policy, a baseline or a folder is missing or has a mistake
    1   findings
    77  no findings, but needs elevated rights for a complete answer
    0   all are clean

    The store knows each machine by the name that it gives itself, and the time of an audit is this machine's. Of two
    names on the list whose machines call themselves the same, one is audited and the other an error: they are one
    machine, or the store could not tell them apart.

.PARAMETER ComputerList
    A text file with the name of a machine on each line, by which remoting reaches it and its baseline and report are
    called; lines that begin with # do not count.

.PARAMETER BaselineFolder
    A folder with a baseline NAME.yaml for machines. A machine without one is compared only with the policy, and a line
    on standard error says so; without a policy that is an error.

.PARAMETER Policy
    The rules for all of them.

.PARAMETER Store
    The history of the audits of all machines: a file, or a database (postgres://USER@HOST/DATABASE).

.PARAMETER SpoolPath
    A folder for audits that are not yet in the store: they are kept there until it has them.

.PARAMETER ReportFolder
    A folder for one report NAME.csv for each machine.

.PARAMETER ReportUrl
    A collector of OpenTelemetry that gets the findings and listeners of each machine: otlp+https://HOST:4318.

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

    [string] $SpoolPath,

    [string] $ReportFolder,

    [string] $ReportUrl,

    [ValidateRange(1, 256)]
    [int] $ThrottleLimit = 32,

    [string] $Executable = (Join-Path (Split-Path -Path $PSScriptRoot) 'bin\portowner.exe')
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
# What the machines came to, and those that were audited: the name on the list by the machine's own.
$codes = @()
$audited = @{}
# What is the same for all of them.
$common = @('--store', $Store)
if ($SpoolPath) { $common += '--spool', $SpoolPath }
if ($ReportUrl) { $common += '--report', $ReportUrl }
if ($Policy) { $common += '--policy', $Policy }

# A line on standard error, like those of portowner.
function Write-Line([string] $Text) {
    [Console]::Error.WriteLine("portowner: $Text")
}

# Audits the whole answer of a machine.
function Invoke-Audit([string] $Name, [string] $Own, [string[]] $Answer) {
    $audited[$Own] = $Name
    $plain = $Name -replace '[^\p{L}\p{Nd}_.-]', '_'
    $snapshot = Join-Path $folder "$plain.txt"
    [System.IO.File]::WriteAllLines($snapshot, $Answer)
    $arguments = @('audit', '--from', $snapshot) + $common
    if ($BaselineFolder) {
        $baseline = Join-Path $BaselineFolder "$plain.yaml"
        if (Test-Path -LiteralPath $baseline -PathType Leaf) { $arguments += '--baseline', $baseline }
        elseif (-not $Policy) {
            Write-Line "${Name}: there is neither a baseline nor a policy"
            $script:codes += 64
        } else { Write-Line "${Name}: ${baseline} does not exist: the machine is compared only with the policy" }
    }
    if ($ReportFolder) { $arguments += '--report', (Join-Path $ReportFolder "$plain.csv") }
    $code = 69
    try {
        # What portowner writes to standard error ends nothing.
        $ErrorActionPreference = 'Continue'
        & $Executable $arguments
        $code = $LASTEXITCODE
    } catch {
        Write-Line "${Name}: $($_.Exception.Message)"
    }
    $script:codes += $code
    Remove-Item -LiteralPath $snapshot
}

# The lines that a collector packed, or sent as they are; the first and the last frame them.
function Read-Collection([string[]] $Line) {
    if ($Line[0] -notlike '#PortOwner.Collection * gzip') { return $Line }
    $packed = New-Object System.IO.MemoryStream -ArgumentList (, [Convert]::FromBase64String(-join $Line[1..($Line.Count - 2)]))
    $stream = New-Object System.IO.Compression.GZipStream -ArgumentList $packed, ([System.IO.Compression.CompressionMode]::Decompress)
    $reader = New-Object System.IO.StreamReader -ArgumentList $stream, ([System.Text.Encoding]::UTF8)
    $text = New-Object System.Text.StringBuilder
    $part = New-Object char[] 65536
    try {
        while (($count = $reader.Read($part, 0, $part.Length)) -gt 0) {
            # 100,000 sockets have 30 MB; little text unpacks to any amount.
            if ($text.Length -gt 100MB) { throw 'it sent more than 100 MB' }
            $null = $text.Append($part, 0, $count)
        }
    } finally { $reader.Dispose() }
    "$text" -split "`r?`n"
}

# The lines of a section, without the blank before each; what begins with ! says why there are none. Of each, a refusal
# would leave listeners, or who has them, out of the audit.
function Get-SectionLine([string[]] $Line, [string] $Name) {
    $start = [array]::IndexOf($Line, "@$Name")
    if ($start -lt 0) { return '!Failed it was not asked for' }
    for ($at = $start + 1; $at -lt $Line.Count -and $Line[$at] -notmatch '^[@#]'; $at++) { $Line[$at] -replace '^ ' }
}

# Why a collection is no whole answer; nothing where it is one.
function Get-Gap([string[]] $Line) {
    # Every Windows has some.
    foreach ($part in @('cim/tcp', 'TCP socket'), @('cim/udp'), @('cim/processes', 'process'), @('cim/services', 'service')) {
        $rows = @(Get-SectionLine -Line $Line -Name $part[0])
        $refused = @($rows -like '!*')
        if ($refused) { return "the query of $($part[0]) failed: $($refused[0] -replace '^!\w+ ')" }
        if (-not $rows -and $part.Count -gt 1) { return "it returned no $($part[1])" }
    }
}

$folder = $null
try {
    $collector = Join-Path (Split-Path -Path $PSScriptRoot) 'Collector/Collect.ps1'
    foreach ($path in @($Executable, $ComputerList, $Policy, $BaselineFolder, $ReportFolder, $collector) | Where-Object { $_ }) {
        if (Test-Path -LiteralPath $path) { continue }
        Write-Line "${path}: it does not exist"
        exit 64
    }
    $names = @(Get-Content -LiteralPath $ComputerList | ForEach-Object { $_.Trim() } | Where-Object { $_ -and $_ -notlike '#*' } | Sort-Object -Unique)
    if (-not $names) {
        Write-Line "$ComputerList contains no machines"
        exit 64
    }
    # A folder of this account's own; its name cannot be foreseen.
    $folder = Join-Path ([System.IO.Path]::GetTempPath()) "portowner-$([guid]::NewGuid())"
    $null = New-Item -ItemType Directory -Path $folder

    # It asks the system's own cmdlets and tools, and is told to take no command lines.
    $question = [scriptblock]::Create((Get-Content -LiteralPath $collector -Raw))
    $answers = @{}
    $aliases = @{}
    $unanswered = @()
    # What a machine does not answer is an error that the others do not share, and none waits for a slow one.
    Invoke-Command -ComputerName $names -ThrottleLimit $ThrottleLimit -ScriptBlock $question -ArgumentList $false, '' -ErrorAction SilentlyContinue -ErrorVariable unanswered | ForEach-Object {
        $name = $_.PSComputerName
        if (-not $answers.ContainsKey($name)) { $answers[$name] = New-Object -TypeName System.Collections.Generic.List[string] }
        $answers[$name].Add("$_")
        # An answer without its last line is no whole one.
        if ("$_" -ne '#End') { return }
        $answer = @()
        $gap = try { $answer = @(Read-Collection -Line $answers[$name]) } catch { "what it sent cannot be unpacked: $($_.Exception.Message)" }
        $answers.Remove($name)
        if (-not $gap) { $gap = Get-Gap -Line $answer }
        if ($gap) {
            Write-Line "${name}: $gap"
            return
        }
        $own = @(@(Get-SectionLine -Line $answer -Name 'machine') -match '^name .' -replace '^name ')
        if ($own.Count -ne 1) {
            Write-Line "${name}: its answer is not about exactly one machine: $own"
            return
        }
        # The clock of the other may be wrong.
        $answer = $answer -replace '^ at \d.*', " at $([datetime]::UtcNow.ToString('s'))Z"
        # A machine's own name is the first part of its full name, and has 15 characters at most.
        $isOwn = $own[0] -eq ($name -replace '\..*' -replace '(?<=^.{15}).*')
        if ($isOwn -and -not $audited.ContainsKey($own[0])) { Invoke-Audit -Name $name -Own $own[0] -Answer $answer }
        else { $aliases[$name] = @{ Own = $own[0]; Answer = $answer } }
    }
    foreach ($problem in $unanswered | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] }) {
        # What failed there says where it was; what never got there has the machine for its target.
        $origin = $problem.PSObject.Properties['OriginInfo']
        $machine = if ($origin) { $origin.Value.PSComputerName } else { $problem.TargetObject }
        if ($machine) { Write-Line "${machine}: $($problem.Exception.Message)" }
    }
    # A machine that was asked by its own name, too, is not audited by another.
    foreach ($name in $aliases.Keys | Sort-Object) {
        $own = $aliases[$name].Own
        if ($audited.ContainsKey($own)) {
            Write-Line "${name}: its own name is $own, the same as that of $($audited[$own])"
            continue
        }
        Write-Line "${name}: its own name is $own"
        Invoke-Audit -Name $name -Own $own -Answer $aliases[$name].Answer
    }
    foreach ($name in $names | Where-Object { $_ -notin $audited.Values }) {
        Write-Line "${name}: it was not audited"
        $codes += 69
    }
} catch {
    Write-Line $_.Exception.Message
    $codes += 69
} finally {
    if ($folder -and (Test-Path -LiteralPath $folder)) { Remove-Item -LiteralPath $folder -Recurse -Force }
}
$ranked = 69, 64, 1, 77, 0
# Any other code is that of a program that did not come to its end.
if ($codes | Where-Object { $_ -notin $ranked }) { exit 69 }
exit ($ranked | Where-Object { $_ -in $codes } | Select-Object -First 1)
