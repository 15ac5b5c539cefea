BeforeDiscovery {
    $onLinux = $PSVersionTable.PSVersion.Major -ge 6 -and $IsLinux
    # The console of Windows knows no UTF-32.
    $encodings = @('iso-8859-1', 'utf-8', 'utf-16') + $(if ($onLinux) { 'utf-32' })
    $cultures = 'de-DE', 'tr-TR', 'ar-SA', 'fa-IR'
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $onLinux = -not $onWindows
    $listener = New-Listener
    $port = $listener.Port
    $import = "Import-Module '$moduleFolder'"
}

AfterAll {
    $listener.Stop()
}

Describe 'It does not matter' {
    It 'what the encoding of the console is: <_>' -ForEach $encodings {
        $script = @"
`$before = [Console]::OutputEncoding
[Console]::OutputEncoding = [System.Text.Encoding]::GetEncoding('$_')
$import
`$row = Get-PortOwner $port
`$name = [Console]::OutputEncoding.WebName
[Console]::OutputEncoding = [System.Text.Encoding]::ASCII
"`$(`$row.LocalPort) `$(`$row.State) `$name"
[Console]::OutputEncoding = `$before
"@
        Invoke-Shell $script | Select-Object -Last 1 | Should -Be "$port Listen $_"
    }

    It 'what the time zone is' -Skip:(-not $onLinux) {
        $script = @"
$import
`$row = Get-PortOwner $port
`$real = (Get-Process -Id $PID).StartTime
"`$([TimeZoneInfo]::Local.BaseUtcOffset) `$(`$row.StartTime.Kind) `$([math]::Abs((`$row.StartTime - `$real).TotalSeconds) -lt 2) `$(`$row.StartTime -lt (Get-Date)) `$(`$row.StartTime -gt (Get-Date).AddDays(-1))"
"@
        Invoke-Shell $script @{ TZ = 'Asia/Kolkata' } | Should -Be '05:30:00 Local True True True'
        Invoke-Shell $script @{ TZ = 'America/St_Johns' } | Should -Be '-03:30:00 Local True True True'
    }

    It 'what the culture is: <_>' -ForEach $cultures {
        $old = [System.Globalization.CultureInfo]::CurrentCulture
        try {
            [System.Threading.Thread]::CurrentThread.CurrentCulture = $_
            $row = Get-PortOwner $port
            $row.LocalPort | Should -Be $port
            $row.StartTime.Year | Should -Be ([datetime]::UtcNow.Year)
            Get-PortOwner $port -Id $PID -ResolveTimeoutSec 1 | Should -Not -BeNullOrEmpty
        } finally {
            [System.Threading.Thread]::CurrentThread.CurrentCulture = $old
        }
    }

    It 'what PowerShell is strict about' {
        $script = @"
Set-StrictMode -Version Latest
`$ErrorActionPreference = 'Stop'
$import
(Get-PortOwner $port).LocalPort
@($port, [pscustomobject]@{ LocalPort = $port }, (Get-Process -Id $PID) | Get-PortOwner -WarningAction Ignore).LocalPort -contains $port
@(Get-PortRange -WarningAction Ignore).Count -gt 2
(TabExpansion2 'Get-PortOwner $port').CompletionMatches.Count -gt 0
(TabExpansion2 'portowner --form').CompletionMatches[0].CompletionText
"@
        Invoke-Shell $script | Should -Be "$port", 'True', 'True', 'True', '--format'
    }

    It 'where PowerShell is: <_>' -ForEach 'Env:', 'Variable:', 'Function:' {
        Push-Location $_
        try { (Get-PortOwner $port).LocalPort | Should -Be $port } finally { Pop-Location }
    }

    It 'whether the current folder is still there' -Skip:(-not $onLinux) {
        $script = "$import; `$d = New-Item -ItemType Directory (Join-Path '$TestDrive' gone); Set-Location `$d; [IO.Directory]::Delete(`$d); (Get-PortOwner $port).LocalPort"
        Invoke-Shell $script | Should -Be "$port"
    }

    It 'how the folders are called: <_>' -ForEach 'two words', "it's", 'a[1]b', ('{0}ml{1}ut' -f [char]0xdc, [char]0xe4), '$PID `n', '(x) & ; y' {
        $folder = Join-Path $TestDrive $_
        $copy = Join-Path $folder 'PortOwner'
        foreach ($file in Get-ChildItem -LiteralPath $moduleFolder -Recurse -File) {
            $target = $copy + $file.FullName.Substring($moduleFolder.Length)
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($target))
            # A second name where that can be had: the executable is large.
            if ($onLinux) { & /bin/ln -- $file.FullName $target 2>$null }
            if (-not [System.IO.File]::Exists($target)) { [System.IO.File]::Copy($file.FullName, $target) }
        }
        $literal = $copy -replace "'", "''"
        $script = @"
`$folder = '$literal'
Import-Module (Join-Path ([System.Management.Automation.WildcardPattern]::Escape(`$folder)) 'PortOwner.psd1')
(Get-Module PortOwner).ModuleBase -eq `$folder
Set-Location -LiteralPath `$folder
Save-PortSnapshot 'a b[1].json' -WarningAction Ignore
@(Get-PortOwner $port -FromSnapshot 'a b[1].json' -WarningAction Ignore).LocalPort
(Get-PortOwner $port).LocalPort
"@
        Invoke-Shell $script | Should -Be 'True', "$port", "$port"
    }

    It 'whether it runs in a job, a runspace or a thread' {
        $job = Start-Job { Import-Module $using:moduleFolder; Get-PortOwner $using:port }
        $row = $job | Receive-Job -Wait -AutoRemoveJob
        $row.LocalPort | Should -Be $port
        $row.PSTypeNames[0] | Should -Be 'Deserialized.PortOwner.Endpoint'
        $powershell = [powershell]::Create().AddCommand('Import-Module').AddArgument($moduleFolder).AddStatement().AddCommand('Get-PortOwner').AddArgument($port)
        $powershell.Invoke().LocalPort | Should -Be $port
        $powershell.Dispose()
    }

    It 'how the functions are called on import' {
        $script = "Import-Module '$moduleFolder' -Prefix My; (Get-MyPortOwner $port).LocalPort"
        Invoke-Shell $script | Should -Be "$port"
    }
}

