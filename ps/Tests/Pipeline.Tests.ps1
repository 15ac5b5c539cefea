BeforeDiscovery {
    $hasNode = [bool]$env:PORTOWNER_TEST_NODE
    $onLinux = $PSVersionTable.PSVersion.Major -ge 6 -and $IsLinux
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $first, $second = (New-Listener), (New-Listener)
    $ports = $first.Port, $second.Port | Sort-Object
    $endpoints = foreach ($port in $ports) { [pscustomobject]@{ LocalAddress = '127.0.0.1'; LocalPort = [uint16]$port; State = 'Listen'; OwningProcess = [uint32]1 } }

    function Get-Answer { process { $all += @($_) } end { @($all | Get-PortOwner -WarningAction Ignore).LocalPort | Where-Object { $_ -in $ports } } }
}

AfterAll {
    $first.Stop()
    $second.Stop()
}

Describe 'A port as people type it' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        $listener = New-Listener
        $number = $listener.Port
    }

    AfterAll { $listener.Stop() }

    It 'is one of <Form>' -ForEach @(
        ':{0}', 'localhost:{0}', '127.0.0.1:{0}', '{0}/tcp', 'tcp/{0}', 'http://localhost:{0}/a,b?c=1', 'ws://127.0.0.1:{0}', ' {0} ', "{0}`n", '{0}-{0}', '1, {0}' | ForEach-Object { @{ Form = $_ } }
    ) {
        $text = $Form -f $number
        foreach ($row in (Get-PortOwner $text), ($text | Get-PortOwner)) { $row.LocalPort | Should -Be $number }
        if ($Form -ne '{0}-{0}') { foreach ($row in (Test-PortBinding $text), ($text | Test-PortBinding)) { $row.Port | Should -Contain $number } }
        # This PowerShell is not stopped, which says that the listener was found.
        foreach ($row in (Stop-PortOwner $text -WhatIf -ErrorAction SilentlyContinue), ($text.Trim() | Stop-PortOwner -WhatIf -ErrorAction SilentlyContinue)) { $row.LocalPort | Should -Be $number }
        $said = Get-PortConflict $text -WarningAction Ignore 6>&1
        # Wine does not tell all that this has to know.
        if (-not $underWine) { "$said" | Should -Match "\b$number\b" }
    }

    It 'is a number of any type' {
        foreach ($value in $number, [uint16] $number, [double] $number, "$number") {
            (Get-PortOwner $value).LocalPort, ($value | Get-PortOwner).LocalPort | Should -Be $number, $number
            (Test-PortBinding $value).Port, ($value | Test-PortBinding).Port | Should -Be $number, $number
        }
    }

    It 'may be one of several words: <Typed>' -ForEach @(
        @{ Typed = '{0} {1}' }, @{ Typed = '{0}, {1}' }, @{ Typed = '{0},{0} {1}' }, @{ Typed = '{0} {1},{1}' }, @{ Typed = '-Protocol TCP {0} {1}' }
        @{ Typed = '{0} -Protocol TCP {1}' }, @{ Typed = '@({0}, {1})' }, @{ Typed = "{0} 'http://localhost:{1}/a,b'" }, @{ Typed = '-Port {0}, {1}' }
    ) {
        $words = $Typed -f $ports
        @(Invoke-Expression "Get-PortOwner $words").LocalPort | Sort-Object -Unique | Should -Be $ports
        @(Invoke-Expression "Test-PortBinding $words").Port | Sort-Object -Unique | Should -Be $ports
        @(Invoke-Expression "Stop-PortOwner $words -WhatIf -ErrorAction SilentlyContinue").Endpoints -replace '.*:' | Sort-Object -Unique | Should -Be $ports
        if ($words -match 'Protocol|http') { return }
        @(Invoke-Expression "Wait-Port $words -TimeoutSec 0").LocalPort | Sort-Object -Unique | Should -Be $ports
        { Invoke-Expression "Get-PortConflict $words -WarningAction Ignore -InformationAction Ignore" } | Should -Not -Throw
    }

    It 'is no misspelled parameter: <_>' -ForEach 'Get-PortOwner', 'Test-PortBinding', 'Stop-PortOwner', 'Wait-Port', 'Watch-Port', 'Measure-Port', 'Get-PortConflict', 'Get-PortAudit nothing' {
        { Invoke-Expression "$_ 443 -Protcol TCP" } | Should -Throw -ErrorId "NamedParameterNotFound,$($_ -replace ' .*')" -ExpectedMessage "*'Protcol'*"
    }

    It 'with a mistake in it gets the nearest: <Typed> for <Meant>' -ForEach @(
        @{ Typed = 'htpp'; Meant = 'http' }
        @{ Typed = '44e'; Meant = '443' }
        @{ Typed = 'postgre'; Meant = 'postgres' }
    ) {
        foreach ($ask in { Get-PortOwner $Typed }, { $Typed | Get-PortOwner }, { Test-PortBinding $Typed }, { Stop-PortOwner $Typed }) {
            try { $null = & $ask -ErrorVariable problems -ErrorAction SilentlyContinue 2>&1; $problems = $Error[0] } catch { $problems = $_ }
            $problems.FullyQualifiedErrorId | Should -Match '^PO1002,'
            $problems.ErrorDetails.RecommendedAction | Should -Match "Did you mean $Meant\?"
        }
    }
}

