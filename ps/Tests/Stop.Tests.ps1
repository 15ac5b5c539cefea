BeforeDiscovery {
    $hasNode = [bool]$env:PORTOWNER_TEST_NODE
    $onLinux = $PSVersionTable.PSVersion.Major -ge 6 -and $IsLinux
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    # Under these names a command that is asked about anything says no.
    $refusing = @{ ErrorAction = 'SilentlyContinue'; WarningAction = 'Ignore' }
}

Describe 'Get-FreePort' {
    It 'gives a port that can be bound' {
        $row = Get-FreePort
        $row.PSTypeNames | Should -Contain 'PortOwner.FreePort'
        $row.LocalPort | Should -BeOfType [uint16]
        $row.IsFree | Should -BeTrue
        $listener = New-Object System.Net.Sockets.TcpListener ([System.Net.IPAddress]::Any), $row.LocalPort
        $listener.Start()
        $listener.Stop()
    }

    It 'gives as many as requested, one after the other' {
        $ports = (Get-FreePort 3 -Consecutive -Protocol Both).LocalPort
        ($ports[1] - $ports[0]), ($ports[2] - $ports[1]) | Should -Be 1, 1
    }

    It 'takes ports where others take a number of them' {
        $port = (Get-FreePort).LocalPort
        (Get-FreePort "$port-$($port + 20)").LocalPort | Should -BeIn ($port..($port + 20))
        (Get-FreePort "$port-$($port + 200)" -Count 2).LocalPort | Should -HaveCount 2
        (Get-FreePort -Port $port).LocalPort | Should -Be $port
        Get-FreePort 2 | Should -HaveCount 2
        Get-FreePort '2' | Should -HaveCount 2
        (Get-FreePort $port).LocalPort | Should -Be $port
        (Get-FreePort "$port").LocalPort | Should -Be $port
        Get-FreePort -Count 1024 | Should -HaveCount 1024
        (Get-FreePort $port -Count 1).LocalPort | Should -Be $port
        # A registered port is one that was asked for.
        (Get-FreePort 3000-3010 -Explain -ErrorAction SilentlyContinue).Reason | Should -Not -Match 'registered'
    }

    It 'says why a port is not free, and that there are too few' {
        $listener = New-Listener
        try {
            $rows = Get-FreePort -Range $listener.Port -Explain -ErrorVariable problems @refusing
            $rows.IsFree | Should -Be $false
            $rows.Reason | Should -Match 'in use|dynamic range'
            $problems.FullyQualifiedErrorId | Should -Be 'PO4102,Get-FreePort'
        } finally {
            $listener.Stop()
        }
    }
}