Describe 'Constrained language' {
    BeforeAll {
        $folder = Join-Path $TestDrive 'constrained'
        $null = New-Item -ItemType Directory $folder
        Save-PortSnapshot (Join-Path $folder 'a.json') -WarningAction Ignore
        New-PortBaseline (Join-Path $folder 'b.yaml') -Force -WarningAction Ignore
    }

    It 'allows everything that matters' {
        $path = Join-Path $TestDrive 'constrained.json'
        $script = @"
`$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'
$import
(Get-PortOwner $port).LocalPort
(Get-PortOwner $port | Get-Process).Id
@('x', $port, (Get-Process -Id $PID) | Get-PortOwner -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore).LocalPort -contains $port
"`$(`$problems.Count) `$(`$problems[0].FullyQualifiedErrorId)"
try { Get-PortOwner $port -Address x } catch { `$_.FullyQualifiedErrorId }
try { 'x' | Get-PortOwner -ErrorAction Stop -WarningAction Ignore } catch { `$_.FullyQualifiedErrorId }
Save-PortSnapshot '$path' -WarningAction Ignore
(Get-PortOwner $port -FromSnapshot '$path' -WarningAction Ignore).LocalPort
(Get-PortOwner $port | Out-String) -match 'Listen'
(TabExpansion2 'Get-PortOwner $port').CompletionMatches[0].CompletionText
Save-PortSnapshot '$path.none' -WhatIf 6>`$null; Test-Path '$path.none'
"@
        $expected = "$port", "$PID", 'True', '1 PO1002,Write-Problem', 'PO1004,Write-Problem', 'PO1002,Write-Problem', "$port", 'True', "$port", 'False'
        Invoke-Shell $script | Should -Be $expected
    }
    It 'allows <_>' -ForEach @(
        'Get-PortRange', 'Get-FreePort', 'Get-PortConflict -WarningAction Ignore', 'Test-PortBinding 1', 'Stop-PortOwner CLOSED', 'Stop-PortOwner CLOSED -WhatIf'
        'New-PortBaseline c.yaml -Force -WarningAction Ignore; Get-PortBaseline c.yaml', 'Compare-PortSnapshot a.json -WarningAction Ignore'
        'Invoke-PortAudit -BaselinePath b.yaml -WarningAction Ignore'
    ) {
        $line = $_ -replace 'CLOSED', (Get-ClosedPort)
        # These ids tell what the language forbids.
        $script = "`$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; `$WarningPreference = 'SilentlyContinue'; $import; Set-Location '$folder'; `$null = . { $line } 6>`$null; @(`$Error.FullyQualifiedErrorId) -match 'ConstrainedLanguage|CoreTypes'; 'end'"
        Invoke-Shell $script | Where-Object { $_ -notlike 'What if*' } | Should -Be 'end'
    }
}
