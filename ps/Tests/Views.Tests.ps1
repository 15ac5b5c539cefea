BeforeDiscovery {
    $hasColors = $PSVersionTable.PSVersion -ge [version]'7.2'
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $listener = New-Listener
    $port = $listener.Port
    $client = New-Object System.Net.Sockets.TcpClient '127.0.0.1', $port
    $server = $listener.AcceptTcpClient()
    function Get-Text { ($input | Out-String -Width 200) -replace '\x1b\[[0-9;]*m' -split '\r?\n' | Where-Object { $_ } }
}

AfterAll {
    $client, $server | ForEach-Object { $_.Dispose() }
    $listener.Stop()
}

Describe 'The table' {
    It 'has the columns that answer the question' {
        $text = Get-PortOwner $port | Get-Text
        $text[0] -split '\s+' | Should -Be 'Protocol', 'LocalAddress', 'LocalPort', 'State', 'Owner'
        $text[2] | Should -Match "^TCP +127\.0\.0\.1 +$port +Listen +\S.*\((\w+ )?$PID\)`$"
    }

    It 'has the remote end of connections' {
        $text = Get-PortOwner $port -All | Get-Text
        $text[0] -split '\s+' | Should -Be 'Protocol', 'LocalAddress', 'LocalPort', 'RemoteAddress', 'RemotePort', 'State', 'Owner'
    }

    It 'has what was asked for: <Options>' -ForEach @(
        @{ Options = '-Firewall'; Asked = @{ Firewall = $true }; Shown = 'State FirewallStatus Owner' }
        @{ Options = '-All -Firewall'; Asked = @{ All = $true; Firewall = $true }; Shown = 'RemotePort State FirewallStatus Owner' }
        @{ Options = '-All -Resolve'; Asked = @{ All = $true; Resolve = $true }; Shown = 'RemotePort State RemoteHostName Owner' }
        @{ Options = '-All -Resolve -Firewall'; Asked = @{ All = $true; Resolve = $true; Firewall = $true }; Shown = 'RemotePort State RemoteHostName FirewallStatus Owner' }
    ) {
        $rows = Get-PortOwner $port @Asked -WarningAction Ignore
        $text = $rows | Get-Text
        $text[0] -replace '\s+', ' ' | Should -BeLike "*$Shown*"
        $path = Join-Path $TestDrive 'asked.xml'
        $rows | Export-Clixml $path
        Import-Clixml $path | Get-Text | Should -Be $text
    }

    It 'of ranges has their ends' {
        (Get-PortRange | Get-Text)[0] -split '\s+' | Where-Object { $_ -notin 'Protocol', 'AddressFamily' } | Should -Be 'Kind', 'StartPort', 'EndPort', 'Count', 'Source'
    }

    It 'is the same for objects that were serialized' {
        $path = Join-Path $TestDrive 'rows.xml'
        $rows = Get-PortOwner $port
        $rows | Export-Clixml $path
        $read = Import-Clixml $path
        $read.PSTypeNames[0] | Should -Be 'Deserialized.PortOwner.Endpoint'
        $read | Get-Text | Should -Be ($rows | Get-Text)
    }

    It 'of chosen columns shows control characters as escapes, and the values have them' {
        $path = Join-Path $TestDrive 'hostile.json'
        Save-PortSnapshot $path -WarningAction Ignore
        $facts = [System.IO.File]::ReadAllText($path) | ConvertFrom-Json
        $hostile = "a$([char] 27)]0;owned$([char] 7)"
        foreach ($process in $facts.sections.processes.data) { if ($process.path) { $process.path = $hostile } }
        [System.IO.File]::WriteAllText($path, ($facts | ConvertTo-Json -Depth 20 -Compress))
        $row = Get-PortOwner $port -FromSnapshot $path -Column LocalPort, Path -WarningAction Ignore
        $row.Path | Should -BeExactly $hostile
        foreach ($text in ($row | Out-String), ($row | Format-List | Out-String)) {
            $text | Should -BeLike '*a\x1b`]0;owned\x07*'
            $text | Should -Not -Match '[\x07\x1b]'
        }
    }

    It 'is the same for what the executable itself gives' {
        & $executable $port --format clixml | Get-Text | Should -Be (Get-PortOwner $port | Get-Text)
    }

    It 'of chosen columns has them' {
        (Get-PortOwner $port -Column Owner, LocalPort | Format-Table | Get-Text)[0] -split '\s+' | Where-Object { $_ } | Should -Be 'Owner', 'LocalPort'
    }

    It 'fits 80 characters with the owner in it' {
        $lines = (Get-PortOwner $port -All | Out-String -Width 80) -replace '\x1b\[[0-9;]*m' -split '\r?\n'
        ($lines | ForEach-Object Length | Measure-Object -Maximum).Maximum | Should -BeLessOrEqual 80
        $lines -match 'Owner' | Should -Not -BeNullOrEmpty
    }

    It 'of <Type> has all that answers in <Width> characters' -ForEach @(
        @{
            Type = 'PortOwner.AuditTask#ScheduledStored'; Width = 80
            Row = [ordered]@{ TaskName = 'portowner-audit.timer'; State = 'NotInstalled'; TimeOfDay = '03:00'; LastAudit = [datetime] '2026-11-22 17:22:33'; LastFindings = [uint32] 12 }
        }
        @{
            Type = 'PortOwner.Listener#Users'; Width = 80
            Row = [ordered]@{ Port = 'dynamic'; Protocol = 'TCP'; LocalAddress = 'loopback'; UserName = 'root'; Program = '/root/.pyenv/versions/3.11.7/bin/python3' }
        }
        @{
            Type = 'PortOwner.PortHistory'; Width = 120
            Row = [ordered]@{ Protocol = 'TCP'; LocalAddress = '192.168.100.200'; Port = '65535'; Event = 'ChangedHands'; FirstSeen = [datetime] '2026-11-22 17:22:33'; LastSeen = [datetime] '2026-11-22 17:22:33'; IsOpen = $true; Program = '/usr/sbin/nginx' }
        }
    ) {
        $object = [pscustomobject] $Row
        $object.PSTypeNames.Insert(0, $Type)
        $lines = ($object | Out-String -Width $Width) -replace '\x1b\[[0-9;]*m' -split '\r?\n' | Where-Object { $_ }
        $lines.Count | Should -Be 3 -Because 'no title is broken'
        $lines[0] -split '\s+' | Where-Object { $_ } | Should -Be @($Row.Keys)
    }

    It 'of a wide window has more columns: <Width>' -ForEach @(
        @{ Width = 119; Added = @() }
        @{ Width = 120; Added = 'WorkingDirectory' }
        @{ Width = 160; Added = 'OwningProcess', 'Application', 'WorkingDirectory' }
    ) {
        & (Get-Module PortOwner) { param($Width) $script:width = $Width; function script:Get-WindowWidth { $script:width } } $Width
        try {
            $row = Get-PortOwner $port
            $text = $row | Get-Text
            $text[0] -split '\s+' | Should -Be (@('Protocol', 'LocalAddress', 'LocalPort', 'State') + $Added + 'Owner')
            if ($Added) {
                $row.WorkingDirectory | Should -Not -BeNullOrEmpty
                # This host may have a narrower window, to which owners are wrapped.
                $text -join ' ' | Should -Match "\b$PID\)"
                $row.WorkingDirectory = Join-Path $HOME 'shop'
                ($row | Get-Text)[2] | Should -Match ([regex]::Escape("~$([System.IO.Path]::DirectorySeparatorChar)shop "))
            }
            # What goes on in a pipeline, and what was asked for otherwise, is as always.
            @(Get-PortOwner $port | ForEach-Object { $_ }).PSObject.Properties.Name | Should -Not -Contain 'WorkingDirectory'
            (Get-PortOwner $port -All | Get-Text)[0] | Should -Match 'RemotePort'
            (Get-PortOwner $port -Redact).PSObject.Properties.Name | Should -Not -Contain 'WorkingDirectory'
        } finally {
            & (Get-Module PortOwner) { Remove-Item function:Get-WindowWidth }
            Import-Module $moduleFolder -Force
        }
    }

    It 'names the machines of several snapshots, and not that of one' {
        $one, $other = 'one.json', 'other.json' | ForEach-Object { Join-Path $TestDrive $_ }
        Save-PortSnapshot $one -WarningAction Ignore
        (Get-Content -LiteralPath $one -Raw) -replace '("machine":\s*\{[^}]*"name":\s*")[^"]*', '$1elsewhere' | Set-Content -LiteralPath $other
        (Get-PortOwner $port -FromSnapshot $one | Get-Text)[0] | Should -Not -Match 'ComputerName'
        $text = Get-PortOwner $port -FromSnapshot $one, $other | Get-Text
        $text[0] | Should -Match '^ComputerName +Protocol'
        $text -match '^elsewhere ' | Should -HaveCount 1
        (Get-PortRange -FromSnapshot $one, $other | Get-Text)[0] | Should -Match '^ComputerName '
        (Get-PortOwner $port -FromSnapshot $one, $other -All | Get-Text)[0] | Should -Match '^ComputerName +Protocol.*RemotePort'
        $text = Test-PortBinding $port -FromSnapshot $one, $other | Get-Text
        $text -match '^elsewhere: ' | Should -HaveCount 1
    }

    It 'of <Type> breaks no title and hides no answer, <Width> characters wide' -ForEach @(
        foreach ($width in 70, 80, 100, 120) {
            @{ Width = $width; Type = 'PortOwner.Endpoint'; Last = 'Owner'; Row = @{ Protocol = 'TCP'; LocalAddress = '192.168.100.200'; LocalPort = [uint16] 65535; State = 'Listen'; OwningProcess = [uint32] 1234567; Owner = 'python -m http.server (1234567)' } }
            @{ Width = $width; Type = 'PortOwner.Finding'; Last = 'Owner'; Row = @{ Kind = 'OwnerChanged'; Severity = 'Critical'; Endpoint = 'TCP 127.0.0.1:65535'; Owner = 'node server.js as root'; Rule = 'no development servers' } }
            @{ Width = $width; Type = 'PortOwner.StopResult'; Last = 'Owner'; Row = @{ Result = 'NotStopped'; Protocol = 'TCP'; LocalPort = [uint16] 65535; Method = 'SIGTERM'; Owner = 'python -m http.server (1234567)' } }
            @{ Width = $width; Type = 'PortOwner.Traffic#Queues'; Last = 'Owner'; Row = @{ LocalPort = [uint16] 65535; State = 'Listen'; AcceptQueue = [uint32] 1; Backlog = [uint32] 511; Owner = 'python -m http.server (1234567)'; Warning = 'its queue is full' } }
            @{ Width = $width; Type = 'PortOwner.Event'; Last = 'Owner'; Row = @{ Time = [datetime] '2026-11-22 17:22:33'; Kind = 'Closed'; LocalPort = [uint16] 65535; RemoteAddress = '127.0.0.1'; State = 'Listen'; Owner = 'nginx (7167)' } }
        }
    ) {
        $object = [pscustomobject] $Row
        $object.PSTypeNames.Insert(0, ($Type -replace '#.*'))
        if ($Type -match '#') { $object.PSTypeNames.Insert(0, $Type) }
        $lines = ($object | Out-String -Width $Width) -replace '\x1b\[[0-9;]*m' -split '\r?\n' | Where-Object { $_ }
        $lines[1] | Should -Match '^[- ]+$' -Because 'no title is broken'
        $lines[0] | Should -Match "\b$Last\b"
        ($lines | Select-Object -Skip 2) -join ' ' | Should -Match (@($Row.$Last -split ' ')[0])
        if ($Row['Warning']) { ($lines -join ' ' -replace '\s') | Should -Match 'itsqueueisfull' }
    }

    It 'shows states in color' -Skip:(-not $hasColors) {
        $old = $PSStyle.OutputRendering
        try {
            $PSStyle.OutputRendering = 'Ansi'
            Get-PortOwner $port | Out-String | Should -Match "$([char]27)\[32mListen"
            $PSStyle.OutputRendering = 'PlainText'
            Get-PortOwner $port | Out-String | Should -Not -Match "$([char]27)"
        } finally {
            $PSStyle.OutputRendering = $old
        }
    }
}

