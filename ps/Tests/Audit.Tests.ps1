BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $baseline = Join-Path $TestDrive 'b.yaml'
    $store = Join-Path $TestDrive 'audits.db'
    $before = Join-Path $TestDrive 'before.json'
    $policy = Join-Path $TestDrive 'p.yaml'
    # What other tests leave behind cannot be seen everywhere.
    $WarningPreference = 'Ignore'
    # Audits a snapshot as if it were of another machine.
    function Add-Audit($Store, $Snapshot, [string] $Machine) {
        $copy = Join-Path $TestDrive "$Machine.json"
        $text = [System.IO.File]::ReadAllText($Snapshot) -replace '("machine":\s*\{[^}]*?"name":\s*")[^"]*', "`${1}$Machine"
        [System.IO.File]::WriteAllText($copy, $text)
        $null = Invoke-PortAudit -StorePath $Store -FromSnapshot $copy 6>$null
    }
    # Something listens from the beginning, even where nothing else does.
    $first = New-Listener
    Save-PortSnapshot $before
    # Outside of the dynamic range, where this program may have had a listener before.
    $port = (Get-FreePort).LocalPort
    $listener = New-Object System.Net.Sockets.TcpListener ([System.Net.IPAddress]::Loopback), $port
    $listener.Start()
    Set-Content -LiteralPath $policy -Value @"
kind: PortOwner.Policy
version: 1
rules:
  - { name: no door, action: forbid, ports: $port, severity: Critical, owner: the net team, ticket: CHG-1 }
"@
}

AfterAll {
    $first, $listener | ForEach-Object { $_.Stop() }
}

Describe 'New-, Get- and Update-PortBaseline' {
    It 'approve, list and bring up to date' {
        $approved = @(New-PortBaseline $baseline -FromSnapshot $before -Force -WarningAction Ignore)
        $approved[0].PSTypeNames | Should -Contain 'PortOwner.Listener'
        @(Get-PortBaseline $baseline).Count | Should -Be $approved.Count
        $changes = @(Update-PortBaseline $baseline)
        $changes.Count | Should -BeGreaterThan 0
        $changes[0].PSTypeNames | Should -Contain 'PortOwner.Finding'
        $changes.Kind | Should -Contain 'Opened'
    }

    It 'say as information that nothing changed' {
        $same = Join-Path $TestDrive 'same.yaml'
        $null = New-PortBaseline $same -FromSnapshot $before -Force -WarningAction Ignore
        $said = Update-PortBaseline $same -FromSnapshot $before 6>&1
        $said | Should -BeOfType [System.Management.Automation.InformationRecord]
        "$said" | Should -Match 'is up to date\.$'
    }

    It 'do nothing with -WhatIf' {
        $file = Join-Path $TestDrive 'new.yaml'
        New-PortBaseline $file -WhatIf 6>$null
        Test-Path -LiteralPath $file | Should -BeFalse
        $text = Get-Content -LiteralPath $baseline -Raw
        Update-PortBaseline $baseline -FromSnapshot $before -WhatIf 6>$null
        Get-Content -LiteralPath $baseline -Raw | Should -Be $text
    }

    It 'replace no baseline without -Force' {
        { New-PortBaseline $baseline } | Should -Throw -ErrorId 'PO4204,New-PortBaseline'
        New-PortBaseline $baseline -Force | Should -Not -BeNullOrEmpty
    }

    It 'change no baseline of another machine without -Force' {
        $other = Join-Path $TestDrive 'other.yaml'
        Set-Content -LiteralPath $other -Value "kind: PortOwner.Baseline`nversion: 1`nmachine: no-such-machine`nlisteners: []"
        $text = Get-Content -LiteralPath $other -Raw
        { Update-PortBaseline $other } | Should -Throw -ErrorId 'PO4205,Update-PortBaseline'
        Get-Content -LiteralPath $other -Raw | Should -Be $text
        Update-PortBaseline $other -Force -WarningAction SilentlyContinue | Should -Not -BeNullOrEmpty
        Get-Content -LiteralPath $other -Raw | Should -Not -Be $text
    }

    It 'say where a mistake is' {
        $bad = Join-Path $TestDrive 'bad.yaml'
        Set-Content -LiteralPath $bad -Value "kind: PortOwner.Baseline`nversion: 1`nlisteners: 7"
        { Get-PortBaseline $bad } | Should -Throw '*line 3, column 12*' -ErrorId 'PO2002,Get-PortBaseline'
    }
}

