BeforeDiscovery {
    $hasAnalyzer = [bool](Get-Module PSScriptAnalyzer -ListAvailable)
    $sources = Get-ChildItem -LiteralPath (Split-Path $PSScriptRoot) -Recurse -Include *.ps1, *.psd1 | Where-Object { $_.FullName -notmatch '[\\/]Tests[\\/]' -and $_.Name -ne 'PortOwner.psd1' } | ForEach-Object { @{ Name = $_.Name; Path = $_.FullName } }
}

Describe 'PSScriptAnalyzer' -Skip:(-not $hasAnalyzer) {
    It 'has nothing to say about <Name>' -ForEach $sources {
        $settings = Join-Path (Split-Path $PSScriptRoot) 'PSScriptAnalyzerSettings.psd1'
        # Its rules run side by side and now and then trip over each other.
        $said = foreach ($try in 1..3) {
            try { Invoke-ScriptAnalyzer -Path $Path -Settings $settings; break } catch [System.NullReferenceException] { if ($try -eq 3) { throw } }
        }
        $said | ForEach-Object { "$($_.RuleName) in line $($_.Line): $($_.Message)" } | Should -BeNullOrEmpty
    }
}
