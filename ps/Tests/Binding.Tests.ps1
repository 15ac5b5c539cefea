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
        $verdict.Remedy[0] | Should -Match "^Stop-PortOwner $port -WhatIf "
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

    It 'reads all of a long text' {
        $text = ('x ' * 5000) + "`"quoted`" bind() to 127.0.0.1:$port failed (98: Address already in use)`n" + ('y ' * 5000)
        (Test-PortBinding -ErrorText $text).Port | Should -Be $port
    }

    It 'gives an object for each port that a text names' {
        $lines = "bind() to 127.0.0.1:$port failed (98: Address already in use)", '', "bind() to 127.0.0.1:$closed failed (98: Address already in use)"
        (Test-PortBinding -ErrorText $lines).Port | Should -Be $closed, $port
        ($lines | Test-PortBinding).Port | Should -Be $closed, $port
        (Test-PortBinding 80 -ErrorText $lines).Port | Should -Be 80
    }

    It 'reads the lines of a log from the pipeline, whatever one alone would be' {
        ('Error:', "listen EADDRINUSE: address already in use 127.0.0.1:$port", '}', '80' | Test-PortBinding).Port | Should -Be $port
        ('80, 443', 'ssh' | Test-PortBinding).Port | Should -Be 80, 443, 22 -Because 'a list of ports is no text'
    }

    It 'reads error records, and what they were caused by' {
        try { [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, $port).Start() } catch { $record = $_ }
        $verdict = $record | Test-PortBinding $port
        $verdict.Port, $verdict.CanBind | Should -Be $port, $false
        ($verdict.Evidence -match 'in use').Count | Should -BeGreaterThan 0
        $record = New-Object System.Management.Automation.ErrorRecord (New-Object System.InvalidOperationException 'it failed', (New-Object System.IO.IOException "Failed to bind to address http://127.0.0.1:${port}: address already in use.")), 'x', 'OpenError', $null
        ($record | Test-PortBinding).Port | Should -Be $port
        (Test-PortBinding -ErrorText $record.Exception.InnerException).Port | Should -Be $port
    }

    It 'reads characters of any alphabet' {
        $text = "Fehler: 127.0.0.1:$port ($([char]0x00fc)$([char]0x20ac)$([char]0x4e2d)) [WinError 10048]"
        (Test-PortBinding -ErrorText $text).Port | Should -Be $port
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

    It 'ends with an error for input that is not a port' {
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