Describe 'Compare-PortSnapshot' {
    It 'shows what opened since a snapshot' {
        $changes = @(Compare-PortSnapshot $before)
        $changes.Kind | Should -Contain 'Opened'
        @(Compare-PortSnapshot $before $before).Count | Should -Be 0
    }

    It 'finds relative paths' {
        Push-Location $TestDrive
        try { Compare-PortSnapshot before.json before.json | Should -BeNullOrEmpty } finally { Pop-Location }
    }
}

Describe 'Invoke-PortAudit and Get-PortAudit' {
    It 'give findings as objects, store them, and report them' {
        $report = Join-Path $TestDrive 'r.csv'
        $findings = @(Invoke-PortAudit -PolicyPath $policy -StorePath $store -ReportPath $report -KeepDay 30 -WarningVariable warnings -WarningAction SilentlyContinue)
        $finding = $findings | Where-Object Kind -EQ 'Forbidden'
        $finding.PSTypeNames | Should -Contain 'PortOwner.Finding'
        $finding.Severity | Should -Be 'Critical'
        $finding.Ticket | Should -Be 'CHG-1'
        $finding.FirstSeen | Should -BeOfType [datetime]
        # What the audit could not tell is in the report, too: a file has no streams.
        $rows = @(Import-Csv -LiteralPath $report)
        @($rows | Where-Object Kind -NE 'Problem').Count | Should -Be $findings.Count
        @($rows | Where-Object Kind -EQ 'Problem').Count | Should -Be $warnings.Count
        $run = Get-PortAudit $store -Last 1
        $run.PSTypeNames | Should -Contain 'PortOwner.AuditRun'
        $run.Findings | Should -Be $findings.Count
        $spans = @(Get-PortAudit $store -Port $port -Program '*')
        $spans[0].PSTypeNames | Should -Contain 'PortOwner.PortHistory'
        Get-PortAudit $store -Port (Get-ClosedPort) | Should -BeNullOrEmpty
        (Get-PortAudit $port -StorePath $store)[0].Port | Should -Be "$port"
        @(Get-PortAudit $store $port).Count | Should -Be @(Get-PortAudit $port -StorePath $store).Count
    }

    It 'go on when the store cannot be written, with an error' {
        $findings = @(Invoke-PortAudit -PolicyPath $policy -StorePath (Join-Path $TestDrive 'no/audits.db') -ErrorVariable problems -ErrorAction SilentlyContinue)
        $findings.Kind | Should -Contain 'Forbidden'
        $problems[0].FullyQualifiedErrorId | Should -Be 'PO4201,Invoke-PortAudit'
    }

    It 'take the URL of a database as it is, not as a path' {
        $null = Invoke-PortAudit -PolicyPath $policy -StorePath 'postgres://ann@localhost:1/audits' -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction SilentlyContinue 6>$null
        $problems[0].FullyQualifiedErrorId | Should -Be 'PO4201,Invoke-PortAudit'
        $problems[0].Exception.Message | Should -Match '^the store postgres://ann@localhost:1/audits cannot be used: nothing listens there'
        { Get-PortAudit 'postgres://ann:s3cret@localhost/audits' -ErrorAction Stop } | Should -Throw -ExpectedMessage '*it contains a password*'
    }

    It 'take the URL of a collector as it is, not as a path, and files next to it' {
        $metrics = Join-Path $TestDrive 'portowner.prom'
        $findings = @(Invoke-PortAudit -PolicyPath $policy -ReportPath $metrics, 'otlp+https://localhost:1?sslrootcert=/none' -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction SilentlyContinue)
        $findings.Kind | Should -Contain 'Forbidden'
        $problems[0].FullyQualifiedErrorId | Should -Be 'PO2001,Invoke-PortAudit'
        Get-Content -LiteralPath $metrics -Raw | Should -Match '(?m)^portowner_audit_listeners\{machine=".+"\} \d+$'
        foreach ($url in 'otlp+https://ann:s3cret@localhost', 'https://ann:s3cret@localhost') {
            $said = try { Invoke-PortAudit -PolicyPath $policy -ReportPath $url -ErrorAction Stop } catch { "$_ $($_.Exception.Message)" }
            $said | Should -BeLike '*unusable URL of a report*'
            $said | Should -Not -BeLike '*s3cret*'
        }
    }

    It 'say that a machine is clean, as information' {
        $clean = Join-Path $TestDrive 'clean.yaml'
        $null = New-PortBaseline $clean -FromSnapshot $before -Force
        $asked = @{ BaselinePath = $clean; FromSnapshot = $before }
        $said = Invoke-PortAudit @asked 6>&1
        $said | Should -BeOfType [System.Management.Automation.InformationRecord]
        $said.Tags | Should -Be 'PortOwner'
        # Wine reports no dynamic range, so the audit is never clean there.
        "$said" | Should -Match $(if ($underWine) { '^audit of ' } else { '^audit of .*: clean' })
        Invoke-PortAudit @asked 6>$null | Should -BeNullOrEmpty
        $null = Invoke-PortAudit @asked -InformationAction SilentlyContinue -InformationVariable kept
        "$kept" | Should -Be "$said"
        Invoke-PortAudit @asked -InformationAction Ignore 6>&1 | Should -BeNullOrEmpty
        { Invoke-PortAudit @asked -InformationAction Stop } | Should -Throw "*$said*"
        # What a person sees who redirects nothing.
        Invoke-Shell "Import-Module '$moduleFolder'; Invoke-PortAudit -BaselinePath '$clean' -FromSnapshot '$before'" | Should -Contain "$said"
    }

    It 'need something to compare with' {
        { Invoke-PortAudit } | Should -Throw -ErrorId 'PO1005,Invoke-PortAudit'
    }
}