Describe 'The view that nobody chose' {
    It 'of a verdict has the answer, what shows it and what to do, in <Width> characters' -ForEach @{ Width = 80 }, @{ Width = 120 } {
        $row = Test-PortBinding $port
        $lines = ($row | Out-String -Width $Width) -replace '\x1b\[[0-9;]*m' -split '\r?\n' | Where-Object { $_ }
        $lines[0] | Should -Be $row.Summary
        $row.Summary | Should -Match "^Port $port is in use by .*\b$PID\b"
        ($lines | ForEach-Object Length | Measure-Object -Maximum).Maximum | Should -BeLessOrEqual $Width
        $text = $lines -join ' ' -replace '\s+'
        foreach ($line in $row.Evidence) { $text | Should -Match ([regex]::Escape(($line -replace '\s+'))) }
        $lines | Should -Contain '  What to do:'
        # A command stands in a line of its own, so that it can be copied.
        foreach ($line in $row.Remedy -notmatch '^#') { $lines.Trim() | Should -Contain ($line -split '  # ')[0] }
    }

    It 'of a verdict breaks no word and no command: <Culture>, <Width> characters' -ForEach @(
        @{ Culture = 'en-US'; Width = 40 }
        @{ Culture = 'en-US'; Width = 60 }
        # PowerShell breaks words in the other languages.
        @{ Culture = 'nl-NL'; Width = 0 }
        @{ Culture = ''; Width = 0 }
    ) {
        if (-not $Width) { $Width = try { $Host.UI.RawUI.BufferSize.Width } catch { 0 } }
        if ($Width -lt 20) { Set-ItResult -Skipped -Because 'this host has no window' }
        $row = Test-PortBinding $port
        $row.Evidence += "what shows it $('is a long sentence ' * 20)"
        $row.Summary = "Port $port is in use by $('one program and ' * 10) another."
        $old = [cultureinfo]::CurrentCulture
        try {
            [cultureinfo]::CurrentCulture = $Culture
            $lines = ($row | Out-String -Width $Width) -replace '\x1b\[[0-9;]*m' -split '\r?\n' | Where-Object { $_ }
        } finally {
            [cultureinfo]::CurrentCulture = $old
        }
        ($lines | ForEach-Object Length | Measure-Object -Maximum).Maximum | Should -BeLessOrEqual $Width
        $words = @($row.Summary) + $row.Evidence + @($row.Remedy -split '  # ' | Where-Object { $_ }) -join ' ' -split '\s+'
        Compare-Object ($words | Sort-Object -Unique) ($lines -join ' ' -split '\s+' | Sort-Object -Unique) | Where-Object { $_.SideIndicator -eq '<=' } | Should -BeNullOrEmpty
        foreach ($line in $row.Remedy -notmatch '^#' | Where-Object Length -lt ($Width - 4)) { $lines.Trim() | Should -Contain ($line -split '  # ')[0] }
        # What continues stands further in.
        @($lines -match '^\S') | Should -HaveCount 1
        $lines[0] | Should -Match '^Port '
    }

    It 'of a verdict without remedies ends with its evidence' {
        $row = Test-PortBinding (Get-ClosedPort)
        $row.Remedy = $null
        $lines = ($row | Out-String -Width 200) -replace '\x1b\[[0-9;]*m' -split '\r?\n'
        @($lines -match '^ +(\{\})?$') | Should -HaveCount 0
    }

    It 'of several verdicts has each' {
        $closed = Get-ClosedPort
        $text = $port, $closed | Test-PortBinding | Get-Text
        $text -match '^Port ' | Should -HaveCount 2
        $text | Should -Contain "Port $closed is free."
        $text -match '^  What to do' | Should -HaveCount 1
    }

    It 'of a verdict is the same for objects that were serialized' {
        $path = Join-Path $TestDrive 'verdict.xml'
        $row = Test-PortBinding $port
        $row | Export-Clixml $path
        Import-Clixml $path | Get-Text | Should -Be ($row | Get-Text)
    }

    It 'of a conflict explains it, and breaks no word' {
        $conflict = [pscustomobject]@{
            PSTypeName  = 'PortOwner.Conflict'
            Severity    = 'Warning'
            Kind        = 'FamilySplit'
            Protocol    = 'TCP'
            Address     = '127.0.0.1, ::1'
            Port        = [uint16] 3000
            Owners      = 'node server.js (775)', 'node other.js (776)'
            Description = 'node server.js (775) owns the port over IPv4, and node other.js (776) over IPv6: which one is reached depends on name resolution.'
            Remedy      = @()
        }
        $lines = ($conflict | Out-String -Width 80) -replace '\x1b\[[0-9;]*m' -split '\r?\n' | Where-Object { $_ }
        $lines[0..2] | Should -Be 'Warning: FamilySplit, TCP port 3000 on 127.0.0.1, ::1', '  node server.js (775)', '  node other.js (776)'
        ($lines | ForEach-Object Length | Measure-Object -Maximum).Maximum | Should -BeLessOrEqual 80
        @($lines | Select-Object -Skip 3).Trim() -join ' ' | Should -Be $conflict.Description
        $conflict.Port = $conflict.Address = $null
        ($conflict | Out-String) -split '\r?\n' | Should -Contain 'Warning: FamilySplit'
    }

    It 'of a free port is a line' {
        $text = Get-FreePort | Get-Text
        $text.Count | Should -Be 3
        $text[0] | Should -Match '^LocalPort '
    }

    It 'has no empty column: <_>' -ForEach @(
        'Get-FreePort', 'Get-FreePort -HoldSec 1', 'Get-FreePort $port -Explain', 'Get-FreePort -Near $port -Explain', 'Get-PortRange', 'Get-PortAuditTask',
        'Invoke-PortAudit -PolicyPath $policy', 'Invoke-PortAudit -PolicyPath $policy -StorePath $store', 'Get-PortAudit $store', 'New-PortBaseline $baseline -Force'
    ) {
        $policy, $store, $baseline = 'p.yaml', 'a.db', 'b.yaml' | ForEach-Object { Join-Path $TestDrive $_ }
        Set-Content -LiteralPath $policy -Value "{ kind: PortOwner.Policy, version: 1, rules: [{ name: no door, action: forbid, ports: $port }] }"
        $rows = @(& ([scriptblock]::Create("$_ -WarningAction Ignore -ErrorAction Ignore -InformationAction Ignore")))
        $rows | Should -Not -BeNullOrEmpty
        foreach ($name in ($rows | Get-Text)[0] -split '\s+' | Where-Object { $_ }) {
            $rows.$name | Should -Not -BeNullOrEmpty -Because "$name is shown"
        }
        if ($_ -like 'Invoke-PortAudit*') { ($rows | Get-Text) -join "`n" | Should -Match '\bRule\b(?s:.*)no door' }
    }

    It 'cuts nothing off that answers' {
        $source = 'a long name of where it comes from ' * 4
        $object = [pscustomobject]@{ Kind = 'Reserved'; Protocol = 'TCP'; AddressFamily = 'IPv4'; StartPort = 1; EndPort = 2; Count = 2; Source = $source }
        $object.PSTypeNames.Insert(0, 'PortOwner.Range')
        $lines = ($object | Out-String -Width 80) -replace '\x1b\[[0-9;]*m' -split '\r?\n' | Where-Object { $_ }
        $column = $lines[0].IndexOf('Source')
        $said = -join @($lines | Select-Object -Skip 2 | ForEach-Object { $_.Substring([Math]::Min($column, $_.Length)) })
        $said -replace '\s' | Should -Be ($source -replace '\s')
    }

    It 'has a line for each sentence and command among objects of other types, and nothing more for programs' {
        $row = Test-PortBinding $port
        $row.Evidence.Count, $row.Remedy.Count | Should -Not -Contain 1
        $lines = @((Get-PortRange)[0], $row) | Get-Text
        ($lines -match '^Summary +: ').Count | Should -Be 1
        foreach ($line in $row.Evidence) { ($lines -replace '^(Because +:| +) ') -join ' ' | Should -BeLike "*$($line.Substring(0, 20))*" }
        $lines -match '\.\.\.|…|^Evidence' | Should -BeNullOrEmpty
        ($row | ConvertTo-Json) + ($row | Select-Object * | ConvertTo-Json) + [Management.Automation.PSSerializer]::Serialize($row) | Should -Not -Match 'Because|What to do'
    }

    It 'is of few lines among objects of other types' {
        $text = @((Get-PortRange)[0], (Get-FreePort)) | Get-Text
        ($text -match '^\w+ +: ').Count | Should -BeIn 1, 2, 3
    }
}

