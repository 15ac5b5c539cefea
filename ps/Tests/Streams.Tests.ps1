BeforeDiscovery {
    $onLinux = $PSVersionTable.PSVersion.Major -ge 6 -and $IsLinux
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $listener = New-Listener
    $port = $listener.Port
    $row = [ordered]@{ Type = 'PortOwner.Endpoint'; LocalPort = 443 }
    $items = @(
        New-Problem 'Progress' 'PO3001' 'working'
        New-Problem 'Verbose' 'PO3001' 'in detail'
        New-Problem 'Warning' 'PO3002' 'hidden' 'PermissionDenied' 'Run as root.'
        $row
        New-Problem 'Error' 'PO2001' 'unreadable' 'ReadError' 'Look elsewhere.' 'a file'
        $row
    )
    $all = New-Stub (Join-Path $TestDrive 'all') (ConvertTo-Document $items)
    $fatal = New-Stub (Join-Path $TestDrive 'fatal') (ConvertTo-Document @($row, (New-Problem 'Error' 'PO3003' 'not here' 'NotImplemented' 'Go away.' 'here' $true)))

    function Use-Stub([string] $StubPath, [scriptblock] $StubScript) {
        $env:PORTOWNER_EXE = $StubPath
        try { & $StubScript } finally { $env:PORTOWNER_EXE = $null }
    }
}

AfterAll {
    $listener.Stop()
}

Describe 'A problem' {
    It 'goes to the stream of its kind' {
        Use-Stub $all {
            $errors, $warnings = $null
            $out = Get-PortOwner -Verbose -ErrorVariable errors -WarningVariable warnings -ErrorAction SilentlyContinue 3>$null 4>&1
            @($out | Where-Object LocalPort -eq 443).Count | Should -Be 2
            @($out | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }).Message | Should -Contain 'in detail'
            $warnings.Message | Should -Be 'hidden. Run as root.'
            $errors.Count | Should -Be 1
        }
    }

    It 'names functions and parameters, never the executable' {
        $baseline = Join-Path $TestDrive 'there.yaml'
        Set-Content -LiteralPath $baseline -Value ''
        $asked = @(
            { New-PortBaseline $baseline }
            { Get-PortOwner 443 -FromSnapshot $baseline }
            { Get-FreePort -Range $port }
            { Invoke-PortAudit }
            { Compare-PortSnapshot $baseline }
            { Test-PortBinding 443 -IPv6Only }
            { Test-PortBinding }
            { Stop-PortOwner }
            { Get-PortOwner wyh }
        )
        foreach ($one in $asked) {
            $problems = $null
            try { $null = & $one -ErrorVariable problems } catch { $problems = $_ }
            $problems = @($problems)
            $said = "$($problems[0]) $($problems[0].ErrorDetails.RecommendedAction)"
            $problems.Count | Should -BeGreaterThan 0 -Because "$one"
            $said | Should -Not -MatchExactly '(^|[^/.])portowner [a-z-]|(^|[ ("])--[a-z]' -Because "$one"
        }
    }

    It 'is an error record with an id, a category, a target and what to do' {
        Use-Stub $all {
            $null = Get-PortOwner -ErrorVariable errors -ErrorAction SilentlyContinue -WarningAction Ignore
            $record = $errors[0]
            $record.FullyQualifiedErrorId | Should -Be 'PO2001,Get-PortOwner'
            $record.CategoryInfo.Category | Should -Be 'ReadError'
            $record.TargetObject | Should -Be 'a file'
            $record.Exception.Message | Should -Be 'unreadable'
            $record.ErrorDetails.RecommendedAction | Should -Be 'Look elsewhere.'
            $record.InvocationInfo.MyCommand.Name | Should -Be 'Get-PortOwner'
        }
    }

    It 'is in $Error once, and makes $? false' {
        Use-Stub $all {
            $Error.Clear()
            $null = Get-PortOwner -ErrorAction SilentlyContinue -WarningAction Ignore
            $? | Should -BeFalse
            $Error.Count | Should -Be 1
        }
        $null = Get-PortOwner $port
        $? | Should -BeTrue
    }

    It 'ends the call under -ErrorAction Stop, and can be caught' {
        Use-Stub $all {
            $rows = @()
            { Get-PortOwner -ErrorAction Stop -WarningAction Ignore | ForEach-Object { Set-Variable rows -Scope 2 -Value ($rows + $_) } } | Should -Throw -ErrorId 'PO2001,Get-PortOwner'
            try { Get-PortOwner -ErrorAction Stop -WarningAction Ignore } catch { $caught = $_ }
            $caught.TargetObject | Should -Be 'a file'
        }
    }

    It 'is not heard of under -ErrorAction Ignore' {
        Use-Stub $all {
            $Error.Clear()
            @(Get-PortOwner -ErrorAction Ignore -WarningAction Ignore).Count | Should -Be 2
            $Error.Count | Should -Be 0
        }
    }

    It 'that is a warning obeys -WarningAction' {
        Use-Stub $all {
            Get-PortOwner -WarningAction SilentlyContinue -ErrorAction Ignore 3>&1 | Where-Object { $_ -is [System.Management.Automation.WarningRecord] } | Should -BeNullOrEmpty
            { Get-PortOwner -WarningAction Stop -ErrorAction Ignore 3>$null } | Should -Throw
        }
    }

    It 'that is detail is silent without -Verbose' {
        Use-Stub $all {
            Get-PortOwner -ErrorAction Ignore -WarningAction Ignore 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | Should -BeNullOrEmpty
        }
    }

    It 'that ends the command is terminating, whatever -ErrorAction says' {
        Use-Stub $fatal {
            foreach ($action in 'Stop', 'Continue', 'SilentlyContinue') {
                $caught = $null
                try { $null = Get-PortOwner -ErrorAction $action } catch { $caught = $_ }
                $caught.FullyQualifiedErrorId | Should -Be 'PO3003,Get-PortOwner'
                $caught.CategoryInfo.Category | Should -Be 'NotImplemented'
            }
        }
    }

    It 'of the real executable is terminating when nothing can be answered' {
        { Get-PortOwner $port -FromSnapshot (Join-Path $TestDrive 'no such file') } | Should -Throw -ErrorId 'PO2001,Get-PortOwner'
        { Get-PortOwner $port -Address 'no address' } | Should -Throw -ErrorId 'PO1004,Get-PortOwner'
        { Get-PortOwner $port -Column 'Nowhere' } | Should -Throw -ErrorId 'PO1003,Get-PortOwner'
        { Get-PortRange -Column 'Nowhere' } | Should -Throw -ErrorId 'PO1003,Get-PortRange'
    }
}

