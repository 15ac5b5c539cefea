BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $listener = New-Listener
    $port = $listener.Port
    $snapshot = Join-Path $TestDrive 'a snapshot.json'
    Save-PortSnapshot $snapshot -WarningAction Ignore
    function Get-Completion([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches }
}

AfterAll {
    $listener.Stop()
}

Describe 'Tab' {
    It 'completes ports in use, with their owner' {
        $found = @(Get-Completion "Get-PortOwner $("$port".Substring(0, 2))") | Where-Object CompletionText -EQ "$port"
        $found.ToolTip | Should -Match "^$port .*\((\w+ )?$PID\)"
        @(Get-Completion 'Get-PortOwner 443, ').CompletionText | Should -Contain "$port"
        @(Get-Completion 'Get-PortOwner 443 ').CompletionText | Should -Contain "$port"
        @(Get-Completion 'Stop-PortOwner ').CompletionText | Should -Contain "$port"
        @(Get-Completion 'Test-PortBinding ').CompletionText | Should -Contain "$port"
    }

    It 'completes -<Parameter>' -ForEach @(
        @{ Parameter = 'Id'; Expected = { "$PID" } }
        @{ Parameter = 'ImageName'; Expected = { (Get-PortOwner $port).ImageName } }
        @{ Parameter = 'User'; Expected = { (Get-PortOwner $port).UserName } }
        @{ Parameter = 'Address'; Expected = { '127.0.0.1' } }
        @{ Parameter = 'State'; Expected = { 'Established' } }
        @{ Parameter = 'Range'; Expected = { 'WellKnown' } }
        @{ Parameter = 'Protocol'; Expected = { 'UDP' } }
        @{ Parameter = 'Column'; Expected = { 'RemoteHostName' } }
    ) {
        @(Get-Completion "Get-PortOwner -$Parameter ").CompletionText -replace "^'|'`$" | Should -Contain (& $Expected)
    }

    It 'completes columns of each function' {
        @(Get-Completion 'Get-PortOwner -Column Loc').CompletionText | Should -Be 'LocalAddress', 'LocalPort'
        @(Get-Completion 'Get-PortRange -Column En').CompletionText | Should -Be 'EndPort'
        @(Get-Completion 'Measure-Port -By Pro').CompletionText | Should -Be 'Process', 'Protocol'
        @(Get-Completion 'Get-PortRange -Column nothing').CompletionText | Should -Be 'nothing'
    }

    It 'completes services' {
        $content = ConvertTo-Document ([ordered]@{ Type = 'PortOwner.Endpoint'; LocalPort = 443; Services = "a service's name"; Owner = 'x' })
        $env:PORTOWNER_EXE = New-Stub (Join-Path $TestDrive 'services') $content
        try {
            $found = Get-Completion 'Get-PortOwner -Service a'
            $found.CompletionText | Should -Be "'a service''s name'"
            $found.ToolTip | Should -Be "a service's name : 443"
        } finally {
            $env:PORTOWNER_EXE = $null
        }
    }

    It 'completes the names that people know' {
        $rows = @(
            [ordered]@{ Type = 'PortOwner.Endpoint'; LocalPort = 443; ImageName = 'python3.11'; Application = 'python -m http.server'; Owner = 'x' }
            [ordered]@{ Type = 'PortOwner.Endpoint'; LocalPort = 444; ImageName = 'dotnet.exe'; Application = 'pwsh'; Owner = 'x' }
            [ordered]@{ Type = 'PortOwner.Endpoint'; LocalPort = 445; ImageName = 'chrome.exe'; Application = 'chrome'; Owner = 'x' }
        )
        $env:PORTOWNER_EXE = New-Stub (Join-Path $TestDrive 'known') (ConvertTo-Document $rows)
        try {
            $found = Get-Completion 'Get-PortOwner -ImageName '
            $found.CompletionText | Should -Be 'python3.11', 'python', 'dotnet.exe', 'pwsh', 'chrome.exe'
            $found[1].ToolTip | Should -Be 'python : 443'
        } finally {
            $env:PORTOWNER_EXE = $null
        }
    }

    It 'offers one argument for a name, or nothing' {
        # As CLIXML writes them.
        $names = 'typographic_x2019_; calc; _x2018_', '$(1)', 'a b', 'line_x000A_break', 'end_x000A_', 'rtl_x202E_fdp', 'tab_x0009_x', '-Force'
        $rows = foreach ($name in $names) { [ordered]@{ Type = 'PortOwner.Endpoint'; LocalPort = 443; ImageName = $name; Application = $name; Owner = 'x' } }
        $env:PORTOWNER_EXE = New-Stub (Join-Path $TestDrive 'hostile') (ConvertTo-Document $rows)
        try {
            $line = 'Get-PortOwner -ImageName '
            $words = foreach ($text in @(Get-Completion $line).CompletionText) {
                $errors = $null
                $tree = [System.Management.Automation.Language.Parser]::ParseInput($line + $text, [ref] $null, [ref] $errors)
                $errors.Count | Should -Be 0
                $command = @($tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true))
                $command.Count | Should -Be 1
                $command[0].CommandElements.Count | Should -Be 3
                $command[0].CommandElements[2].Value
            }
            $words | Should -Be "typographic$([char] 0x2019); calc; $([char] 0x2018)", '$(1)', 'a b', '-Force'
        } finally {
            $env:PORTOWNER_EXE = $null
        }
    }

    It 'offers no files where nothing fits' {
        Set-Content (Join-Path $TestDrive 'zebra') ''
        Push-Location $TestDrive
        try {
            foreach ($line in 'Get-PortOwner -Service zeb', 'Get-PortOwner -State zeb', 'Get-PortOwner -Column zeb', 'Get-PortOwner zeb') {
                @(Get-Completion $line).CompletionText | Should -Be 'zeb' -Because $line
            }
            @(Get-Completion 'Get-FreePort -Range ').CompletionText | Should -Be ' '
        } finally {
            Pop-Location
        }
    }

    It 'completes snapshots, quoted' {
        Set-Content (Join-Path $TestDrive 'a picture.png') ''
        Push-Location $TestDrive
        try {
            @(Get-Completion 'Get-PortOwner -FromSnapshot a').CompletionText | Should -Be "'a snapshot.json'"
            @(Get-Completion "Get-PortOwner -FromSnapshot 'a sn").CompletionText | Should -Be "'a snapshot.json'"
        } finally {
            Pop-Location
        }
    }

    It 'asks the snapshot that is on the line' {
        @(Get-Completion "Get-PortOwner -FromSnapshot '$snapshot' -Id ").CompletionText | Should -Contain "$PID"
    }

    It 'is silent when the executable fails' {
        $env:PORTOWNER_EXE = Join-Path $TestDrive 'nowhere'
        try {
            $Error.Clear()
            @(Get-Completion 'Get-PortOwner -Id 4').CompletionText | Should -Not -Contain '443'
        } finally {
            $env:PORTOWNER_EXE = $null
        }
    }

    It 'completes the bare executable' {
        @(Get-Completion 'portowner ran').CompletionText | Should -Contain 'ranges'
        @(Get-Completion 'portowner --proto').CompletionText | Should -Contain '--protocol'
        @(Get-Completion 'portowner --format cli').CompletionText | Should -Contain 'clixml'
    }
}