Describe 'Input from the pipeline' {
    It 'may be <Name>' -ForEach @(
        @{ Name = 'numbers'; Items = { $ports } }
        @{ Name = 'texts'; Items = { "$($ports[0])", "$($ports[1])" } }
        @{ Name = 'lists in a text'; Items = { $ports -join ',' } }
        @{ Name = 'ranges'; Items = { "$($ports[0])-$($ports[1])" } }
        @{ Name = 'objects of Get-NetTCPConnection'; Items = { $endpoints } }
        @{ Name = 'our own rows'; Items = { Get-PortOwner $ports } }
        @{ Name = 'rows of a snapshot'; Items = { $path = Join-Path $TestDrive 's.json'; Save-PortSnapshot $path -WarningAction Ignore; Get-PortOwner $ports -FromSnapshot $path } }
        @{ Name = 'rows read from CSV'; Items = { Get-PortOwner $ports | ConvertTo-Csv | ConvertFrom-Csv } }
        @{ Name = 'deserialized rows'; Items = { $path = Join-Path $TestDrive 's.xml'; Get-PortOwner $ports | Export-Clixml $path; Import-Clixml $path } }
        @{ Name = 'processes'; Items = { Get-Process -Id $PID } }
        @{ Name = 'objects with OwningProcess alone'; Items = { [pscustomobject]@{ OwningProcess = $PID } } }
        @{ Name = 'everything at once'; Items = { $ports[0]; 'https'; $endpoints[1]; Get-Process -Id $PID; $null; "$($ports[1])" } }
    ) {
        $rows = @(& $Items | Get-Answer)
        $rows | Should -Be $ports
    }

    It 'is answered for each item: a listener by itself, and the client at a port where nobody listens' {
        $client = New-Object System.Net.Sockets.TcpClient '127.0.0.1', $ports[0]
        try {
            $own = $client.Client.LocalEndPoint.Port
            # Others may have a connection from the same port to somewhere else.
            $rows = @($ports[0], $own | Get-PortOwner -Protocol TCP | Where-Object { -not $_.RemotePort -or $_.RemotePort -eq $ports[0] })
            $rows.LocalPort | Sort-Object | Should -Be ($ports[0], $own | Sort-Object)
            ($rows | Where-Object LocalPort -EQ $own).State | Should -Be 'Established'
            ($rows | Where-Object LocalPort -EQ $ports[0]).State | Should -Be 'Listen'
        } finally {
            $client.Dispose()
        }
    }

    It 'reads each item by itself' {
        # Bound by property name, the second item would keep the port of the first.
        $items = [pscustomobject]@{ LocalPort = $ports[0] }, [pscustomobject]@{ Id = 1 }
        @($items | Get-PortOwner -WarningAction Ignore).LocalPort | Where-Object { $_ -eq $ports[0] } | Should -HaveCount 1
        @([pscustomobject]@{ Id = 1; LocalPort = $ports[0] } | Get-PortOwner).LocalPort | Should -Be $ports[0]
    }

    It 'may come as an argument' {
        @(Get-PortOwner -InputObject $endpoints).LocalPort | Should -Be $ports
    }

    It 'adds to -Port' {
        @($ports[0] | Get-PortOwner -Port $ports[1]).LocalPort | Should -Be $ports
    }

    It 'is nothing when it is empty' {
        @() | Get-PortOwner | Should -BeNullOrEmpty
        $null | Get-PortOwner | Should -BeNullOrEmpty
        Get-PortOwner -InputObject $null | Should -BeNullOrEmpty
    }

    It 'reports an error for each item that is not a port, and answers the others' {
        $problems = $null
        $rows = 'no port', $ports[0], (Get-Item $TestDrive), 70000 | Get-PortOwner -ErrorVariable problems -ErrorAction SilentlyContinue
        $rows.LocalPort | Should -Be $ports[0]
        $problems.Count | Should -Be 3
        $problems.FullyQualifiedErrorId | Should -Be (@('PO1002,Get-PortOwner') * 3)
        $problems.CategoryInfo.Category | Should -Be (@('InvalidArgument') * 3)
        $problems[0].TargetObject | Should -BeOfType [System.IO.DirectoryInfo]
        $problems[1].TargetObject, $problems[2].TargetObject | Should -Be 'no port', '70000'
    }

    It 'starts one process for 200 items' {
        $folder = Join-Path $TestDrive 'once'
        $env:PORTOWNER_EXE = New-Stub $folder (ConvertTo-Document @())
        try { 1..200 | Get-PortOwner } finally { $env:PORTOWNER_EXE = $null }
        @(Get-Content (Join-Path $folder 'starts')).Count | Should -Be 1
    }

    It 'may be longer than a command line' {
        $few = @(1024..65535 | Where-Object { $_ % 8 -eq 0 }) + $ports
        $rows = $few | Get-PortOwner -Protocol TCP -Id $PID -WarningAction Ignore
        $ports | Where-Object { $_ -notin $rows.LocalPort } | Should -BeNullOrEmpty
    }
}

