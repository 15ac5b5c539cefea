BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')

    # A process that listens, and connects to itself again and again; it ends when its standard input does.
    function Start-Chatter {
        $script = "const net=require('net');const s=net.createServer((c)=>c.on('error',()=>{}).resume()).listen(0,'127.0.0.1',()=>{const {port}=s.address();require('fs').writeSync(1,port+'\n');setInterval(()=>{const c=net.connect(port,'127.0.0.1',()=>setTimeout(()=>c.destroy(),150)).on('error',()=>{});},100)});process.stdin.resume().on('end',()=>process.exit())"
        $start = New-Object System.Diagnostics.ProcessStartInfo $node, "-e `"$script`""
        $start.UseShellExecute = $false
        $start.RedirectStandardInput = $true
        $start.RedirectStandardOutput = $true
        $start.CreateNoWindow = $true
        $process = [System.Diagnostics.Process]::Start($start)
        $process | Add-Member -NotePropertyName Port -NotePropertyValue ([int]$process.StandardOutput.ReadLine()) -PassThru
    }
}

Describe 'Wait-Port' {
    BeforeAll {
        $listener = New-Listener
        $port = $listener.Port
        $closed = Get-ClosedPort
    }

    AfterAll { $listener.Stop() }

    It 'returns the owner of an open port' {
        $row = Wait-Port $port
        $row.PSTypeNames | Should -Contain 'PortOwner.WaitResult'
        $row.LocalPort | Should -Be $port
        $row.Condition | Should -Be 'Open'
        $row.OwningProcess | Should -Be $PID
        $row.Seen | Should -Match "^port $port is open: .*$PID"
    }

    It 'redacts with -Redact' {
        (Wait-Port $port -Redact).ComputerName | Should -BeLike 'MACHINE*'
        $null = Wait-Port $port -OwnedBy 'acme-shop' -TimeoutSec 0 -Redact -ErrorVariable problems -ErrorAction SilentlyContinue
        "$problems" | Should -Match 'is owned by .*, not owner1'
        "$problems" | Should -Not -Match 'acme'
        Wait-Port $port -TimeoutSec 0 -Redact -Quiet | Should -BeTrue
    }

    It 'writes an error that does not end the caller when the time is up' {
        $rows = Wait-Port $closed -TimeoutSec 0.2 -ErrorVariable problems -ErrorAction SilentlyContinue
        $rows | Should -BeNullOrEmpty
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'PO4301,Wait-Port'
        $problems[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
        "$($problems[0])" | Should -Be "timed out after 0.2 s: port $closed is still free"
        { Wait-Port $closed -TimeoutSec 0 -ErrorAction Stop } | Should -Throw "port $closed is still free"
    }

    It 'returns a Boolean with -Quiet' {
        Wait-Port $port -TimeoutSec 0 -Quiet | Should -BeTrue
        Wait-Port $closed -TimeoutSec 0 -Quiet | Should -BeFalse
        Wait-Port $port, $closed -TimeoutSec 0 -Quiet | Should -BeFalse
        Wait-Port $port, $closed -Any -TimeoutSec 0 -Quiet | Should -BeTrue
        { Wait-Port nowhere -Quiet } | Should -Throw
    }

    It 'takes ports and rows from the pipeline' {
        (Get-PortOwner $port | Wait-Port -TimeoutSec 0).LocalPort | Should -Be $port
        ($port | Wait-Port -TimeoutSec 0).LocalPort | Should -Be $port
        @() | Wait-Port -TimeoutSec 0 | Should -BeNullOrEmpty
    }

    It 'waits for other conditions' {
        (Wait-Port $closed -Free -TimeoutSec 10).Condition | Should -Be 'Free'
        Wait-Port $port -Free -TimeoutSec 0 -Quiet | Should -BeFalse
        Wait-Port $port -OwnedBy 'no such program' -TimeoutSec 0 -Quiet | Should -BeFalse
        $far = Wait-Port $port -TargetName 127.0.0.1 -TimeoutSec 60
        $far.RemotePort | Should -Be $port
        $far.LocalPort | Should -BeNullOrEmpty
        { Wait-Port $port -Free -Http } | Should -Throw
    }

    It 'waits until a port opens' {
        $late = Get-ClosedPort
        $opener = [System.Diagnostics.ProcessStartInfo]::new($node, "-e `"setTimeout(()=>require('net').createServer().listen($late,'127.0.0.1'),300);process.stdin.resume().on('end',()=>process.exit())`"")
        $opener.UseShellExecute = $false
        $opener.RedirectStandardInput = $true
        $process = [System.Diagnostics.Process]::Start($opener)
        try {
            (Wait-Port $late -TimeoutSec -1).OwningProcess | Should -Be $process.Id
        } finally {
            $process.StandardInput.Close()
            $process.WaitForExit()
        }
    }
}

