# Every function about other machines, and stopping programs there.
BeforeDiscovery { . (Join-Path $PSScriptRoot 'RemoteCommon.ps1') -Discovery }

BeforeAll {
    . (Join-Path $PSScriptRoot 'RemoteCommon.ps1')
    if (-not $no) {
        $session = New-TestSession main
        $second = New-TestSession main '127.0.0.2'
        $other = New-TestSession counted
    }
}

AfterAll { Remove-Daemon }

Describe 'Every function' -Skip:([bool] $no) {
    BeforeAll { Push-Location $TestDrive }
    AfterAll { Pop-Location }

    It 'names the machine in each row, as itself and as the user does: <_>' -ForEach @(
        'Get-PortOwner', 'Get-PortOwner -All', 'Get-PortRange', 'Get-PortConflict', 'Get-FreePort 2', 'Get-FreePort 3000-3010 -Explain', 'Test-PortBinding $port, 1', 'Test-PortBinding -ErrorText "bind :$port failed"'
        'New-PortBaseline rows.yaml -Force', 'Update-PortBaseline rows.yaml -Force', 'Compare-PortSnapshot empty.json', 'Stop-PortOwner $one.Port -Confirm:$false'
        'Invoke-PortAudit -PolicyPath $policy', 'Invoke-PortAudit -PolicyPath $policy -StorePath rows.db', 'Invoke-PortAudit -PolicyPath $policy -ReportPath rows.csv', 'Invoke-PortAudit -PolicyPath $policy -ReportPath rows.json, rows.html -StorePath rows2.db'
    ) {
        $one = Start-NodeListener
        try {
            if ($_ -like 'Update-*' -and -not (Test-Path rows.yaml)) { $null = New-PortBaseline rows.yaml -Force -Session $session -WarningAction Ignore }
            if ($_ -like 'Compare-*') {
                Save-PortSnapshot empty.json -Session $session -WarningAction Ignore
                $facts = Get-Content empty.json -Raw | ConvertFrom-Json
                $facts.sections.sockets.data = @()
                $facts | ConvertTo-Json -Depth 20 | Set-Content empty.json
            }
            $own = [System.Net.Dns]::GetHostName()
            $calls = @("$_ -Session `$session"; if ($_ -like 'Invoke-*') { "$_ -Session `$session, `$second" })
            foreach ($call in $calls) {
                $rows = @(& ([scriptblock]::Create("$call -WarningAction Ignore 6>`$null")) | Where-Object { $_ })
                if ($_ -notlike 'Update-*' -and $_ -notlike '*Conflict') { $rows.Count | Should -BeGreaterOrEqual 1 }
                $names = if ($call -like '*$second') { '127.0.0.1', '127.0.0.2' } else { '127.0.0.1' }
                if ($rows) { $rows | ForEach-Object PSComputerName | Sort-Object -Unique | Should -Be $names }
                foreach ($row in $rows) {
                    $row.PSComputerName | Should -BeIn $names
                    # Machines with one name of their own are told apart by those that the user gave.
                    $row.ComputerName | Should -BeIn $(if ($call -like '*$second' -and $call -match 'ReportPath|StorePath') { $names } else { $own })
                    if ($row.ComputerName -ne $own) { $row.ComputerName | Should -Be $row.PSComputerName }
                }
            }
        } finally {
            if (-not $one.HasExited) { $one.Kill() }
        }
    }

    It 'names the machine also where its own name is not asked for' {
        $rows = @(Invoke-PortAudit -PolicyPath $policy -ReportPath columns.csv -Column Kind, Endpoint -Session $session, $second -WarningAction Ignore 6>$null)
        $rows.PSComputerName | Should -Be '127.0.0.1', '127.0.0.2'
        $rows[0].PSObject.Properties.Name | Should -Be 'Kind', 'Endpoint', 'PSComputerName'
    }

    It 'keeps machines that share an address apart in a report and in a store' {
        $rows = @(Invoke-PortAudit -PolicyPath $policy -ReportPath same.csv -StorePath same.db -Session $session, $other -WarningAction Ignore 6>$null)
        $rows.PSComputerName | Should -Be '127.0.0.1', '127.0.0.1'
        Import-Csv same.csv | Where-Object Kind -eq 'Forbidden' | ForEach-Object ComputerName | Sort-Object | Should -Be '127.0.0.1', '127.0.0.1-1'
        Get-PortAudit -StorePath same.db -WarningAction Ignore | ForEach-Object ComputerName | Sort-Object -Unique | Should -Be '127.0.0.1', '127.0.0.1-1'
    }

    It 'says that nothing was tried there' {
        $row = Test-PortBinding $port -Session $session -WarningAction Ignore
        $row.CanBind | Should -BeFalse
        "$($row.Evidence)" | Should -BeLike '*No attempt was made*'
        (Test-PortBinding -ErrorText "bind 127.0.0.1:$port failed" -Session $session -WarningAction Ignore).Owner | Should -Be $row.Owner
    }

    It 'keeps, compares and audits what was told' {
        (Save-PortSnapshot far.json -Session $session -PassThru -WarningAction Ignore).Name | Should -Be 'far.json'
        (Get-PortOwner $port -FromSnapshot far.json -WarningAction Ignore).OwningProcess | Should -Be $PID
        Save-PortSnapshot . -Session $session -PassThru -WarningAction Ignore | ForEach-Object Name | Should -Be '127.0.0.1.json'
        { Save-PortSnapshot one.json -ComputerName localhost, elsewhere } | Should -Throw -ErrorId 'PO1005,Save-PortSnapshot'
        "$(Compare-PortSnapshot far.json -Session $session -WarningAction Ignore 6>&1)" | Should -BeLike '127.0.0.1: No differences between *far.json and 127.0.0.1.'
        @(New-PortBaseline far.yaml -Force -Session $session -WarningAction Ignore).LocalAddress.Count | Should -BeGreaterThan 1
        # A baseline takes a program's dynamic ports together, and something here may have some: this one is below them.
        $more = $null
        while (-not $more) {
            try { ($more = New-Object System.Net.Sockets.TcpListener ([System.Net.IPAddress]::Loopback), (Get-Random -Minimum 20000 -Maximum 30000)).Start() } catch { $more = $null }
        }
        try {
            $found = @(Invoke-PortAudit -BaselinePath far.yaml -StorePath far.db -Session $session -WarningAction Ignore 6>$null)
            # Other programs of the machine may have closed a port.
            $found.Kind | Should -Contain 'Opened'
            $null = Invoke-PortAudit -BaselinePath far.yaml -ReportPath far.csv -Session $session, $second -WarningAction Ignore 6>$null
            Import-Csv far.csv | ForEach-Object ComputerName | Where-Object { $_ } | Sort-Object -Unique | Should -Be '127.0.0.1', '127.0.0.2'
        } finally {
            $more.Stop()
        }
    }
}