Describe 'Rows piped on' {
    It 'stop exactly one of two processes of the same name' -Skip:(-not $hasNode) {
        $one, $other = (Start-NodeListener), (Start-NodeListener)
        try {
            $said = Invoke-Shell "Import-Module '$moduleFolder'; Get-PortOwner $($one.Port) | Stop-Process -WhatIf; 'end'"
            @($said -match 'What if').Count | Should -Be 1
            @($said -match 'What if') | Should -Match "\($($one.Id)\)"
            Get-PortOwner $one.Port | Stop-Process
            $one.WaitForExit(5000) | Should -BeTrue
            $other.HasExited | Should -BeFalse
        } finally {
            foreach ($process in $one, $other) { $process.StandardInput.Close(); $null = $process.WaitForExit(5000) }
        }
    }

    It 'cannot be bound by Stop-Process when they are recorded' {
        $path = Join-Path $TestDrive 'recorded.json'
        Save-PortSnapshot $path -WarningAction Ignore
        $rows = @(Get-PortOwner $ports -FromSnapshot $path)
        $rows.Count | Should -Be 2
        $rows[0].PSObject.Properties.Name | Should -Not -Contain 'Id'
        $problems = $null
        $rows | Stop-Process -WhatIf -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems.FullyQualifiedErrorId | Should -Be (@('InputObjectNotBound,Microsoft.PowerShell.Commands.StopProcessCommand') * 2)
    }

    It 'cannot be bound by Stop-Process when they come from <Name>' -ForEach @(
        @{ Name = 'a file of Export-Clixml'; Rows = { Get-PortOwner $ports | Export-Clixml (Join-Path $TestDrive 'rows.xml'); Import-Clixml (Join-Path $TestDrive 'rows.xml') } }
        @{ Name = 'a job'; Rows = { Start-Job { Import-Module $using:moduleFolder; Get-PortOwner $using:ports -WarningAction Ignore } | Receive-Job -Wait -AutoRemoveJob } }
        @{ Name = 'a job that selected everything'; Rows = { Start-Job { Import-Module $using:moduleFolder; Get-PortOwner $using:ports -WarningAction Ignore | Select-Object * } | Receive-Job -Wait -AutoRemoveJob } }
        @{ Name = 'JSON'; Rows = { Get-PortOwner $ports | ConvertTo-Json | ConvertFrom-Json } }
        # What remoting does with objects.
        @{ Name = 'another machine'; Rows = { Get-PortOwner $ports | ForEach-Object { [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($_)) } } }
        @{ Name = 'the bare executable on another machine'; Rows = { & $executable ($ports -join ',') --format clixml --stream } }
    ) {
        $rows = @(& $Rows)
        $rows.Count | Should -Be 2
        $rows[0].OwningProcess | Should -Be $PID
        $rows[0].StartTime | Should -BeOfType [datetime]
        $rows[0].PSObject.Properties.Name | Should -Not -Contain 'Id'
        $problems = $null
        $rows | Stop-Process -WhatIf -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems.FullyQualifiedErrorId | Should -Be (@('InputObjectNotBound,Microsoft.PowerShell.Commands.StopProcessCommand') * 2)
    }

    It 'cannot be bound by Stop-Process when they come from CSV' {
        $rows = Get-PortOwner $ports | ConvertTo-Csv | ConvertFrom-Csv
        $rows | Stop-Process -WhatIf -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems.FullyQualifiedErrorId | Should -Be (@('InputObjectNotBound,Microsoft.PowerShell.Commands.StopProcessCommand') * 2)
    }

    It 'can be bound when they have chosen properties, and are live' {
        (Get-PortOwner $ports[0] -Column LocalPort, OwningProcess | Get-Process).Id | Should -Be $PID
        (Get-PortOwner $ports[0] | Get-Process).Id | Should -Be $PID
    }

    It 'are no question for a process of another computer: <Name>' -ForEach @(
        @{ Name = 'a process'; Item = { [pscustomobject]@{ PSTypeName = 'Deserialized.System.Diagnostics.Process'; Id = $PID; PSComputerName = 'srv9' } } }
        @{ Name = 'a process by its machine'; Item = { [pscustomobject]@{ Id = $PID; MachineName = 'srv9' } } }
        @{ Name = 'a row of a snapshot'; Item = { $path = Join-Path $TestDrive 'far.json'; Save-PortSnapshot $path -WarningAction Ignore; Get-PortOwner $ports[0] -FromSnapshot $path -Column OwningProcess } }
    ) {
        & $Item | Get-PortOwner -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO1002,Get-PortOwner'
    }

    It 'have no property that other cmdlets bind by mistake' {
        (Get-PortOwner $ports[0]).PSObject.Properties.Name | Where-Object { $_ -in 'Name', 'ProcessName', 'PID', 'ServiceName', 'InputObject' } | Should -BeNullOrEmpty
    }
}

