BeforeDiscovery {
    $onLinux = $PSVersionTable.PSVersion.Major -ge 6 -and $IsLinux
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $listener = New-Listener
    $port = $listener.Port
    $client = New-Object System.Net.Sockets.TcpClient '127.0.0.1', $port
    $server = $listener.AcceptTcpClient()
    $snapshot = Join-Path $TestDrive 'snapshot.json'
    Save-PortSnapshot $snapshot -WarningAction Ignore
}

AfterAll {
    $client, $server | ForEach-Object { $_.Dispose() }
    $listener.Stop()
}

Describe 'Get-PortOwner' {
    It 'names this process as the owner of its listener' {
        $row = Get-PortOwner $port
        @($row).Count | Should -Be 1
        $row.LocalPort | Should -Be $port
        $row.LocalAddress | Should -Be '127.0.0.1'
        $row.State | Should -Be 'Listen'
        $row.OwningProcess | Should -Be $PID
        $row.Path | Should -Be (Get-Process -Id $PID).Path
        $row.ComputerName | Should -Not -BeNullOrEmpty
    }

    It 'has what led to this process as objects, where -Tree asks for it' -Skip:(-not $onLinux) {
        $row = Get-PortOwner $port -Tree
        $parent = (Get-Process -Id $PID).Parent
        $row.Ancestors[0].ProcessId | Should -Be $parent.Id
        $row.Ancestors[0].ImageName | Should -Be (Split-Path -Leaf $parent.Path)
        $row.Ancestors[0].StartTime | Should -BeOfType datetime
        $row.Ancestors[-1].ProcessId | Should -BeLessThan $PID
        $row.PSObject.Properties.Name | Should -Contain 'Supervisor'
        ($row | Format-List | Out-String) | Should -Match "Ancestors +: .+ \($($parent.Id)\)"
        (Get-PortOwner $port).PSObject.Properties.Name | Should -Not -Contain 'Ancestors'
    }

    It 'shows in words what led to this process, where -Tree asks for it' -Skip:(-not $onLinux) {
        $row = Get-PortOwner $port -Tree
        $parent = (Get-Process -Id $PID).Parent
        $shown = ($row | Out-String) -replace '\x1b\[[\d;]*m'
        $shown | Should -Match "(?m)^TCP 127\.0\.0\.1 port $port, Listen:\s*$"
        $shown | Should -Match "(?m)^ +\S.* \($($parent.Id)\)(  [a-z]+)?\s*$"
        $shown | Should -Match "(?m)^ +.+\((\w+ )?$PID\)\s*$"
        $shown | Should -Match '(?m)^  (Nothing is known that restarts it\.|(May be restarted|Was started) by: .+)'
        $shown | Should -Not -Match '@\{'
        # The first ancestor comes first.
        $shown.IndexOf("($($row.Ancestors[-1].ProcessId))") | Should -BeLessOrEqual $shown.IndexOf("($($parent.Id))")
        "$($row.Ancestors[0])" | Should -Match " \($($parent.Id)\)$"
        $row | Format-List * | Out-String | Should -Not -Match '@\{'
    }

    It 'looks the working directory up where it is chosen' -Skip:(-not $onLinux) {
        (Get-PortOwner $port -Column WorkingDirectory).WorkingDirectory | Should -Be (Get-Item "/proc/$PID/cwd").Target
        (Get-PortOwner $port).PSObject.Properties.Name | Should -Not -Contain 'WorkingDirectory'
    }

    It 'names what started this process as the system does, whatever PowerShell is started by' -Skip:(-not $onLinux) {
        $row = Get-PortOwner $port
        $parent = (Get-Process -Id $PID).Parent
        # A process may call itself anything: what counts is its program.
        $row.ImageName | Should -Be (Split-Path -Leaf (Get-Process -Id $PID).Path)
        $row.ParentProcess | Should -Be $parent.Id
        $row.ParentImageName | Should -Be (Split-Path -Leaf $parent.Path)
        (Get-PortOwner $port -ImageName $row.ImageName).OwningProcess | Should -Be $PID
    }

    It 'gives numbers and dates' {
        $row = Get-PortOwner $port
        $row.LocalPort | Should -BeOfType [uint16]
        $row.OwningProcess | Should -BeOfType [uint32]
        $row.Id | Should -BeOfType [int]
        $row.StartTime | Should -BeOfType [datetime]
        $row.StartTime.Kind | Should -Be 'Local'
        [math]::Abs(($row.StartTime - (Get-Process -Id $PID).StartTime).TotalSeconds) | Should -BeLessThan 2
        $row.StartTime | Should -BeLessThan (Get-Date)
    }

    It 'gives objects of its own types' {
        (Get-PortOwner $port).PSTypeNames | Should -Be 'PortOwner.Endpoint', 'PortOwner.Endpoint#Live'
        (Get-PortOwner $port).Id | Should -Be $PID
        (Get-PortOwner $port -All)[0].PSTypeNames[0] | Should -Be 'PortOwner.Endpoint#Connection'
        (Get-PortRange)[0].PSTypeNames | Should -Contain 'PortOwner.Range'
    }

    It 'gives nothing, and no error, when nobody owns the port' {
        $problems = $null
        Get-PortOwner (Get-ClosedPort) -ErrorVariable problems -WarningAction Ignore -InformationAction Ignore | Should -BeNullOrEmpty
        $problems | Should -BeNullOrEmpty
    }

    It 'lists all listeners without a port' {
        (Get-PortOwner -WarningAction Ignore).LocalPort | Should -Contain $port
    }

    It 'finds by <Name>' -ForEach @(
        @{ Name = 'a list of ports'; Arguments = { @{ Port = 1, $port } } }
        @{ Name = 'a range of ports'; Arguments = { @{ Port = "$($port - 1)-$($port + 1)" } } }
        @{ Name = 'protocol'; Arguments = { @{ Port = $port; Protocol = 'TCP' } } }
        @{ Name = 'process id'; Arguments = { @{ Port = $port; Id = 1, $PID } } }
        @{ Name = 'image name'; Arguments = { @{ Port = $port; ImageName = 'nothing', "$((Get-Process -Id $PID).Name.Substring(0, 3))*" } } }
        @{ Name = 'address'; Arguments = { @{ Port = $port; Address = '127.0.0.0/8' } } }
        @{ Name = 'user'; Arguments = { @{ Port = $port; User = (Get-PortOwner $port).UserName } } }
        @{ Name = 'range'; Arguments = { @{ Port = $port; Range = 'WellKnown', 'Registered', 'Dynamic' } } }
        @{ Name = 'state'; Arguments = { @{ Port = $port; State = 'Listen' } } }
        @{ Name = 'snapshot'; Arguments = { @{ Port = $port; FromSnapshot = $snapshot } } }
    ) {
        $arguments = & $Arguments
        $rows = @(Get-PortOwner @arguments | Where-Object LocalPort -eq $port)
        $rows.Count | Should -Be 1
        $rows[0].State | Should -Be 'Listen'
    }

    It 'does not find by <Name>' -ForEach @(
        @{ Name = 'another protocol'; Arguments = @{ Protocol = 'UDP' } }
        @{ Name = 'another process'; Arguments = @{ Id = 1 } }
        @{ Name = 'another image'; Arguments = @{ ImageName = 'no such program' } }
        @{ Name = 'another user'; Arguments = @{ User = 'nobody at all' } }
        @{ Name = 'a service'; Arguments = @{ Service = 'no such service' } }
        @{ Name = 'an address elsewhere'; Arguments = @{ Address = '192.0.2.0/24' } }
    ) {
        Get-PortOwner $port @Arguments -WarningAction Ignore | Should -BeNullOrEmpty
    }

    It 'shows connections when asked to' {
        $rows = @(Get-PortOwner $port -All)
        $rows.State | Sort-Object | Should -Contain 'Established'
        @(Get-PortOwner -RemotePort $port -WarningAction Ignore)[0].RemotePort | Should -Be $port
        @(Get-PortOwner -State Established -RemotePort $port -WarningAction Ignore).Count | Should -BeGreaterOrEqual 1
    }

    It 'gives only the columns that are asked for' {
        $row = Get-PortOwner $port -Column LocalPort, Owner
        $row.PSObject.Properties.Name | Should -Be 'LocalPort', 'Owner'
    }

    It 'answers from each of several snapshots' {
        $folder = Join-Path $TestDrive 'several'
        $null = New-Item -ItemType Directory $folder
        foreach ($name in 'one.json', '[2].json') { Copy-Item -LiteralPath $snapshot -Destination (Join-Path $folder $name) }
        $rows = @(Get-ChildItem (Join-Path $folder '*.json') | ForEach-Object { Get-PortOwner $port -FromSnapshot $_.FullName })
        $rows.OwningProcess | Should -Be $PID, $PID
        @(Get-PortOwner $port -FromSnapshot (Join-Path $folder '*.json')).OwningProcess | Should -Be $PID, $PID
    }

    It 'answers from rows that were saved with all that they told' -Skip:(-not $onLinux) {
        $row = Get-PortOwner $port -Tree
        $row.Ancestors.Count | Should -BeGreaterThan 0
        $file = Join-Path $TestDrive 'told.xml'
        foreach ($depth in 2, 5) {
            $row | Export-Clixml $file -Depth $depth
            $read = Get-PortOwner $port -FromSnapshot $file -Tree -WarningAction Ignore
            foreach ($name in 'Owner', 'Application', 'WorkingDirectory', 'Supervisor', 'ImageName', 'StartTime') { $read.$name | Should -Be $row.$name -Because $name }
            $read.Ancestors.Count | Should -Be $row.Ancestors.Count
            for ($i = 0; $i -lt $row.Ancestors.Count; $i++) {
                foreach ($name in 'ProcessId', 'ImageName', 'Application', 'StartTime', 'Role') { $read.Ancestors[$i].$name | Should -Be $row.Ancestors[$i].$name -Because "$name of $i" }
            }
        }
        # A file in which a process id is that of another process is not believed for it.
        $read.PSObject.Properties['Id'] | Should -BeNullOrEmpty
        # As text.
        $again = $row | ConvertTo-Json -Depth 4 | ConvertFrom-Json
        $again.Ancestors[0].ProcessId | Should -Be $row.Ancestors[0].ProcessId
        $again.Application, $again.WorkingDirectory, $again.Supervisor | Should -Be $row.Application, $row.WorkingDirectory, $row.Supervisor
    }

    It 'answers from what other cmdlets gave to Export-Clixml, in several files' {
        $folder = Join-Path $TestDrive 'saved'
        $null = New-Item -ItemType Directory $folder
        # As Get-NetTCPConnection names it; a real one is only on Windows.
        $connection = [pscustomobject]@{ LocalAddress = '192.0.2.7'; LocalPort = [uint16] 443; RemoteAddress = '0.0.0.0'; RemotePort = [uint16] 0; State = 'Listen'; OwningProcess = [uint32] $PID }
        $connection.PSTypeNames.Insert(0, 'Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetTCPConnection')
        $connection | Export-Clixml (Join-Path $folder 'tcp.xml')
        Get-Process -Id $PID | Export-Clixml (Join-Path $folder 'processes.xml')
        $row = Get-PortOwner 443 -FromSnapshot (Join-Path $folder '*.xml') -WarningAction Ignore
        $row.LocalAddress | Should -Be '192.0.2.7'
        $row.ImageName | Should -BeLike "$((Get-Process -Id $PID).Name)*"
    }

    It 'keeps text with any character' {
        $folder = Join-Path $TestDrive 'characters'
        $row = [ordered]@{ Type = 'PortOwner.Endpoint'; LocalPort = 443; Owner = 'x' }
        $content = (ConvertTo-Document $row) -replace '>x<', '>_x00E9__xD83D__xDE00__x005F_x0041<'
        $env:PORTOWNER_EXE = New-Stub $folder $content
        try { (Get-PortOwner).Owner | Should -Be "$([char]0xe9)$([char]0xd83d)$([char]0xde00)_x0041" } finally { $env:PORTOWNER_EXE = $null }
    }
}