Describe 'What people type' {
    It 'is a port for each function: <Text>' -ForEach @(
        @{ Text = { ":$port" } }
        @{ Text = { "localhost:$port" } }
        @{ Text = { "127.0.0.1:$port" } }
        @{ Text = { "$port/tcp" } }
        @{ Text = { "tcp:$port" } }
        @{ Text = { "http://localhost:$port/path?x=1,2" } }
    ) {
        $typed = & $Text
        @(Get-PortOwner $typed).OwningProcess | Should -Be $PID
        @($typed | Get-PortOwner).LocalPort | Should -Be $port
        (Test-PortBinding $typed).CanBind | Should -BeFalse
        # The listener is this very process.
        { Stop-PortOwner $typed -WhatIf -ErrorAction Stop } | Should -Throw '*this program runs in it*'
        { Get-PortConflict $typed -ErrorAction Stop } | Should -Not -Throw
    }

    It 'is a list with a URL in it' {
        @(Get-PortOwner "http://localhost:$port/?a=1,2", "127.0.0.1:$port").LocalPort | Should -Be $port
        @("http://localhost:$port/", "$port" | Get-PortOwner).LocalPort | Should -Be $port
    }

    It 'says what may have been meant' {
        { Get-PortOwner htpp -ErrorAction Stop } | Should -Throw -ErrorId 'PO1002,Get-PortOwner'
        $caught = $null
        Get-PortOwner htpp -ErrorVariable caught -ErrorAction SilentlyContinue
        $caught[0].ErrorDetails.RecommendedAction | Should -BeLike 'Did you mean http?*'
    }
}