Describe 'Stop-PortOwner on another machine' -Skip:([bool] $no) {
    BeforeAll {
        # Puts a process into the control group of a unit, as systemd would. Skips the test if none can be made.
        function Enter-TestUnit($Process) {
            $tree = if (Test-Path /sys/fs/cgroup/systemd) { '/sys/fs/cgroup/systemd' } else { '/sys/fs/cgroup' }
            $own = "$tree/portowner-test/web.service"
            $null = & mkdir -p $own 2>&1
            try { $Process.Id > "$own/cgroup.procs" } catch { Set-ItResult -Skipped -Because "no control group can be made: $_" }
            $own
        }

        function Exit-TestUnit($Own) {
            $null = Wait-Until { -not (Get-Content -LiteralPath "$Own/cgroup.procs") }
            rmdir $Own (Split-Path -Path $Own)
        }

        # Puts beside a stand-in of systemctl the script that stops, which finds it first.
        function Set-StopTool($Tools) {
            $script = (Get-Content -LiteralPath (Join-Path $moduleFolder 'Collector/Stop.ps1') -Raw) -replace "'/usr/sbin', ", "'$Tools', '/usr/sbin', "
            Set-Content -LiteralPath "$Tools/Stop.ps1" -Value $script
        }
    }

    BeforeEach { $one = Start-NodeListener }
    AfterEach { if (-not $one.HasExited) { $one.Kill() } }

    It 'stops a port, after asking here' {
        Stop-PortOwner $one.Port -Session $session -WhatIf -WarningAction Ignore | Should -BeNullOrEmpty
        $one.HasExited | Should -BeFalse
        $row = Stop-PortOwner $one.Port -Session $session -Confirm:$false -WarningAction Ignore
        $row.Result | Should -Be 'Stopped'
        $row.PSComputerName | Should -Be '127.0.0.1'
        $one.WaitForExit(60000) | Should -BeTrue
    }

    It 'stops the owner of a row, in the way the machine was queried' {
        $row = Get-PortOwner $one.Port -SSHConnection (New-Connection main '127.0.0.3') -WarningAction Ignore
        ($row | Stop-PortOwner -Confirm:$false -WarningAction Ignore).Result | Should -Be 'Stopped'
        $one.WaitForExit(60000) | Should -BeTrue
    }

    It 'sends a row back through the very connection that it came through, however it was passed on' {
        $two = Start-NodeListener
        try {
            $session.ComputerName | Should -Be $other.ComputerName
            $session.Name | Should -Not -Be $other.Name
            # Two machines that have one name.
            $rows = @(Get-PortOwner $one.Port -Session $session -WarningAction Ignore) + @(Get-PortOwner $two.Port -Session $other -WarningAction Ignore)
            $rows.PSComputerName | Should -Be '127.0.0.1', '127.0.0.1'
            $passed = [ordered]@{
                'as it is'          = { $rows }
                'sorted'            = { $rows | Sort-Object LocalPort | Where-Object LocalPort }
                'selected'          = { $rows | Select-Object * }
                'chosen properties' = { $rows | Select-Object Protocol, LocalAddress, LocalPort, OwningProcess, StartTime, ComputerName, PSComputerName }
                'another object'    = { $rows | ForEach-Object { Add-Member -InputObject ($_ | Select-Object Protocol, LocalAddress, LocalPort, OwningProcess, StartTime, ComputerName) -NotePropertyName PSComputerName -NotePropertyValue $_.PSComputerName -PassThru } }
            }
            foreach ($way in $passed.Keys) {
                foreach ($process in $one, $two) {
                    $through = if ($process -eq $one) { $session } else { $other }
                    $said = @(& $passed[$way] | Where-Object LocalPort -eq $process.Port | Stop-PortOwner -WhatIf -Verbose -WarningAction Ignore 4>&1)
                    "$said" | Should -BeLike "*querying through the session $($through.Name).*" -Because $way
                }
            }
            # Both at once.
            ($rows | Stop-PortOwner -Confirm:$false -WarningAction Ignore).Result | Should -Be 'Stopped', 'Stopped'
            foreach ($process in $one, $two) { $process.WaitForExit(60000) | Should -BeTrue }
        } finally {
            if (-not $two.HasExited) { $two.Kill() }
        }
    }

    It 'keeps a row to its session, though a newer one has its name' {
        $closing = New-TestSession counted
        try {
            $row = Get-PortOwner $one.Port -Session $closing -WarningAction Ignore
            $null = Get-PortOwner $one.Port -Session $session -WarningAction Ignore
        } finally {
            Remove-PSSession $closing
        }
        $row | Stop-PortOwner -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
        "$problems" | Should -BeLike '127.0.0.1 could not be queried: *'
        $one.HasExited | Should -BeFalse
        # The user can name another way to it.
        ($row | Stop-PortOwner -Session $session -Confirm:$false -WarningAction Ignore).Result | Should -Be 'Stopped'
    }

    It 'does not mix rows of two machines that have one name and one given way' {
        $rows = @(Get-PortOwner $one.Port -SSHConnection (New-Connection main) -WarningAction Ignore) + @(Get-PortOwner $one.Port -SSHConnection (New-Connection counted) -WarningAction Ignore)
        $rows | Stop-PortOwner -Session $session -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
        @($problems).FullyQualifiedErrorId | Select-Object -Unique | Should -Be 'PO4105,Stop-PortOwner'
        "$problems" | Should -BeLike '*different machines with the name 127.0.0.1*'
        $rows[0] | Stop-PortOwner -Session $session, $other -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
        "$problems" | Should -BeLike '*several of the specified machines have that name*'
        $one.HasExited | Should -BeFalse
    }

    It 'refuses a row from a file, unless the call names the way: <_>' -ForEach 'CLIXML', 'JSON' {
        $row = Get-PortOwner $one.Port -SSHConnection (New-Connection main 'localhost') -WarningAction Ignore
        $row = if ($_ -eq 'CLIXML') {
            $row | Export-Clixml "$TestDrive/row.clixml"
            Import-Clixml "$TestDrive/row.clixml"
        } else {
            $row | ConvertTo-Json | ConvertFrom-Json
        }
        $row | Stop-PortOwner -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $problems[0].ErrorDetails.RecommendedAction | Should -BeLike '*session*'
        $one.HasExited | Should -BeFalse
        if ($_ -eq 'JSON') { return }
        ($row | Stop-PortOwner -SSHConnection (New-Connection main 'localhost') -Confirm:$false -WarningAction Ignore).Result | Should -Be 'Stopped'
    }

    It 'stops rows from a job, and in a job: <_>' -ForEach 'row', 'stop', 'both', 'given' {
        $parameters = @{ WarningAction = 'Ignore' }
        if ($_ -eq 'given') { $parameters.SSHConnection = New-Connection main } else { $parameters.Session = $session }
        $row = if ($_ -in 'row', 'both', 'given') { Get-PortOwner $one.Port @parameters -AsJob | Complete-Job | Receive-Job -Wait -AutoRemoveJob } else { Get-PortOwner $one.Port @parameters }
        $result = switch ($_) {
            'row' { $row | Stop-PortOwner -Confirm:$false -WarningAction Ignore }
            'given' { $row | Stop-PortOwner @parameters -Confirm:$false -AsJob | Complete-Job | Receive-Job -Wait -AutoRemoveJob }
            default { $row | Stop-PortOwner -Confirm:$false -WarningAction Ignore -AsJob | Complete-Job | Receive-Job -Wait -AutoRemoveJob }
        }
        $result.Result | Should -Be 'Stopped'
        $one.WaitForExit(60000) | Should -BeTrue
    }

    It 'stops rows from another process only where the call names the way' {
        $text = "Import-Module '$moduleFolder'; Get-PortOwner $($one.Port) -SSHConnection $(Get-ConnectionText main) -WarningAction Ignore"
        $row = Start-Job ([scriptblock]::Create($text)) | Complete-Job | Receive-Job -Wait -AutoRemoveJob
        $row | Stop-PortOwner -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $one.HasExited | Should -BeFalse
    }

    It 'refuses what plain ssh reached before it asks' {
        $row = Get-PortOwner $one.Port -SSHConnection (New-Connection bare) -WarningAction Ignore
        foreach ($stop in { $row | Stop-PortOwner -WhatIf }, { Stop-PortOwner $one.Port -SSHConnection (New-Connection bare) -WhatIf }) {
            # What would be done is not said either.
            $null = Start-Transcript -LiteralPath "$TestDrive/asked"
            try { $said = @(& { $ErrorActionPreference = 'Continue'; & $stop } 2>&1) } finally { $null = Stop-Transcript }
            "$said" | Should -BeLike 'Nothing is stopped on 127.0.0.1: it has no PowerShell session*'
            Get-Content -LiteralPath "$TestDrive/asked" -Raw | Should -Not -BeLike '*What if:*'
        }
        $one.HasExited | Should -BeFalse
    }

    It 'sends a row back in constrained language, too, and refuses it where a name is ambiguous' {
        $script = @"
`$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'
Import-Module '$moduleFolder'
`$row = Get-PortOwner $($one.Port) -SSHConnection $(Get-ConnectionText main) -WarningAction Ignore
`$null = Get-PortOwner $($one.Port) -SSHConnection $(Get-ConnectionText counted) -WarningAction Ignore
`$row | Stop-PortOwner -Confirm:`$false -WarningAction Ignore -ErrorAction SilentlyContinue -ErrorVariable problems
`$problems | ForEach-Object FullyQualifiedErrorId
Import-Module '$moduleFolder' -Force
`$row = Get-PortOwner $($one.Port) -SSHConnection $(Get-ConnectionText main) -WarningAction Ignore
(`$row | Stop-PortOwner -Confirm:`$false -WarningAction Ignore).Result
"@
        Invoke-Shell $script | Should -Be 'PO4105,Write-Problem', 'Stopped'
    }

    It 'refuses a row whose process was replaced, and one of a machine that nobody knows the way to' {
        $row = Get-PortOwner $one.Port -Session $session -WarningAction Ignore
        $row.StartTime = $row.StartTime.AddSeconds(-5)
        ($row | Stop-PortOwner -Confirm:$false -WarningAction Ignore -ErrorAction SilentlyContinue).Result | Should -Be 'Refused'
        $row.PSComputerName = 'elsewhere'
        $row | Stop-PortOwner -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $one.HasExited | Should -BeFalse
    }

    It 'refuses objects that name no machine, whose process ID is one of this machine' {
        foreach ($object in (Get-Process -Id $one.Id), [pscustomobject]@{ LocalAddress = '127.0.0.1'; LocalPort = $one.Port; OwningProcess = $one.Id; State = 'Listen' }) {
            $object | Stop-PortOwner -Session $session -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
            $one.HasExited | Should -BeFalse
        }
    }

    It 'looks there again right before: <What>' -ForEach @{ What = 'another start'; Process = 'own'; Second = -5; Port = 'own'; Result = 'Refused' }, @{ What = 'another process'; Process = 'other'; Second = 0; Port = 'own'; Result = 'Refused' }, @{ What = 'no such listener'; Process = 'own'; Second = 0; Port = 'closed'; Result = 'Gone' } {
        $start = (Get-PortOwner $one.Port -WarningAction Ignore).StartTime.ToUniversalTime().AddSeconds($Second).ToString('o')
        $id = if ($Process -eq 'own') { $one.Id } else { $PID }
        $where = if ($Port -eq 'own') { $one.Port } else { Get-ClosedPort }
        $said = & (Join-Path $moduleFolder 'Collector/Stop.ps1') -Identity "TCP/127.0.0.1:$where;$id;$start;x" -Force $true -TimeoutSec 1
        $said[0] | Should -BeLike "$Result`t*"
        $said[1] | Should -Be '#End'
        $one.HasExited | Should -BeFalse
    }

    It 'stops a service through its manager only if the process is in that very unit: <Name> in <Group>' -ForEach @(
        @{ Name = 'web.service'; Group = '/portowner-test/web.service'; Result = 'Stopped' }
        @{ Name = 'web.service'; Group = '/portowner-test'; Result = 'Stopped' }
        @{ Name = 'web.service'; Group = '/portowner-test/web.servic'; Result = 'NotStopped' }
        @{ Name = 'web.service'; Group = '/portowner-test/web.service2'; Result = 'NotStopped' }
        @{ Name = 'web.service'; Group = '/portowner-test/user/web.service'; Result = 'NotStopped' }
        @{ Name = 'web.service'; Group = ''; Result = 'NotStopped' }
        @{ Name = 'w*.service'; Group = '/portowner-test/web.service'; Result = 'NotStopped' }
    ) {
        $own = Enter-TestUnit $one
        $tools = (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))).FullName
        $null = New-Program "$tools/systemctl" "case `"`$1`" in show) echo 'ControlGroup=$Group' ;; stop) kill $($one.Id) ;; esac"
        Set-StopTool $tools
        $start = (Get-PortOwner $one.Port -WarningAction Ignore).StartTime.ToUniversalTime().ToString('o')
        $said = & "$tools/Stop.ps1" -Identity "TCP/127.0.0.1:$($one.Port);$($one.Id);$start;x;service=$([uri]::EscapeDataString($Name))" -Force $false -TimeoutSec 5
        $said[0] | Should -BeLike "$Result`t*"
        if ($Result -eq 'Stopped') { $said[0] | Should -BeLike "*`tsystemctl stop web.service`t" } else { $one.HasExited | Should -BeFalse }
        if (-not $one.HasExited) { $one.Kill() }
        Exit-TestUnit $own
    }

    It 'names the socket unit for which systemd listens again' {
        $own = Enter-TestUnit $one
        $tools = (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))).FullName
        # In place of systemd, something else has the port at once.
        $again = "$tools/again.cjs"
        Set-Content -LiteralPath $again -Value "require('net').createServer().listen($($one.Port), '127.0.0.1', () => require('fs').writeFileSync('$tools/listens', '')); setTimeout(() => process.exit(), 600000)"
        $null = New-Program "$tools/systemctl" "case `"`$*`" in *ControlGroup*) echo 'ControlGroup=/portowner-test/web.service' ;; *TriggeredBy*) echo 'TriggeredBy=web.socket web.timer' ;; stop*) kill $($one.Id); while kill -0 $($one.Id) 2>/dev/null; do sleep 0.05; done; '$node' '$again' >/dev/null 2>&1 & echo `$! >'$tools/id'; while kill -0 `$! && [ ! -e '$tools/listens' ]; do sleep 0.05; done ;; esac"
        Set-StopTool $tools
        $start = (Get-PortOwner $one.Port -WarningAction Ignore).StartTime.ToUniversalTime().ToString('o')
        $said = & "$tools/Stop.ps1" -Identity "TCP/127.0.0.1:$($one.Port);$($one.Id);$start;x;service=web.service" -Force $false -TimeoutSec 5
        $said[0] | Should -BeLike "Retaken`tsystemctl stop web.service`tit ended, but TCP 127.0.0.1 port $($one.Port) is in use again: systemd listens for web.socket *run there: systemctl stop -- web.socket"
        Stop-Process -Id ([int] (Get-Content -LiteralPath "$tools/id"))
        Exit-TestUnit $own
    }

    It 'sends no signal to a process that has another start time by then: <Signal>' -ForEach @{ Signal = 'TERM'; Looks = 2 }, @{ Signal = 'KILL'; Looks = 4 } {
        # The clock of the process changes between two looks, as if its ID went to another one.
        $script = (Get-Content -LiteralPath (Join-Path $moduleFolder 'Collector/Stop.ps1') -Raw) -replace 'function Test-Same\(', "`$global:looks = 0`nfunction Test-Same([hashtable] `$Wanted) { `$global:looks++; `$global:looks -lt $Looks -and (Test-SameThere `$Wanted) }`nfunction Test-SameThere("
        $file = Join-Path $TestDrive "Stop-$Signal.ps1"
        Set-Content -LiteralPath $file -Value $script
        # It counts SIGTERM, and says how often it got one.
        $counting = Join-Path $TestDrive 'counting.cjs'
        Set-Content -LiteralPath $counting -Value "let count = 0; process.on('SIGTERM', () => count++); require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) }); process.stdin.on('data', () => console.log(count)).on('end', () => process.exit())"
        $begin = New-Object System.Diagnostics.ProcessStartInfo $node, $counting
        $begin.RedirectStandardOutput = $true
        $begin.RedirectStandardInput = $true
        $process = [System.Diagnostics.Process]::Start($begin)
        try {
            $where = $process.StandardOutput.ReadLine()
            $time = (Get-PortOwner $where -WarningAction Ignore).StartTime.ToUniversalTime().ToString('o')
            $null = & $file -Identity "TCP/127.0.0.1:$where;$($process.Id);$time;x" -Force $true -TimeoutSec 0
            # What ended it by force would leave no answer, and a signal has arrived before the second one.
            $said = foreach ($question in 1, 2) {
                $process.StandardInput.WriteLine($question)
                $process.StandardOutput.ReadLine()
            }
            $said[1] | Should -Be $(if ($Signal -eq 'TERM') { 0 } else { 1 })
        } finally {
            $process.Kill()
        }
    }

    It 'sees that a program starts it again' {
        # It takes the port itself a while after its child ended.
        $script = @'
const { spawn } = require('child_process');
const child = spawn(process.execPath, ['-e', 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>console.log(s.address().port))']);
child.stdout.once('data', (port) => {
  console.log(`${child.pid} ${String(port).trim()}`);
  child.on('exit', () => setTimeout(() => require('net').createServer().listen(Number(port), '127.0.0.1'), 100));
});
'@
        $file = Join-Path $TestDrive 'again.cjs'
        Set-Content -LiteralPath $file -Value $script
        $start = New-Object System.Diagnostics.ProcessStartInfo $node, $file
        $start.RedirectStandardOutput = $true
        $parent = [System.Diagnostics.Process]::Start($start)
        try {
            $id, $where = $parent.StandardOutput.ReadLine() -split ' '
            $time = (Get-PortOwner $where -WarningAction Ignore).StartTime.ToUniversalTime().ToString('o')
            $said = & (Join-Path $moduleFolder 'Collector/Stop.ps1') -Identity "TCP/127.0.0.1:$where;$id;$time;x" -Force $false -TimeoutSec 5
            $said[0] | Should -BeLike "Retaken`tSIGTERM`tit ended, but another program listens on TCP 127.0.0.1 port $where now*"
        } finally {
            $parent.Kill()
        }
    }

    It 'never stops what the session runs in' {
        (Stop-PortOwner (Get-DaemonPort main) -Session $session -Confirm:$false -Force -ErrorAction SilentlyContinue -WarningAction Ignore).Result | Should -Be 'Refused'
    }

    It 'stops nothing where there is no session' {
        $null = Stop-PortOwner $one.Port -SSHConnection (New-Connection bare) -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $one.HasExited | Should -BeFalse
    }
}
