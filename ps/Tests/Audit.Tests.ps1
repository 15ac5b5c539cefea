BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $baseline = Join-Path $TestDrive 'b.yaml'
    $store = Join-Path $TestDrive 'audits.db'
    $before = Join-Path $TestDrive 'before.json'
    $policy = Join-Path $TestDrive 'p.yaml'
    # What other tests leave behind cannot be seen everywhere.
    $WarningPreference = 'Ignore'
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
