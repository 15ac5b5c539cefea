BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $env:XDG_STATE_HOME = Join-Path $TestDrive 'state'
    # Under these names a command that is asked about anything says no.
    $refusing = @{ ErrorAction = 'SilentlyContinue'; WarningAction = 'Ignore' }
    $from, $to = (Get-FreePort 21000-24000 -Count 2).LocalPort

    function New-Configuration([string] $Text = "# here`nport $from`n") {
        $folder = (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))).FullName
        $path = Join-Path $folder 'redis.conf'
        [System.IO.File]::WriteAllText($path, $Text)
        $path
    }
}

AfterAll {
    $env:XDG_STATE_HOME = $null
}

Describe 'Get-PortConfiguration' {
    It 'returns typed rows with the place' {
        $path = New-Configuration
        $row = Get-PortConfiguration -Path $path
        $row.PSTypeNames | Should -Contain 'PortOwner.Configuration'
        $row.Port | Should -Be $from
        $row.File, $row.Line, $row.Setting, $row.Value, $row.Application | Should -Be $path, 2, 'port', "$from", 'Redis'
        $row.IsEffective | Should -BeTrue
        (Get-PortConfiguration $from -Path $path).Line | Should -Be 2
        (Get-PortConfiguration -Path $path -Column Port, File).PSObject.Properties.Name | Should -Be 'Port', 'File'
    }

    It 'reports what it cannot answer, with an ID' {
        { Get-PortConfiguration -Path (Join-Path $TestDrive 'none.conf') } | Should -Throw -ErrorId 'PO2001,Get-PortConfiguration'
        { Get-PortConfiguration nonsense! } | Should -Throw -ErrorId 'PO1002,Get-PortConfiguration'
        { Get-PortConfiguration -Application Ngnix } | Should -Throw '*nginx*' -ErrorId 'PO1001,Get-PortConfiguration'
    }

    It 'takes paths with characters that have a meaning elsewhere' {
        $folder = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'a, b [1] $x ''y''')).FullName
        $path = Join-Path $folder 'redis.conf'
        [System.IO.File]::WriteAllText($path, "port $from`n")
        (Get-PortConfiguration -Path $path).File | Should -Be $path
        (Set-PortConfiguration $from $to -Path $path -Confirm:$false).Result | Should -Be 'Moved'
        [System.IO.File]::ReadAllText($path) | Should -Be "port $to`n"
    }

    It 'takes ports, and objects that have one, from the pipeline' {
        $path = New-Configuration "port $from`ntls-port $to`n"
        ($from, $to | Get-PortConfiguration -Path $path).Line | Sort-Object | Should -Be 1, 2
        ("$from", '1' | Get-PortConfiguration -Path $path).Line | Should -Be 1
        ([pscustomobject]@{ LocalPort = $to } | Get-PortConfiguration -Path $path).Line | Should -Be 2
        (Get-PortConfiguration $from $to -Path $path).Line | Sort-Object | Should -Be 1, 2
        @() | Get-PortConfiguration -Path $path | Should -BeNullOrEmpty
        Get-Process -Id $PID | Get-PortConfiguration -Path $path -ErrorVariable problems @refusing | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO1002,Get-PortConfiguration'
    }

    It 'redacts names' {
        $path = New-Configuration
        $row = Get-PortConfiguration -Path $path -Redact
        $row.Port | Should -Be $from
        $row.ComputerName | Should -Not -Be ([System.Environment]::MachineName)
    }
}