Describe 'The list' {
    It 'has everything' {
        $row = Get-PortOwner $port
        $labels = ($row | Format-List | Get-Text) -match '^\w+ +:' -replace ' +:.*'
        $labels | Should -Be ($row.PSObject.Properties.Name + 'Id')
    }

    It 'has a line for each sentence and command' {
        $row = Test-PortBinding $port
        $row.Evidence.Count, $row.Remedy.Count | Should -Not -Contain 1
        $text = @($row | Format-List | Get-Text) -replace '^(\w+ *:| +) '
        foreach ($line in @($row.Evidence) + @($row.Remedy)) { $text | Should -Contain $line }
    }
}

Describe 'Every view' {
    It 'lets no program speak to the terminal: <_>' -ForEach 'Format-Table', 'Format-List' {
        $content = (ConvertTo-Document ([ordered]@{ Type = 'PortOwner.Endpoint'; LocalPort = 443; Owner = 'evil'; ImageName = 'evil'; State = 'Listen' })) -replace 'evil', '_x001B_]0;evil_x0007_'
        $env:PORTOWNER_EXE = New-Stub (Join-Path $TestDrive $_) $content
        try {
            $text = Get-PortOwner | & $_ | Out-String
            $text | Should -Match '\?\]0;evil\?'
            $text | Should -Not -Match "$([char]27)\]"
        } finally {
            $env:PORTOWNER_EXE = $null
        }
    }

    It 'works under strict rules' {
        Set-StrictMode -Version Latest
        Get-PortOwner $port | Get-Text | Should -Not -BeNullOrEmpty
        Get-PortOwner $port | Format-List | Get-Text | Should -Not -BeNullOrEmpty
    }
}
