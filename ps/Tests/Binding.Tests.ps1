BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $listener = New-Listener
    $port = $listener.Port
    $closed = Get-ClosedPort
    $snapshot = Join-Path $TestDrive 'snapshot.json'
    Save-PortSnapshot $snapshot -WarningAction Ignore
}

AfterAll {
    $listener.Stop()
}

Describe 'Test-PortBinding' {
    It 'says that a port is taken, by whom and what to do' {
        $verdict = Test-PortBinding $port -Address 127.0.0.1
        @($verdict).Count | Should -Be 1
        $verdict.PSTypeNames[0] | Should -Be 'PortOwner.Verdict'
        $verdict.Port | Should -Be $port
        $verdict.CanBind | Should -BeExactly $false
        $verdict.Owner | Should -Match "\b$PID\b"
        $verdict.Evidence | Should -Contain ($verdict.Evidence -match "^TCP 127\.0\.0\.1:$port is held by ")[0]
        $verdict.Remedy[0] | Should -Match "^Get-PortOwner $port "
    }

    It 'says that a port can be bound' {
        $verdict = Test-PortBinding $closed
        $verdict.CanBind | Should -BeExactly $true
        $verdict.Cause | Should -Be 'Free'
        $verdict.Remedy | Should -BeNullOrEmpty
    }

    It 'answers for each port of a pipeline' {
        ($port, $closed | Test-PortBinding).CanBind | Should -Be $false, $true
        (Get-PortOwner $port | Test-PortBinding).Port | Should -Be $port
        @() | Test-PortBinding | Should -BeNullOrEmpty
    }

    It 'answers nothing for a process, with an error' {
        $problems = $null
        Get-Process -Id $PID | Test-PortBinding -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -Be 'PO1002,Test-PortBinding'
    }

    It 'reads port and address from an error text' {
        $verdict = Test-PortBinding -ErrorText "nginx: [emerg] bind() to `"127.0.0.1:$port`" failed (98: Address already in use)`r`nmore \"
        $verdict.Port, $verdict.Address, $verdict.CanBind | Should -Be $port, '127.0.0.1', $false
    }

    It 'reads the numbers of a text in another language' {
        $text = "Normalerweise darf jede Socketadresse nur jeweils einmal verwendet werden ($([char]0x00fc)) 127.0.0.1:$port [WinError 10048]"
        (Test-PortBinding -ErrorText $text).Evidence -match 'WSAEADDRINUSE \(10048\)' | Should -Not -BeNullOrEmpty
    }

    It 'passes what the program asks for on' {
        (Test-PortBinding $closed -Protocol UDP).Protocol | Should -Be 'UDP'
        (Test-PortBinding $closed -Address '::' -IPv6Only).Address | Should -Be '::'
        (Test-PortBinding $closed -Exclusive).CanBind | Should -BeExactly $true
        (Test-PortBinding $closed -Reuse Address).CanBind | Should -BeExactly $true
    }

    It 'tries nothing for a snapshot' {
        $verdict = Test-PortBinding $port -Address 127.0.0.1 -FromSnapshot $snapshot
        $verdict.CanBind | Should -BeExactly $false
        $verdict.Evidence -match '^No attempt was made' | Should -Not -BeNullOrEmpty
    }

    It 'ends with an error for what is no port' {
        { Test-PortBinding 70000 -ErrorAction Stop } | Should -Throw -ErrorId 'PO1002,Test-PortBinding'
    }
}

Describe 'Get-PortConflict' {
    It 'gives objects of its own type, each severity a known one' {
        $conflicts = @(Get-PortConflict -WarningAction Ignore)
        foreach ($conflict in $conflicts) {
            $conflict.PSTypeNames[0] | Should -Be 'PortOwner.Conflict'
            $conflict.Severity | Should -BeIn 'Error', 'Warning', 'Information'
        }
        @(Get-PortConflict -FromSnapshot $snapshot -Severity Warning -WarningAction Ignore).Severity | Should -Not -Contain 'Information'
    }
}