Describe 'Get-PortFleet' {
    BeforeAll {
        $fleet = Join-Path $TestDrive 'fleet.db'
        $after = Join-Path $TestDrive 'after.json'
        Save-PortSnapshot $after
        # The same snapshots, as if they were of other machines: only web1 has the new listener.
        foreach ($name in 'web1', 'web2', 'db1') {
            foreach ($snapshot in @($before) + @(if ($name -eq 'web1') { $after })) {
                Add-Audit -Store $fleet -Snapshot $snapshot -Machine $name
            }
        }
    }

    It 'lists the machines, and those that match' {
        $machines = @(Get-PortFleet $fleet)
        $machines[0].PSTypeNames | Should -Contain 'PortOwner.FleetMachine'
        $machines[0].LastAudit | Should -BeOfType [datetime]
        $machines.ComputerName | Should -Be 'db1', 'web1', 'web2'
        (Get-PortFleet $fleet -Machine 'WEB*').ComputerName | Should -Be 'web1', 'web2'
        (Get-PortFleet $fleet -Machine 'web1', 'db?').ComputerName | Should -Be 'db1', 'web1'
        Get-PortFleet $fleet -Machine 'none*' 6>$null | Should -BeNullOrEmpty
    }

    It 'says which machines have a listener, and pipes' {
        $rows = @(Get-PortFleet $fleet $port)
        $rows[0].PSTypeNames | Should -Contain 'PortOwner.FleetListener'
        $rows.ComputerName | Should -Be 'web1'
        @(Get-PortFleet $fleet $first.Port | ForEach-Object ComputerName | Sort-Object -Unique) | Should -Be 'db1', 'web1', 'web2'
        $book = Join-Path $TestDrive 'fleet.xlsx'
        Get-PortFleet $fleet -Version | Export-PortReport $book
        (Get-Item -LiteralPath $book).Length | Should -BeGreaterThan 1000
    }

    It 'says what is new since a time: <What>' -ForEach @(
        @{ What = 'the last 24 hours'; Asked = { @{ New = $true } } }
        @{ What = 'a DateTime'; Asked = { @{ Since = (Get-Date).AddHours(-3) } } }
        @{ What = 'a DateTimeOffset'; Asked = { @{ Since = [System.DateTimeOffset]::Now.AddDays(-40) } } }
        @{ What = 'a TimeSpan'; Asked = { @{ Since = [timespan]::FromDays(40) } } }
        @{ What = 'a text'; Asked = { @{ Since = '2h' } } }
    ) {
        $asked = & $Asked
        $rows = @(Get-PortFleet $fleet $port @asked 6>$null)
        $rows.Count | Should -Be 1
        $rows[0].PSTypeNames | Should -Contain 'PortOwner.PortHistory'
        $rows[0].ComputerName | Should -Be 'web1'
        ($rows | Out-String) | Should -Match '\bweb1\b'
        Get-PortFleet $fleet $first.Port @asked 6>$null | Should -BeNullOrEmpty
    }

    It 'says as information what no row says' {
        $said = @(Get-PortFleet $fleet -Version 6>&1) | Where-Object { $_ -is [System.Management.Automation.InformationRecord] }
        "$said" | Should -Match 'None of these audits has hashes: use Invoke-PortAudit -IncludeHash\.'
    }

    It 'says what is rare' {
        $rows = @(Get-PortFleet $fleet -Rare)
        $rows.ComputerName | Should -Contain 'web1'
        ($rows | Where-Object Port -EQ "$port").Machines | Should -Be 1
        (Get-PortFleet $fleet $port -Rare -MaxMachines 3).Machines | Should -Be 1
        ($rows | Out-String) | Should -Match '\bMachines\b'
    }

    It 'says which machines did not report' {
        $list = Join-Path $TestDrive 'machines.txt'
        Set-Content -LiteralPath $list -Value "web1`nweb9`n# web8"
        $rows = @(Get-PortFleet $fleet -Missing -ExpectedPath $list)
        $rows.ComputerName | Should -Be 'web9'
        $rows.Status | Should -Be 'NeverReported'
        Get-PortFleet $fleet -Missing -MaxAge ([timespan]::FromDays(30)) 6>$null | Should -BeNullOrEmpty
        Push-Location $TestDrive
        try { (Get-PortFleet fleet.db -Missing -ExpectedPath machines.txt).ComputerName | Should -Be 'web9' } finally { Pop-Location }
    }

    It 'has errors with the names of parameters' {
        { Get-PortFleet $fleet -Rare -Version } | Should -Throw -ErrorId 'PO1005,Get-PortFleet' -ExpectedMessage '-Rare cannot be combined with -Version*'
        { Get-PortFleet $fleet -Since 'yesterday' } | Should -Throw -ErrorId 'PO1001,Get-PortFleet'
        { Get-PortFleet $fleet -Sha256 xyz } | Should -Throw
    }

    It 'hides the machines' {
        (Get-PortFleet $fleet -Redact).ComputerName | Should -Not -Contain 'web1'
        "$((Get-PortFleet $fleet -Version -Redact).ComputerNames)" | Should -Not -Match 'web1'
    }
}

Describe 'Get-PortAudit -Machine' {
    It 'takes wildcards' {
        $all = Join-Path $TestDrive 'all.db'
        foreach ($name in 'web1', 'web2', 'db1') {
            Add-Audit -Store $all -Snapshot $before -Machine $name
        }
        (Get-PortAudit $all -Machine 'WEB*').ComputerName | Sort-Object | Should -Be 'web1', 'web2'
        @(Get-PortAudit $all -Machine 'web*' -Last 1).Count | Should -Be 1
        @(Get-PortAudit $all $first.Port -Machine 'db1', 'web2' | ForEach-Object ComputerName | Sort-Object -Unique) | Should -Be 'db1', 'web2'
    }
}
