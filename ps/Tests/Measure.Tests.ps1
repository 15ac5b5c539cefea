BeforeDiscovery { $onLinux = $PSVersionTable.PSVersion.Major -ge 6 -and $IsLinux }

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $listener = New-Listener
    $client = [Net.Sockets.TcpClient]::new('127.0.0.1', $listener.Port)
    $server = $listener.AcceptTcpClient()
    # Under Wine, programs that are started inherit the accepted socket, and are listed with it.
    $mine = @{ For = 0.1; Id = $PID; WarningAction = 'Ignore'; ErrorAction = 'Ignore' }
}

AfterAll {
    $client.Dispose()
    $server.Dispose()
    $listener.Stop()
}

Describe 'Measure-Port' {
    It 'returns the sockets of a port, with their types' {
        $rows = @(Measure-Port $listener.Port @mine)
        $rows.Count | Should -Be 2
        $rows[0].PSTypeNames | Should -Contain 'PortOwner.Traffic'
        $connection = $rows | Where-Object State -eq 'Established'
        $connection.OwningProcess | Should -Be $PID
        $connection.Seconds | Should -BeOfType [double]
        $connection.Seconds | Should -BeGreaterOrEqual 0.09
        $connection.Sockets | Should -BeNullOrEmpty
    }

    It 'measures what was received, and the accept queue' -Skip:(-not $onLinux) {
        $client.GetStream().Write([byte[]]::new(5000), 0, 5000)
        $rows = Measure-Port $listener.Port -For 0.1
        $connection = $rows | Where-Object State -eq 'Established'
        $connection.BytesReceived | Should -BeOfType [uint64]
        $connection.BytesReceived | Should -Be 5000
        $connection.ReceiveQueue | Should -Be 5000
        $connection.ReceiveRate | Should -BeOfType [uint64]
        $connection.RoundTripTime | Should -BeOfType [double]
        ($rows | Where-Object State -eq 'Listen').AcceptQueue | Should -Be 0
    }

    It 'says why statistics are missing' -Skip:$onLinux {
        $connection = Measure-Port $listener.Port @mine | Where-Object State -eq 'Established'
        $connection.SendRate | Should -BeNullOrEmpty
        $connection.Reason | Should -Match '^Statistics: NotSupported: '
    }

    It 'adds up by <_>' -ForEach 'Process', 'Application', 'Port', 'Remote', 'State', 'Protocol' {
        $rows = @(Measure-Port $listener.Port -By $_ @mine)
        $rows.Count | Should -BeGreaterThan 0
        ($rows | Measure-Object Sockets -Sum).Sum | Should -Be $(if ($_ -eq 'Remote') { 1 } else { 2 })
    }

    It 'takes objects from the pipeline' {
        @(Get-PortOwner $listener.Port | Measure-Port @mine).Count | Should -Be 2
        @(@() | Measure-Port -For 0.1).Count | Should -Be 0
    }

    It 'is shown as a table' {
        $text = Measure-Port $listener.Port @mine | Out-String -Width 200
        $text | Should -Match 'LocalPort\s.*SendRate\s.*ReceiveRate\s.*Owner'
    }
}