Describe 'Get-PortRange' {
    It "gives IANA's three classes and the machine's own range" {
        $ranges = Get-PortRange
        $ranges.Kind | Should -Contain 'WellKnown'
        ($ranges | Where-Object Kind -eq 'Registered').StartPort | Should -Be 1024
        ($ranges | Where-Object Kind -eq 'WellKnown').EndPort | Should -BeOfType [uint16]
        Skip-UnderWine 'prints nothing for netsh, which says the dynamic range'
        @($ranges | Where-Object Kind -eq 'LocalDynamic').Count | Should -BeGreaterThan 0
    }
}

Describe 'Save-PortSnapshot' {
    It 'writes where PowerShell is, not where its process is' {
        Push-Location $TestDrive
        try {
            $file = Save-PortSnapshot 'here.json' -PassThru -WarningAction Ignore
            $file.FullName | Should -Be (Join-Path (Get-Location).ProviderPath 'here.json')
            Get-PortOwner $port -FromSnapshot here.json | Should -Not -BeNullOrEmpty
        } finally {
            Pop-Location
        }
    }

    It 'leaves out names of people and machines with -Redact, and still answers' {
        $path = Join-Path $TestDrive 'redacted.json'
        Save-PortSnapshot $path -Redact -WarningAction Ignore
        $facts = Get-Content -LiteralPath $path -Raw | ConvertFrom-Json
        $facts.machine.name | Should -Be 'MACHINE1'
        $row = Get-PortOwner $port -FromSnapshot $path
        $row.OwningProcess | Should -Be $PID
        $row.ComputerName | Should -Be 'MACHINE1'
        $row.WorkingDirectory, $row.CommandLine | Should -Be $null, $null
    }

    It 'redacts rows with -Redact' {
        $plain = Get-PortOwner $port -FromSnapshot $snapshot
        $row = Get-PortOwner $port -FromSnapshot $snapshot -Redact
        $row.OwningProcess | Should -Be $PID
        $row.ComputerName | Should -Be 'MACHINE1'
        $plain.ComputerName | Should -Not -Be 'MACHINE1'
        (Test-PortBinding $port -FromSnapshot $snapshot -Redact).ComputerName | Should -Be 'MACHINE1'
        (Get-FreePort -Redact).ComputerName | Should -Be 'MACHINE1'
    }

    It 'writes to a drive of PowerShell' {
        $null = New-PSDrive -Name Snap -Scope Global -PSProvider FileSystem -Root (Convert-Path $TestDrive)
        Save-PortSnapshot 'Snap:\drive.json' -WarningAction Ignore
        Join-Path $TestDrive 'drive.json' | Should -Exist
        Get-PortOwner $port -FromSnapshot 'Snap:\drive.json' | Should -Not -BeNullOrEmpty
        Remove-PSDrive Snap -Scope Global
    }

    It 'gives nothing without -PassThru, and does nothing with -WhatIf' {
        $path = Join-Path $TestDrive 'nothing.json'
        Save-PortSnapshot $path -WhatIf 6>$null | Should -BeNullOrEmpty
        $path | Should -Not -Exist
        Save-PortSnapshot $path -WarningAction Ignore | Should -BeNullOrEmpty
        $path | Should -Exist
    }

    It 'has command lines only when asked for' {
        $path = Join-Path $TestDrive 'lines.json'
        Save-PortSnapshot $path -WarningAction Ignore
        (Get-PortOwner $port -FromSnapshot $path -IncludeCommandLine).CommandLine | Should -BeNullOrEmpty
        Save-PortSnapshot $path -IncludeCommandLine -WarningAction Ignore
        (Get-PortOwner $port -FromSnapshot $path -IncludeCommandLine).CommandLine | Should -Not -BeNullOrEmpty
    }

    It 'a row has a command line only when asked for' {
        (Get-PortOwner $port).PSObject.Properties.Name | Should -Not -Contain 'CommandLine'
        (Get-PortOwner $port -IncludeCommandLine).CommandLine | Should -Not -BeNullOrEmpty
        (Get-PortOwner $port -Column CommandLine).CommandLine | Should -Not -BeNullOrEmpty
        Get-PortOwner $port -IncludeCommandLine | Out-String -Width 300 | Should -Match 'CommandLine'
    }

    It 'keeps raw answers that can be asked' {
        $raw = Join-Path $TestDrive 'raw folder'
        Save-PortSnapshot (Join-Path $TestDrive 'raw.json') -RawPath $raw -WarningAction Ignore
        Get-PortOwner $port -FromSnapshot "$raw$([System.IO.Path]::DirectorySeparatorChar)" -WarningAction Ignore | Should -Not -BeNullOrEmpty
    }

    It 'is an error where it cannot write' {
        { Save-PortSnapshot (Join-Path $TestDrive 'no such folder/x.json') -WarningAction Ignore } | Should -Throw -ErrorId 'PO2004,Save-PortSnapshot'
        { Get-PortOwner 1 -FromSnapshot 'NoSuchDrive:\x.json' } | Should -Throw -ErrorId 'PO2001,Get-PortOwner'
    }
}