Describe 'What goes on in the real executable' {
    BeforeAll {
        # What a call shows as progress, which only a runspace of its own tells.
        function Get-Progress([scriptblock] $Call, $With) {
            $shell = [powershell]::Create()
            try {
                $null = $shell.AddScript("param(`$With) Import-Module '$($moduleFolder -replace "'", "''")'; $Call").AddArgument($With)
                $null = $shell.Invoke()
                $shell.HadErrors | Should -BeFalse
                $shell.Streams.Progress | Where-Object { $_.RecordType -eq 'Processing' -and $_.Activity -eq 'PortOwner' } | ForEach-Object StatusDescription
                $shell.Streams.Progress[-1].RecordType | Should -Be 'Completed'
            } finally {
                $shell.Dispose()
            }
        }
    }

    It 'is told with -Verbose: what was read, and how well' {
        $out = Get-PortOwner $port -Firewall -Verbose -WarningAction Ignore 4>&1
        $out[-1].LocalPort | Should -Be $port
        $texts = @($out | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }).Message
        $texts.Count | Should -Be 2
        $texts[1] | Should -Match "^$([regex]::Escape($out[-1].ComputerName)) at .*Z: \d+ sockets?, .*\(sockets ok.*firewall rules "
    }

    It 'is silent without' {
        @(Get-PortOwner $port -Firewall -WarningAction Ignore *>&1).LocalPort | Should -Be $port
        Save-PortSnapshot (Join-Path $TestDrive 'silent.json') -WarningAction Ignore *>&1 | Should -BeNullOrEmpty
    }

    It 'is shown as progress where it may take long' {
        $file = Join-Path $TestDrive 'progress.json'
        Get-Progress { Save-PortSnapshot $With -IncludeHash -WarningAction Ignore } $file | Select-Object -First 2 | Should -Match '^(reading this machine|hashing executable 1 of \d+)$'
        Get-Progress { Get-PortOwner -FromSnapshot $With -WarningAction Ignore } $file | Should -Be "reading $file"
        Get-Progress { Get-PortOwner $With -Firewall -WarningAction Ignore } $port | Should -Be 'reading this machine and its firewall rules'
    }
}