Describe 'Set-PortConfiguration' {
    It 'shows the plan with -WhatIf, and changes nothing' {
        $path = New-Configuration
        $shown = Set-PortConfiguration $from $to -Path $path -WhatIf 6>&1
        "$($shown -join "`n")" | Should -Match "-port $from`n\+port $to"
        "$($shown -join "`n")" | Should -Match 'not changed: clients of Redis'
        $shown | Where-Object { $_ -isnot [System.Management.Automation.InformationRecord] } | Should -BeNullOrEmpty
        [System.IO.File]::ReadAllText($path) | Should -Be "# here`nport $from`n"
    }

    It 'moves without a question with -Confirm:$false, and it can be undone' {
        $path = New-Configuration
        $shown = Set-PortConfiguration $from $to -Path $path -Confirm:$false 6>&1
        $shown | Should -HaveCount 1
        $shown.PSTypeNames | Should -Contain 'PortOwner.MoveResult'
        $shown.Result, $shown.Port, $shown.NewPort | Should -Be 'Moved', $from, $to
        [System.IO.File]::ReadAllText($path) | Should -Be "# here`nport $to`n"
        & $executable move --undo --yes | Out-Null
        [System.IO.File]::ReadAllText($path) | Should -Be "# here`nport $from`n"
    }

    It 'takes the rows of Get-PortConfiguration, one move for a server' {
        $path = New-Configuration "port $from`n"
        $rows = Get-PortConfiguration -Path $path
        $moved = @($rows; $rows) | Set-PortConfiguration -NewPort $to -Path $path -Confirm:$false
        $moved | Should -HaveCount 1
        $moved.Application, $moved.NewPort | Should -Be 'Redis', $to
        Get-PortConfiguration -Path $path | Set-PortConfiguration -To $from -Path $path -WhatIf 6>$null | Should -BeNullOrEmpty
        [System.IO.File]::ReadAllText($path) | Should -Be "port $to`n"
        $moved = Get-PortConfiguration -Path $path | Select-Object Port | Set-PortConfiguration auto -Path $path -Confirm:$false
        $moved.NewPort | Should -Not -Be $to
        $null | Set-PortConfiguration -NewPort $to -WhatIf | Should -BeNullOrEmpty
    }

    It 'refuses an invalid port, a setting that another one overrides, and rows of other computers' {
        $path = New-Configuration "port $to`nport $from`n"
        $call = @{ NewPort = $to; Path = $path; Confirm = $false }
        $overridden = Get-PortConfiguration -Path $path | Where-Object { -not $_.IsEffective }
        $far = [pscustomobject]@{ Port = $from; PSComputerName = 'elsewhere' }
        foreach ($item in 'x', '0', '65536', '1,2', "$from`n", @{ a = 1 }, [pscustomobject]@{ Port = "$from;2" }, $overridden, $far) {
            $item | Set-PortConfiguration @call -ErrorVariable problems @refusing | Should -BeNullOrEmpty
            $problems.FullyQualifiedErrorId | Should -Be 'PO1002,Set-PortConfiguration'
        }
        [System.IO.File]::ReadAllText($path) | Should -Be "port $to`nport $from`n"
        { Set-PortConfiguration 0 $to -Path $path -Confirm:$false } | Should -Throw -ErrorId 'ParameterArgumentValidationError,Set-PortConfiguration'
        { Set-PortConfiguration 65536 $to -Path $path -Confirm:$false } | Should -Throw -ErrorId 'ParameterArgumentValidationError,Set-PortConfiguration'
    }

    It 'moves the server of the file that a row names, and none of another computer' {
        $first, $second = (New-Configuration), (New-Configuration)
        $row = Get-PortConfiguration -Path $second
        $row | Set-PortConfiguration -NewPort $to -WhatIf 6>&1 | Out-String | Should -Match ([regex]::Escape($second))
        $saved = Join-Path $TestDrive 'rows.xml'
        $row | Export-Clixml $saved
        $far = Import-Clixml $saved
        $far.ComputerName = 'elsewhere'
        $far | Set-PortConfiguration -NewPort $to -Confirm:$false -ErrorVariable problems @refusing | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO1002,Set-PortConfiguration'
        [System.IO.File]::ReadAllText($second) | Should -Be "# here`nport $from`n"
        # Two servers with the same port, each in its own file.
        $results = @(Get-PortConfiguration -Path $first), @(Import-Clixml $saved) | ForEach-Object { $_ } | Set-PortConfiguration -NewPort $to -Force -Confirm:$false
        $results.Result | Should -Be 'Moved', 'Moved'
        [System.IO.File]::ReadAllText($first) | Should -Be "# here`nport $to`n"
        [System.IO.File]::ReadAllText($second) | Should -Be "# here`nport $to`n"
    }

    It 'reports why it cannot move' {
        $path = New-Configuration
        foreach ($case in @{ Port = $to; NewPort = 'auto'; Id = 'PO4402' }, @{ Port = $from; NewPort = $from; Id = 'PO4402' }, @{ Port = $from; NewPort = 'x'; Id = 'PO1001' }, @{ Port = $from; NewPort = '70000'; Id = 'PO1001' }) {
            { Set-PortConfiguration $case.Port $case.NewPort -Path $path -Confirm:$false } | Should -Throw -ErrorId "$($case.Id),Set-PortConfiguration"
        }
        [System.IO.File]::ReadAllText($path) | Should -Be "# here`nport $from`n"
    }

    It 'shows no character of a file that a terminal would obey' {
        $path = New-Configuration "# $([char] 27)]0;title$([char] 7) $([char] 0x202E)`nport`t$from`n"
        $shown = "$(Set-PortConfiguration $from $to -Path $path -WhatIf 6>&1)"
        $shown | Should -Match 'title'
        # A tab is one.
        $shown | Should -Match "-port`t$from`n\+port`t$to"
        $shown | Should -Not -Match '[\u001b\u0007\u202e]'
    }
}
