# Full paths in the file system: the executable does not know PowerShell's drives and current location. What does not
# exist is passed on, for the executable to complain about.
function Resolve-FilePath {
    param($Cmdlet, [string[]] $Path)

    foreach ($item in $Path) {
        $full = $null
        if (Test-Path -LiteralPath $item) {
            $full = Convert-Path -LiteralPath $item
        } elseif ($item -match '[*?]' -and (Test-Path -Path $item)) {
            $full = Convert-Path -Path $item
        } elseif ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') {
            try { $full = $Cmdlet.GetUnresolvedProviderPathFromPSPath($item) } catch { $full = $item }
        } elseif (Split-Path -Path $item -IsAbsolute) {
            $full = $item
        } else {
            $full = Join-Path -Path (Get-Location -PSProvider FileSystem).ProviderPath -ChildPath $item
        }
        # Windows PowerShell would pass "C:\a folder\" on as one argument with what follows it.
        $full -replace '(?<=[^:\\/])[\\/]+$'
    }
}