Describe 'What nobody owns' {
    BeforeAll { $closed = Get-ClosedPort }

    It 'is information, and no object' {
        $rows = Get-PortOwner $closed -InformationVariable said 6>$null
        $rows | Should -BeNullOrEmpty
        $said.Tags | Should -Be 'PortOwner'
        "$said" | Should -Match "^Nobody owns port $closed\."
        # What a person sees who redirects nothing.
        Invoke-Shell "Import-Module '$moduleFolder'; `$x = Get-PortOwner $closed; `"`$(`$null -eq `$x)`"" | Should -Be (@("$said" -split '\r?\n') + 'True')
    }

    It 'is said together with what somebody owns' {
        $out = Get-PortOwner $port, $closed 6>&1
        @($out | Where-Object { $_ -isnot [System.Management.Automation.InformationRecord] }).LocalPort | Should -Be $port
        "$($out | Where-Object { $_ -is [System.Management.Automation.InformationRecord] })" | Should -Be "Nobody owns port $closed."
        Get-PortOwner $port 6>&1 | Should -Not -BeOfType [System.Management.Automation.InformationRecord]
    }

    It 'is not said with -InformationAction Ignore' {
        Get-PortOwner $closed -InformationAction Ignore *>&1 | Should -BeNullOrEmpty
        (Get-PortOwner $port, $closed -InformationAction Ignore *>&1).LocalPort | Should -Be $port
    }

    It 'of one of the items of a pipeline is said once' {
        $said = $port, $closed, $closed | Get-PortOwner 6>&1 | Where-Object { $_ -is [System.Management.Automation.InformationRecord] }
        "$said" | Should -Be "Nobody owns port $closed."
    }
}

Describe 'A preference' {
    It 'of a script that calls is heard: <Name>' -ForEach @(
        @{ Name = 'ErrorActionPreference Stop'; Set = '$ErrorActionPreference = "Stop"'; Expected = 'caught PO2001,Get-PortOwner' }
        @{ Name = 'ErrorActionPreference SilentlyContinue'; Set = '$ErrorActionPreference = "SilentlyContinue"'; Expected = '2 rows' }
        @{ Name = 'WarningPreference SilentlyContinue'; Set = '$WarningPreference = "SilentlyContinue"; $ErrorActionPreference = "Ignore"'; Expected = '2 rows' }
        @{ Name = 'VerbosePreference Continue'; Set = '$VerbosePreference = "Continue"; $ErrorActionPreference = "Ignore"'; Expected = 'verbose 2 rows' }
    ) {
        $calling = Join-Path $TestDrive 'calls.ps1'
        Set-Content $calling @"
$Set
try {
    `$out = Get-PortOwner 3>`$null 4>&1
    `$verbose = if (`$out -match 'in detail') { 'verbose ' }
    "`$verbose`$(@(`$out | Where-Object { `$_ -isnot [System.Management.Automation.VerboseRecord] }).Count) rows"
} catch { "caught `$(`$_.FullyQualifiedErrorId)" }
"@
        Use-Stub $all { & $calling 2>$null } | Should -Be $Expected
    }

    It 'for native programs changes nothing: <Name>' -ForEach @(
        @{ Name = 'PSNativeCommandUseErrorActionPreference'; Set = { $global:PSNativeCommandUseErrorActionPreference = $true } }
        @{ Name = 'PSNativeCommandArgumentPassing'; Set = { $global:PSNativeCommandArgumentPassing = 'Legacy' } }
        @{ Name = 'OutputEncoding'; Set = { $global:OutputEncoding = [System.Text.Encoding]::Unicode } }
        @{ Name = 'ErrorActionPreference'; Set = { $global:ErrorActionPreference = 'Stop' } }
        @{ Name = 'StrictMode'; Set = { } }
    ) {
        $names = 'PSNativeCommandUseErrorActionPreference', 'PSNativeCommandArgumentPassing', 'OutputEncoding', 'ErrorActionPreference'
        $before = @{}
        foreach ($variable in $names) { $before[$variable] = Get-Variable $variable -Scope Global -ValueOnly -ErrorAction Ignore }
        try {
            & $Set
            # Nobody owns it: the executable exits with 1, which is not a failure.
            Get-PortOwner (Get-ClosedPort) -WarningAction Ignore -InformationAction Ignore | Should -BeNullOrEmpty
            (1..3000 | ForEach-Object { $_ * 20 }) + $port | Get-PortOwner -Id $PID -WarningAction Ignore | Where-Object LocalPort -EQ $port | Should -Not -BeNullOrEmpty
        } finally {
            foreach ($variable in $names) { Set-Variable $variable -Scope Global -Value $before[$variable] }
        }
    }

    It 'leaves $LASTEXITCODE alone' {
        & $executable --version | Out-Null
        $global:LASTEXITCODE = 42
        Get-PortOwner (Get-ClosedPort) -WarningAction Ignore -InformationAction Ignore
        $LASTEXITCODE | Should -Be 42
        Get-PortOwner -WarningAction Ignore | Select-Object -First 1 | Out-Null
        $LASTEXITCODE | Should -Be 42
    }
}

