# Runs the tests of the PowerShell module and writes what came of it, as JSON, to a file.
param([string] $Tests, [string] $Result, [string[]] $Path = @('*'))

$ErrorActionPreference = 'Stop'
Import-Module Pester -MinimumVersion 5.0
$configuration = New-PesterConfiguration
$configuration.Run.Path = @($Path -split ',' | ForEach-Object { (Get-ChildItem -Path (Join-Path $Tests "$_.Tests.ps1")).FullName })
$configuration.Run.PassThru = $true
# A line for each test: the last ones tell where a run was that did not reach its end.
$configuration.Output.Verbosity = 'Detailed'
$configuration.Output.RenderMode = 'Plaintext'
$run = Invoke-Pester -Configuration $configuration

'== Failures'
function Get-Name($Test) { ($Test.ExpandedPath -replace '\s+', ' ') }
foreach ($test in $run.Tests | Where-Object Result -EQ 'Failed') {
    "FAILED $(Get-Name $test)"
    foreach ($record in $test.ErrorRecord) { "  $($record.DisplayErrorMessage -replace '\n', "`n  ")`n  $($record.DisplayStackTrace -replace '\n', "`n  ")" }
}
foreach ($block in @($run.FailedBlocks) + @($run.FailedContainers)) {
    if ($null -ne $block) { "FAILED $($block.Name) $($block.ErrorRecord -join ' ')" }
}
$sum = @{
    passed  = $run.PassedCount
    failed  = $run.FailedCount + $run.FailedBlocksCount + $run.FailedContainersCount
    skipped = @($run.Tests | Where-Object { $_.Result -notin 'Passed', 'Failed' } | ForEach-Object {
            $because = "$($_.ErrorRecord)" -replace '^is skipped,? ?(because )?'
            @{ name = Get-Name $_; reason = if ($because) { $because } else { 'not on this system' } }
        })
}
[System.IO.File]::WriteAllText($Result, (ConvertTo-Json $sum -Depth 3))