Describe 'Stop-PortOwner' -Skip:(-not $hasNode) {
    BeforeEach {
        $one, $other = (Start-NodeListener), (Start-NodeListener)
    }

    AfterEach {
        foreach ($process in $one, $other) {
            if (-not $process.HasExited) { $process.StandardInput.Close() }
        }
    }

    It 'stops with -Confirm:$false, and no other of the same name' {
        $row = Stop-PortOwner $one.Port -Confirm:$false
        $row.PSTypeNames[0] | Should -Be 'PortOwner.StopResult'
        $row.Result | Should -Be 'Stopped'
        $row.OwningProcess | Should -Be $one.Id
        $one.WaitForExit(5000) | Should -BeTrue
        $other.HasExited | Should -BeFalse
    }

    It 'takes one object for one target, whatever its values are' {
        foreach ($end in ",$($other.Port)", "`n$($other.Port)") {
            $objects = [pscustomobject]@{ Identity = "TCP/127.0.0.1:1;1;;$end" }, [pscustomobject]@{ LocalPort = "1$end" }, "1$($end.Replace(',', "`r"))"
            foreach ($object in $objects) {
                $rows = $object | Stop-PortOwner -Confirm:$false -ErrorVariable problems @refusing
                $rows | Should -BeNullOrEmpty
                $problems[0].FullyQualifiedErrorId | Should -Be 'PO1002,Stop-PortOwner'
            }
        }
        $other.HasExited | Should -BeFalse
    }

    It 'takes rows of Get-PortOwner' {
        $row = Get-PortOwner $one.Port, $other.Port | Where-Object LocalPort -EQ $one.Port | Stop-PortOwner -Confirm:$false
        $row.Result, $row.OwningProcess | Should -Be 'Stopped', $one.Id
        $other.HasExited | Should -BeFalse
    }

    It 'takes what Get-NetTCPConnection gives, and processes' {
        $connection = [pscustomobject]@{ LocalAddress = '127.0.0.1'; LocalPort = $one.Port; State = 'Listen'; OwningProcess = $one.Id }
        ($connection | Stop-PortOwner -Confirm:$false).Result | Should -Be 'Stopped'
        ($other | Stop-PortOwner -Confirm:$false).Result | Should -Be 'Stopped'
    }

    It 'stops nothing with -WhatIf' {
        $said = Invoke-Shell "Import-Module '$moduleFolder'; Stop-PortOwner $($one.Port) -WhatIf -Force; 'end'"
        @($said -match 'What if').Count | Should -Be 1
        @($said -match 'What if') | Should -Match "\($($one.Id)\)"
        $one.HasExited | Should -BeFalse
    }

    It 'asks even with -Force, and without anybody to ask stops nothing and says what to add' -ForEach '', '-Force' {
        $said = Invoke-Shell "Import-Module '$moduleFolder'; try { Stop-PortOwner $($one.Port), $($other.Port) $_ } catch { `$PSItem.FullyQualifiedErrorId; `"`$PSItem`"; `$PSItem.ErrorDetails.RecommendedAction }; `$Error.Count"
        $said[0] | Should -Be 'PO4103,Stop-PortOwner'
        $said[1] | Should -Match "^Nothing was done, because PowerShell cannot prompt.*\b($($one.Id)|$($other.Id))\b"
        $said[2] | Should -Match '-Confirm:\$false'
        $said.Count | Should -Be 4 -Because 'nothing else is said'
        $one.HasExited, $other.HasExited | Should -Be $false, $false
        $said = Invoke-Shell "Import-Module '$moduleFolder'; (Stop-PortOwner $($one.Port) $_ -Confirm:`$false).Result"
        $said | Should -Be 'Stopped'
    }

    It 'says so to a job, too' {
        $job = Start-Job { Import-Module $using:moduleFolder; Stop-PortOwner $using:one.Port }
        $null = Receive-Job $job -Wait -AutoRemoveJob -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems[0].FullyQualifiedErrorId | Should -Be 'PO4103,Stop-PortOwner'
        $one.HasExited | Should -BeFalse
    }

    It 'redacts with -Redact, and stops the same' {
        $name = [System.Environment]::MachineName
        $said = Invoke-Shell "Import-Module '$moduleFolder'; Stop-PortOwner $($one.Port) -Redact -WhatIf; `$row = Stop-PortOwner $($one.Port) -Redact -Confirm:`$false; `$row.Result; `$row.ComputerName; `$row.Identity"
        $said[-3..-2] | Should -Be 'Stopped', 'MACHINE1'
        $said[-1] | Should -BeLike "TCP/127.0.0.1:$($one.Port);$($one.Id);*;MACHINE1"
        ($said -split '\W') | Should -Not -Contain $name
        $one.WaitForExit(5000) | Should -BeTrue
        $other.HasExited | Should -BeFalse
    }

    It 'takes a redacted row of an address that everybody has, and refuses one of an address that was replaced' {
        $row = Get-PortOwner $one.Port -Redact
        $row.ComputerName | Should -Be 'MACHINE1'
        $result = $row | Stop-PortOwner -Redact -Confirm:$false
        $result.Result, $result.ComputerName | Should -Be 'Stopped', 'MACHINE1'
        $row = Get-PortOwner $other.Port -Redact
        $row.AddressScope, $row.LocalAddress = 'Specific', '192.0.2.1'
        $row | Stop-PortOwner -Redact -Confirm:$false -ErrorVariable problems @refusing | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        "$problems" | Should -Match 'is redacted'
        $other.HasExited | Should -BeFalse
    }

    It 'names nothing of what it refuses with -Redact' {
        $row = Get-PortOwner $one.Port
        $row | Add-Member -NotePropertyName PSComputerName -NotePropertyValue 'secret-host'
        $row.StartTime = $null
        $objects = $row, [pscustomobject]@{ Name = 'secret-host' }, [pscustomobject]@{ LocalPort = "1,secret-host" }
        $objects | Stop-PortOwner -Redact -Confirm:$false -ErrorVariable problems @refusing | Should -BeNullOrEmpty
        $problems | Should -HaveCount 3
        "$problems $($problems.TargetObject)" | Should -Not -Match 'secret-host'
        $row.StartTime = Get-Date
        { $row | Stop-PortOwner -Redact -Confirm:$false } | Should -Throw -ErrorId 'PO1005,Stop-PortOwner'
        $one.HasExited | Should -BeFalse
    }

    It 'refuses a row of a snapshot' {
        $snapshot = Join-Path $TestDrive 'stop.json'
        Save-PortSnapshot $snapshot -WarningAction Ignore
        Get-PortOwner $one.Port -FromSnapshot $snapshot | Stop-PortOwner -Confirm:$false -ErrorVariable problems @refusing | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $one.HasExited | Should -BeFalse
    }

    It 'refuses a row of a snapshot with chosen properties: <_>' -ForEach 'LocalPort', 'OwningProcess', 'LocalPort, OwningProcess', 'Protocol, LocalAddress, LocalPort, OwningProcess' {
        $snapshot = Join-Path $TestDrive 'stop.json'
        Save-PortSnapshot $snapshot -WarningAction Ignore
        Get-PortOwner $one.Port -FromSnapshot $snapshot -Column ($_ -split ', ') | Stop-PortOwner -Confirm:$false -ErrorVariable problems @refusing | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $one.HasExited | Should -BeFalse
    }

    It 'takes a live row with chosen properties: <_>' -ForEach 'LocalPort, OwningProcess', 'Protocol, LocalAddress, LocalPort, OwningProcess, ComputerName' {
        (Get-PortOwner $one.Port -Column ($_ -split ', ') | Stop-PortOwner -WhatIf 6>&1) -join ' ' | Should -Not -Match 'has no Id'
        $null = Get-PortOwner $one.Port -Column ($_ -split ', ') | Stop-PortOwner -WhatIf -ErrorVariable problems 6>$null
        $problems | Should -BeNullOrEmpty
    }

    It 'refuses a row that comes from CSV' {
        Get-PortOwner $one.Port | ConvertTo-Csv | ConvertFrom-Csv | Stop-PortOwner -Confirm:$false -ErrorVariable problems @refusing | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $one.HasExited | Should -BeFalse
    }

    It 'refuses a row of another computer' {
        $row = Get-PortOwner $one.Port
        $row.ComputerName = 'elsewhere'
        $result = $row | Stop-PortOwner -Confirm:$false -ErrorVariable problems @refusing
        $result.Result | Should -Be 'Refused'
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $row | Add-Member -NotePropertyName PSComputerName -NotePropertyValue 'elsewhere'
        $row | Stop-PortOwner -Confirm:$false @refusing | Should -BeNullOrEmpty
        $one.HasExited | Should -BeFalse
    }

    It 'refuses a row of a process that was started at another time' {
        $row = Get-PortOwner $one.Port
        $row.StartTime = $row.StartTime.AddSeconds(-5)
        ($row | Stop-PortOwner -Confirm:$false @refusing).Result | Should -Be 'Refused'
        $one.HasExited | Should -BeFalse
    }

    It 'refuses the shell that it runs in' {
        $listener = New-Listener
        try {
            (Stop-PortOwner $listener.Port -Confirm:$false -Force -ErrorVariable problems @refusing).Result | Should -Be 'Refused'
            $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        } finally {
            $listener.Stop()
        }
    }

    It 'stops a job of this PowerShell, and refuses this PowerShell from within a job' -Skip:(-not $onLinux) {
        $listener = New-Listener
        $job = Start-Job {
            $own = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
            $own.Start()
            $own.LocalEndpoint.Port
            Import-Module $using:moduleFolder
            (Stop-PortOwner $using:listener.Port -Confirm:$false -Force -ErrorAction SilentlyContinue -WarningAction Ignore).Result
            Start-Sleep 60
        }
        try {
            $said = @()
            $until = (Get-Date).AddSeconds(60)
            while ($said.Count -lt 2 -and (Get-Date) -lt $until) { $said += @(Receive-Job $job); Start-Sleep -Milliseconds 50 }
            $said[1] | Should -Be 'Refused'
            $row = Get-PortOwner $said[0]
            $row.OwningProcess | Should -Not -Be $PID
            $row.ParentProcess | Should -Be $PID
            $stopped = Stop-PortOwner $said[0] -Confirm:$false
            $stopped.Result, $stopped.OwningProcess | Should -Be 'Stopped', $row.OwningProcess
            Get-Process -Id $row.OwningProcess -ErrorAction Ignore | Should -BeNullOrEmpty
        } finally {
            $listener.Stop()
            Remove-Job $job -Force
        }
    }

    It 'has nothing to stop, and no error, when nobody listens' {
        Stop-PortOwner (Get-ClosedPort) -Confirm:$false -ErrorVariable problems -WarningAction Ignore | Should -BeNullOrEmpty
        $problems | Should -BeNullOrEmpty
    }
}