Describe 'The executable' {
    It 'is an error when it is nowhere' {
        $env:PORTOWNER_EXE = Join-Path $TestDrive 'nowhere'
        try {
            { Get-PortOwner 1 -ErrorAction SilentlyContinue } | Should -Throw -ErrorId 'PO3005,Get-PortOwner' -ExpectedMessage '*PORTOWNER_EXE*'
        } finally {
            $env:PORTOWNER_EXE = $null
        }
        $copy = Join-Path $TestDrive 'PortOwner'
        $null = New-Item -ItemType Directory $copy
        Copy-Item (Join-Path $moduleFolder 'PortOwner.*') $copy
        $said = Invoke-Shell "Import-Module '$copy'; `$env:PATH = '$(Split-Path $executable)' + [IO.Path]::PathSeparator + `$env:PATH; try { Get-PortOwner 1 } catch { `$_.FullyQualifiedErrorId }"
        $said | Should -Be 'PO3005,Get-PortOwner'
    }

    It 'is an error when it cannot be started' {
        $path = Join-Path $TestDrive 'portowner.exe'
        Set-Content $path 'no program'
        if (-not $onWindows) { chmod +x $path }
        Use-Stub $path {
            { Get-PortOwner 1 } | Should -Throw -ErrorId 'PO3005,Get-PortOwner' -ExpectedMessage '*cannot be started*'
        }
    }

    It 'is an error when it is <What>, and nothing else is started' -ForEach @(
        @{ What = 'a folder'; Path = { (New-Item -ItemType Directory (Join-Path $TestDrive 'folder')).FullName }; Says = '*The executable * does not exist.' }
        @{ What = 'a variable'; Path = { 'Env:PATH' }; Says = '*The executable * does not exist.' }
        @{ What = 'a function'; Path = { 'Function:Get-ClosedPort' }; Says = '*The executable * does not exist.' }
        @{ What = 'a link to nowhere'; Path = { if ($onWindows) { Join-Path $TestDrive 'nowhere' } else { & /bin/ln -s nowhere (Join-Path $TestDrive 'link'); Join-Path $TestDrive 'link' } }; Says = '*The executable * does not exist.' }
        @{ What = 'a script'; Path = { New-Marker 'script.ps1' "Set-Content -LiteralPath '$marker' script" }; Says = '*script.ps1*' }
        @{ What = 'a document'; Path = { New-Marker "it's a.txt" 'text' }; Says = "*it's a.txt*" }
    ) {
        $marker = Join-Path $TestDrive 'started'
        function New-Marker([string] $Name, [string] $Text) {
            Set-Content -LiteralPath (Join-Path $TestDrive $Name) -Value $Text
            Join-Path $TestDrive $Name
        }
        # PowerShell on Linux has this program open what it cannot run.
        $desktop = Join-Path $TestDrive 'desktop'
        $null = New-Item -ItemType Directory $desktop -Force
        Set-Content -LiteralPath (Join-Path $desktop 'xdg-open') -Value "#!/bin/sh`necho desktop >'$marker'"
        if (-not $onWindows) { chmod +x (Join-Path $desktop 'xdg-open') }
        $old = $env:PATH
        $env:PATH = $desktop + [System.IO.Path]::PathSeparator + $old
        try {
            Use-Stub (& $Path) {
                $global:LASTEXITCODE = 42
                { Get-PortOwner 1 } | Should -Throw -ErrorId 'PO3005,Get-PortOwner' -ExpectedMessage $Says
                $LASTEXITCODE | Should -Be 42
            }
        } finally {
            $env:PATH = $old
        }
        Test-Path -LiteralPath $marker | Should -BeFalse
    }

    It 'is an error when it has lost the mark of a program, with the command that sets it' -Skip:(-not $onLinux) {
        $path = Join-Path $TestDrive "it's a program"
        Copy-Item -LiteralPath (New-Stub (Join-Path $TestDrive 'marked') (ConvertTo-Document $row)) -Destination $path
        Use-Stub $path {
            (Get-PortOwner 443).LocalPort | Should -Be 443
            chmod -x $path
            $caught = $null
            try { Get-PortOwner 443 } catch { $caught = $_ }
            $caught.FullyQualifiedErrorId | Should -Be 'PO3005,Get-PortOwner'
            $caught.ErrorDetails.RecommendedAction | Should -Match 'chmod \+x'
            # It is for a shell to run.
            & /bin/sh -c ($caught.ErrorDetails.RecommendedAction -replace '^.*: ')
            (Get-PortOwner 443).LocalPort | Should -Be 443
        }
    }

    It 'is an error when it dies' {
        Use-Stub (New-Stub (Join-Path $TestDrive 'dies') (ConvertTo-Document $row) -Say 'something broke' -ExitCode 70) {
            $rows = $caught = $null
            try { Get-PortOwner -OutVariable rows | Out-Null } catch { $caught = $_ }
            $rows.Count | Should -Be 1
            $caught.FullyQualifiedErrorId | Should -Be 'PO9001,Get-PortOwner'
            $caught.Exception.Message | Should -Match 'exit code 70.*something broke'
        }
    }

    It 'is an error when it is ended by force, with the exit code of an answer: <_>' -ForEach 0, 1, 69, 77 {
        foreach ($document in '', (ConvertTo-Document $row -Torn)) {
            Use-Stub (New-Stub (Join-Path $TestDrive 'killed') $document -ExitCode $_) {
                $caught = $null
                try { Get-PortOwner | Out-Null } catch { $caught = $_ }
                $caught.FullyQualifiedErrorId | Should -Be 'PO9001,Get-PortOwner'
                $caught.Exception.Message | Should -Match 'before its answer was complete\.$'
            }
        }
    }

    It 'may be left early' {
        Use-Stub (New-Stub (Join-Path $TestDrive 'left') (ConvertTo-Document @($row, $row) -Torn)) {
            @(Get-PortOwner -ErrorVariable errors | Select-Object -First 1).Count | Should -Be 1
            $errors | Should -BeNullOrEmpty
        }
    }

    It 'is an error when it is called wrongly' {
        Use-Stub (New-Stub (Join-Path $TestDrive 'usage') '' -Say 'portowner: PO1001: unknown option', '  Look at the help.' -ExitCode 64) {
            try { Get-PortOwner } catch { $caught = $_ }
            $caught.FullyQualifiedErrorId | Should -Be 'PO1001,Get-PortOwner'
            $caught.CategoryInfo.Category | Should -Be 'InvalidArgument'
            $caught.Exception.Message | Should -Be 'unknown option'
            $caught.ErrorDetails.RecommendedAction | Should -Be 'Look at the help.'
        }
    }

    It 'is an error when it cannot tell, and says nothing' {
        Use-Stub (New-Stub (Join-Path $TestDrive 'silent') (ConvertTo-Document @()) -ExitCode 69) {
            Get-PortOwner -ErrorVariable errors -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $errors.FullyQualifiedErrorId | Should -Be 'PO3001,Get-PortOwner'
        }
        $problem = New-Problem 'Warning' 'PO3002' 'hidden'
        foreach ($document in @($row), @($problem)) {
            Use-Stub (New-Stub (Join-Path $TestDrive 'told') (ConvertTo-Document $document) -ExitCode 69) {
                $null = Get-PortOwner -ErrorVariable errors -ErrorAction SilentlyContinue -WarningAction Ignore
                $errors | Should -BeNullOrEmpty
            }
        }
    }

    It 'is a warning when it only mumbles' {
        Use-Stub (New-Stub (Join-Path $TestDrive 'mumbles') (ConvertTo-Document $row) -Say 'hm') {
            @(Get-PortOwner -WarningVariable warnings -WarningAction SilentlyContinue).Count | Should -Be 1
            $warnings.Message | Should -Be 'hm'
        }
    }
}