Describe 'Twenty thousand rows' -Skip:(-not $hasNode) {
    BeforeAll {
        $large = Join-Path $TestDrive 'large.json'
        New-LargeSnapshot $large 20000
    }

    It 'all arrive, whole' {
        $rows = Get-PortOwner -All -FromSnapshot $large
        $rows.Count | Should -Be 20000
        $rows[0].PSTypeNames[0], $rows[19999].PSTypeNames[0] | Select-Object -Unique | Should -Be 'PortOwner.Endpoint#Connection'
        @($rows | Where-Object { $null -eq $_.Owner }).Count | Should -Be 0
    }

    It 'begin to arrive before the last is written' -Skip:(-not $onLinux) {
        # The program goes on when the first row has been seen, or says that it waited in vain.
        $folder = Join-Path $TestDrive 'early'
        $first = ConvertTo-Document ([ordered]@{ Type = 'PortOwner.Endpoint'; Owner = 'first' })
        $in = ((ConvertTo-Document ([ordered]@{ Type = 'PortOwner.Endpoint'; Owner = 'in time' })) -split "`n")[1]
        $late = ((ConvertTo-Document ([ordered]@{ Type = 'PortOwner.Endpoint'; Owner = 'late' })) -split "`n")[1]
        $wait = "i=0; while [ ! -e '$folder/seen' ] && [ `$i -lt 300 ]; do sleep 0.1; i=`$((i+1)); done; if [ -e '$folder/seen' ]; then echo '$in'; else echo '$late'; fi"
        $env:PORTOWNER_EXE = New-Stub $folder $first -Then $wait
        try {
            Get-PortOwner | ForEach-Object { $null = New-Item -ItemType File "$folder/seen" -Force; $_.Owner } | Should -Be 'first', 'in time'
        } finally {
            $env:PORTOWNER_EXE = $null
        }
    }

    It 'may be cut short, and no process is left' -Skip:(-not $onLinux) {
        $folder = Join-Path $TestDrive 'cut'
        $row = [ordered]@{ Type = 'PortOwner.Endpoint'; LocalPort = 443 }
        $env:PORTOWNER_EXE = New-Stub $folder (ConvertTo-Document $row) -First "echo `$`$ > '$folder/pid'" -Then 'exec sleep 60'
        try {
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            (Get-PortOwner | Select-Object -First 1).LocalPort | Should -Be 443
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 30
            foreach ($try in 1..50) {
                if (-not (Get-Process -Id (Get-Content "$folder/pid") -ErrorAction Ignore)) { break }
                Start-Sleep -Milliseconds 100
            }
            Get-Process -Id (Get-Content "$folder/pid") -ErrorAction Ignore | Should -BeNullOrEmpty
        } finally {
            $env:PORTOWNER_EXE = $null
        }
    }
}
