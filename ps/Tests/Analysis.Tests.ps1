Describe 'PSScriptAnalyzer' {
    It 'has nothing to say about the sources' {
        if (-not (Get-Module PSScriptAnalyzer -ListAvailable)) { Set-ItResult -Skipped -Because 'PSScriptAnalyzer is not installed' }
        $settings = Join-Path (Split-Path $PSScriptRoot) 'PSScriptAnalyzerSettings.psd1'
        $sources = Get-ChildItem -LiteralPath (Split-Path $PSScriptRoot) -Recurse -Include *.ps1, *.psd1 | Where-Object { $_.FullName -notmatch '[\\/]Tests[\\/]' -and $_.Name -ne 'PortOwner.psd1' }
        $sources | Should -Not -BeNullOrEmpty
        $said = foreach ($source in $sources) {
            # Its rules run side by side and now and then trip over each other.
            foreach ($try in 1..3) {
                try { Invoke-ScriptAnalyzer -Path $source.FullName -Settings $settings; break } catch [System.NullReferenceException] { if ($try -eq 3) { throw } }
            }
        }
        $said | ForEach-Object { "$($_.RuleName) in $($_.ScriptName), line $($_.Line): $($_.Message)" } | Should -BeNullOrEmpty
    }
}