Describe 'Watch-Port' {
    BeforeAll { $chatter = Start-Chatter }

    AfterAll {
        $chatter.StandardInput.Close()
        $chatter.WaitForExit()
    }

    It 'returns events as they happen, and ends the executable with the pipeline' {
        if ($PSVersionTable.PSVersion.Major -lt 7) { Set-ItResult -Skipped -Because 'Windows PowerShell reads one document' }
        $first = Watch-Port $chatter.Port -Events -IntervalSec 0.1 | Select-Object -First 1
        $first.LocalPort | Should -Be $chatter.Port
        $first.Kind | Should -BeIn 'Opened', 'Closed', 'State', 'Owner'
        $first.Time | Should -BeOfType [datetime]
        # It is a child of this process as long as it runs.
        while (Get-Process -Name portowner -ErrorAction Ignore | Where-Object { $_.Parent.Id -eq $PID }) { Start-Sleep -Milliseconds 50 }
    }

    It 'ends after a number of events' {
        $events = @(Watch-Port $chatter.Port -Events -IntervalSec 0.1 -Count 4)
        $events.Count | Should -Be 4
        $events[0].PSTypeNames[0] | Should -Be 'PortOwner.Event'
        ($events | Where-Object Kind -eq 'Opened' | Select-Object -First 1).OwningProcess | Should -BeIn $null, $chatter.Id
    }

    It 'needs an end where objects only arrive at the end' {
        & (Get-Module PortOwner) { function script:Test-Streaming { $false } }
        try {
            { Watch-Port $chatter.Port -Events } | Should -Throw '*-Events needs -For or -Count*' -ErrorId 'PO1005*'
            @(Watch-Port $chatter.Port -Events -IntervalSec 0.1 -Count 2).Count | Should -Be 2
        } finally {
            Import-Module $moduleFolder -Force
        }
    }

    It 'ends after a time' {
        @(Watch-Port (Get-ClosedPort) -Events -For 1).Count | Should -Be 0
    }

    It 'shows a change with what was before' {
        $row = [pscustomobject]@{
            PSTypeName = 'PortOwner.Event'; Time = [datetime]'2026-01-02'; Kind = 'State'; LocalPort = 80; RemoteAddress = '127.0.0.1'
            State = 'Established'; PreviousState = 'SynReceived'; Owner = 'web (10)'; PreviousOwner = $null
        }
        $row | Format-Table | Out-String -Width 200 | Should -Match ' SynReceived -> Established +web \(10\)'
        $row.Kind, $row.PreviousState, $row.PreviousOwner = 'Owner', $null, 'old (9)'
        ($row | Format-Table | Out-String -Width 200) -replace '\x1b\[[0-9;]*m' | Should -Match ' Established +old \(9\) -> web \(10\)'
    }

    It 'redacts with -Redact' {
        $event = Watch-Port $chatter.Port -Events -Redact -IntervalSec 0.1 -Count 1
        $event.ComputerName | Should -BeLike 'MACHINE*'
        $event.LocalPort | Should -Be $chatter.Port
        $lines = @(Watch-Port $chatter.Port -Plain -Redact -IntervalSec 0.1 -Count 2 | ForEach-Object { $_ })
        $lines -join "`n" | Should -Match "Listening TCP 127\.0\.0\.1:$($chatter.Port), "
    }

    It 'returns lines without -Events, if nothing shows them' {
        $lines = @(Watch-Port $chatter.Port -Plain -IntervalSec 0.1 -Count 3 | ForEach-Object { $_ })
        $lines[0] | Should -BeOfType [string]
        $lines -join "`n" | Should -Match "Listening TCP 127\.0\.0\.1:$($chatter.Port), "
    }

    It 'names parameters if the view cannot redact' {
        Mock -ModuleName PortOwner Test-Console { $true }
        Mock -ModuleName PortOwner Start-Process {}
        { Watch-Port -Redact } | Should -Throw -ErrorId 'PO1005,Watch-Port' -ExpectedMessage '-Redact needs -Events or -Plain.'
        Should -Invoke -ModuleName PortOwner Start-Process -Times 0 -Exactly
    }

    It 'reports wrong usage as an error' {
        { Watch-Port nowhere -Events } | Should -Throw
        { Watch-Port nowhere -Plain | ForEach-Object { $_ } } | Should -Throw
    }
}
