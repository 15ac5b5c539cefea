BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $listener = New-Listener
    $snapshot = Join-Path $TestDrive 'now.json'
    Save-PortSnapshot $snapshot -WarningAction Ignore
    $rows = @(Get-PortOwner -FromSnapshot $snapshot -WarningAction Ignore)

    # The names of the parts of a workbook, and their texts.
    function Read-Workbook([string] $Path) {
        Add-Type -AssemblyName System.IO.Compression.FileSystem
        $archive = [System.IO.Compression.ZipFile]::OpenRead($Path)
        try {
            $parts = @{}
            foreach ($entry in $archive.Entries) {
                $reader = New-Object System.IO.StreamReader $entry.Open()
                $parts[$entry.FullName] = $reader.ReadToEnd()
                $reader.Dispose()
            }
            $parts
        } finally { $archive.Dispose() }
    }

    function Get-SheetName([string] $Path) { ([xml](Read-Workbook $Path)['xl/workbook.xml']).workbook.sheets.sheet.name }
}

AfterAll { $listener.Stop() }

Describe 'Export-PortReport' {
    It 'writes a workbook of our rows' {
        $path = Join-Path $TestDrive 'ports.xlsx'
        $rows | Export-PortReport $path -WarningVariable warnings | Should -BeNullOrEmpty
        $warnings | Should -BeNullOrEmpty
        Get-SheetName $path | Should -Be 'Summary', 'Ports', 'About'
        $parts = Read-Workbook $path
        ([xml]$parts['xl/worksheets/sheet2.xml']).worksheet.sheetData.row.Count | Should -Be ($rows.Count + 1)
        # Numbers are numbers: the port is in a cell without a type.
        $parts['xl/worksheets/sheet2.xml'] | Should -Match "<v>$($listener.Port)</v>"
    }

    It 'gives the file with -PassThru, under a relative name too' {
        Push-Location $TestDrive
        try { $file = $rows | Export-PortReport here.csv -PassThru } finally { Pop-Location }
        $file | Should -BeOfType System.IO.FileInfo
        $file.FullName | Should -Be (Join-Path (Convert-Path $TestDrive) 'here.csv')
        $read = @(Import-Csv $file.FullName)
        $read.Count | Should -Be $rows.Count
        $read[0].LocalPort | Should -Be $rows[0].LocalPort
        $read[0].Owner | Should -Be $rows[0].Owner
    }

    It 'keeps the dates, the numbers and the lists of the rows' {
        $path = Join-Path $TestDrive 'rows.json'
        $rows | Export-PortReport $path
        $read = @(Get-Content -Raw $path | ConvertFrom-Json)
        for ($i = 0; $i -lt $rows.Count; $i++) {
            $read[$i].LocalPort | Should -Be $rows[$i].LocalPort
            $read[$i].OwningProcess | Should -Be $rows[$i].OwningProcess
            @($read[$i].Services) -join ';' | Should -Be (@($rows[$i].Services) -join ';')
            if ($rows[$i].StartTime) { ([datetime]$read[$i].StartTime).ToUniversalTime() | Should -Be $rows[$i].StartTime.ToUniversalTime() }
        }
    }

    It 'has a sheet for each kind of rows, the findings first' {
        $path = Join-Path $TestDrive 'both.xlsx'
        $policy = Join-Path $TestDrive 'policy.yaml'
        Set-Content $policy "kind: PortOwner.Policy`nversion: 1`nrules:`n  - name: none`n    action: forbid`n    ports: $($listener.Port)`n    severity: High"
        $findings = Invoke-PortAudit -PolicyPath $policy -FromSnapshot $snapshot -WarningAction Ignore -InformationAction Ignore
        $rows, $findings | ForEach-Object { $_ } | Export-PortReport $path -Title 'What is here'
        Get-SheetName $path | Should -Be 'Summary', 'Findings', 'Ports', 'About'
        $parts = Read-Workbook $path
        $parts['xl/sharedStrings.xml'] | Should -Match 'What is here'
        # The finding leads to its listener.
        $parts['xl/worksheets/sheet2.xml'] | Should -Match "location=`"(?:&apos;|')Ports(?:&apos;|')!A\d+`""
    }

    It 'takes rows from remote machines, and rows that Select-Object returned' {
        $path = Join-Path $TestDrive 'far.csv'
        $file = Join-Path $TestDrive 'far.clixml'
        $rows | Export-Clixml $file
        $far = Import-Clixml $file | ForEach-Object { $_.ComputerName = 'server8'; $_ | Add-Member -NotePropertyName PSComputerName -NotePropertyValue 'server8.corp' -PassThru }
        @($rows) + $far | Export-PortReport $path -Column report
        @(Import-Csv $path | Select-Object -ExpandProperty ComputerName -Unique).Count | Should -Be 2
        $rows | Select-Object LocalPort, Owner | Export-PortReport $path -Column LocalPort, Owner
        @(Import-Csv $path).Count | Should -Be $rows.Count
    }

    It 'separates by the delimiter, or by the culture' {
        $path = Join-Path $TestDrive 'culture.csv'
        $rows | Export-PortReport $path -Delimiter ';' -Column Protocol, LocalPort
        (Get-Content $path)[0].TrimStart([char]0xfeff) | Should -Be 'Protocol;LocalPort'
        $rows | Export-PortReport $path -UseCulture -Column Protocol, LocalPort
        (Get-Content $path)[0].TrimStart([char]0xfeff) | Should -Be "Protocol$((Get-Culture).TextInfo.ListSeparator)LocalPort"
    }

    It 'writes a report of nothing, too' {
        $path = Join-Path $TestDrive 'none.md'
        @() | Export-PortReport $path
        Get-Content -Raw $path | Should -Match '\*\*There were no rows to report\.\*\*'
        Get-PortOwner (Get-ClosedPort) -InformationAction Ignore | Export-PortReport $path -Title 'Port of the shop'
        Get-Content -Raw $path | Should -Match '^## Port of the shop\r?\n'
    }

    It 'writes nothing with -WhatIf, and says what is wrong with a name, a column or an object' {
        $path = Join-Path $TestDrive 'what.xlsx'
        $rows | Export-PortReport $path -WhatIf
        Test-Path $path | Should -BeFalse
        { $rows | Export-PortReport (Join-Path $TestDrive 'x.yaml') -ErrorAction Stop } | Should -Throw -ErrorId 'PO1001,Export-PortReport'
        { $rows | Export-PortReport $path -Column Nothing -ErrorAction Stop } | Should -Throw -ErrorId 'PO1003,Export-PortReport'
        { Get-Process -Id $PID | Export-PortReport $path -ErrorAction Stop } | Should -Throw -ErrorId 'PO2002,Export-PortReport'
        Test-Path $path | Should -BeFalse
    }

    It 'names the objects that are not of this module, and what to pipe instead' {
        $path = Join-Path $TestDrive 'foreign.xlsx'
        $cases = @(
            @{ Given = { Get-Process -Id $PID }; Type = 'System.Diagnostics.Process' }
            @{ Given = { 1..3 }; Type = 'System.Int32' }
            @{ Given = { 'a' }; Type = 'System.String' }
            @{ Given = { @{ a = 1 } }; Type = 'System.Collections.Hashtable' }
            @{ Given = { $rows | Select-Object LocalPort, @{ n = 'z'; e = { 1 } } }; Type = 'no row has the property "z"' }
        )
        foreach ($case in $cases) {
            $failure = $null
            try { & $case.Given | Export-PortReport $path } catch { $failure = $_ }
            $failure.FullyQualifiedErrorId | Should -Be 'PO2002,Export-PortReport'
            "$failure" | Should -BeLike "The input of Export-PortReport contains an object of the type *"
            "$failure" | Should -BeLike "*$($case.Type)*"
            $failure.ErrorDetails.RecommendedAction | Should -BeLike '*Get-PortOwner*'
            "$failure $($failure.TargetObject)" | Should -Not -BeLike '*.tmp*'
            Test-Path $path | Should -BeFalse
        }
    }

    It 'finds a path as PowerShell does' {
        $folder = Join-Path $TestDrive 'paths'
        $null = New-Item -ItemType Directory $folder
        $null = New-PSDrive -Name PortOwnerTest -PSProvider FileSystem -Root $folder
        $process = [System.Environment]::CurrentDirectory
        Push-Location $folder
        try {
            # The current directory of the process is another folder.
            [System.Environment]::CurrentDirectory = [System.IO.Path]::GetTempPath()
            foreach ($name in 'here.md', './dot.md', 'a[1].md', 'x[ab].md', 'PortOwnerTest:drive.md', 'PortOwnerTest:/root.md', (Join-Path $folder 'full.md')) {
                $file = $rows | Export-PortReport $name -PassThru
                $file.DirectoryName | Should -Be (Convert-Path -LiteralPath $folder)
                $file.Name | Should -Be ($name -replace '^.*[:/\\]')
            }
        } finally {
            [System.Environment]::CurrentDirectory = $process
            Pop-Location
            Remove-PSDrive PortOwnerTest
        }
        $file = $rows | Export-PortReport 'TestDrive:\pester.md' -PassThru
        $file.FullName | Should -Be (Join-Path (Convert-Path $TestDrive) 'pester.md')
        @(Get-ChildItem $folder).Count | Should -Be 7
    }

    It 'writes no file for a path that is not in the file system' {
        $folder = Join-Path $TestDrive 'outside'
        $null = New-Item -ItemType Directory $folder
        Push-Location $folder
        try {
            { $rows | Export-PortReport 'Env:x.md' } | Should -Throw '*the drive Env: is not in the file system*' -ErrorId 'PO2004,Export-PortReport'
            { $rows | Export-PortReport 'PortOwnerNone:x.md' } | Should -Throw '*there is no drive PortOwnerNone:*' -ErrorId 'PO2004,Export-PortReport'
            { Save-PortSnapshot 'Env:x.json' } | Should -Throw -ErrorId 'PO2004,Save-PortSnapshot'
            Push-Location Env:
            try { { $rows | Export-PortReport x.md } | Should -Throw '*the current location Env:* is not in the file system*' -ErrorId 'PO2004,Export-PortReport' } finally { Pop-Location }
            { $rows | Export-PortReport (Join-Path 'none' 'x.md') } | Should -Throw '*its folder does not exist*' -ErrorId 'PO2004,Export-PortReport'
            { $rows | Export-PortReport $folder } | Should -Throw -ErrorId 'PO1001,Export-PortReport'
        } finally { Pop-Location }
        Get-ChildItem $folder | Should -BeNullOrEmpty
    }

    It 'replaces no file by a wildcard, and none with -NoClobber' {
        $folder = Join-Path $TestDrive 'clobber'
        $null = New-Item -ItemType Directory $folder
        Set-Content (Join-Path $folder 'a.md') 'mine'
        Push-Location $folder
        try {
            # On Windows, it is not a name.
            try { $rows | Export-PortReport '?.md' } catch { $onWindows | Should -BeTrue }
            { $rows | Export-PortReport a.md -NoClobber } | Should -Throw '*it exists*' -ErrorId 'PO2004,Export-PortReport'
            Get-Content a.md | Should -Be 'mine'
            ($rows | Export-PortReport b.md -NoClobber -PassThru).Length | Should -BeGreaterThan 0
            $rows | Export-PortReport a.md
            Get-Content -Raw a.md | Should -Match '^## Ports'
        } finally { Pop-Location }
    }

    It 'leaves a read-only file alone' {
        if (-not $onWindows -and (id -u) -eq 0) { Set-ItResult -Skipped -Because 'root may write to read-only files'; return }
        $path = Join-Path $TestDrive 'kept.md'
        Set-Content $path 'mine'
        (Get-Item $path).IsReadOnly = $true
        try { { $rows | Export-PortReport $path } | Should -Throw -ErrorId 'PO2004,Export-PortReport' } finally { (Get-Item $path).IsReadOnly = $false }
        Get-Content $path | Should -Be 'mine'
    }

    It 'leaves no file of its own behind' {
        $temporary = [System.IO.Path]::GetTempPath()
        $before = @(Get-ChildItem $temporary -Filter 'tmp*.tmp').Count
        $rows | Export-PortReport (Join-Path $TestDrive 'clean.md')
        @(Get-ChildItem $temporary -Filter 'tmp*.tmp').Count | Should -Be $before
    }
}
