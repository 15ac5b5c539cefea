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

    It 'redacts rows with -Redact' {
        $path = Join-Path $TestDrive 'redacted.csv'
        $rows | Export-PortReport $path -Redact
        $read = @(Import-Csv $path)
        $read.Count | Should -Be $rows.Count
        $read.ComputerName | Sort-Object -Unique | Should -Be 'MACHINE1'
        $read.LocalPort | Should -Be $rows.LocalPort
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

    It 'replaces characters that XML does not have' {
        $path = Join-Path $TestDrive 'noncharacters.json'
        $odd = $rows[0] | Select-Object *
        $odd.Owner = "a$([char]0xFFFF)b$([char]0xFFFE)"
        $odd.Services = @("c$([char]0xFFFF)", 'd')
        $odd, $rows[0] | Export-PortReport $path
        $read = @(Get-Content -Raw $path | ConvertFrom-Json)
        $read.Count | Should -Be 2
        $read[0].Owner | Should -Be "a$([char]0xFFFD)b$([char]0xFFFD)"
        $read[0].Services | Should -Be "c$([char]0xFFFD)", 'd'
        $read[0].LocalPort | Should -Be $rows[0].LocalPort
        $read[1].Owner | Should -Be $rows[0].Owner
        if ($rows[0].StartTime) { ([datetime]$read[0].StartTime).ToUniversalTime() | Should -Be $rows[0].StartTime.ToUniversalTime() }
        # The rows of the caller stay as they are.
        $odd.Owner[1] | Should -Be ([char]0xFFFF)
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

    It 'says that a report is empty' {
        $page, $text = (Join-Path $TestDrive 'none.html'), (Join-Path $TestDrive 'none.md')
        @() | Export-PortReport $page
        Get-Content -Raw $page | Should -Match '<h1>Empty report</h1>\s*<p class="verdict[^"]*">The report is empty: there are no rows</p>'
        Get-PortOwner (Get-ClosedPort) -InformationAction Ignore -WarningAction Ignore | Export-PortReport $text
        Get-Content -Raw $text | Should -Match '## Empty report\s+\*\*The report is empty: there are no rows\*\*'
        @() | Export-PortReport $text -Title 'Server 7'
        Get-Content -Raw $text | Should -Match '## Server 7'
    }

    It 'says what the pipeline contains instead of rows: <Type>' -ForEach @(
        @{ Type = 'System.Diagnostics.Process'; Get = { Get-Process } }
        @{ Type = 'System.Int32'; Get = { 1..3 } }
        @{ Type = 'System.String'; Get = { 'a' } }
        @{ Type = 'System.Collections.Hashtable'; Get = { @{ LocalPort = 1 } } }
        @{ Type = 'System.Management.Automation.PSCustomObject'; Get = { [pscustomobject]@{ x = 1 } } }
        @{ Type = 'Selected.System.Diagnostics.Process'; Get = { Get-Process -Id $PID | Select-Object Name } }
        @{ Type = 'Microsoft.PowerShell.Commands.Internal.Format.FormatStartData'; Get = { $rows | Format-Table } }
        @{ Type = 'System.Int32'; Get = { $rows[0], 1 } }
    ) {
        $path = Join-Path $TestDrive 'foreign.xlsx'
        $failure = $null
        try { & $Get | Export-PortReport $path -ErrorAction Stop } catch { $failure = $_ }
        $failure.FullyQualifiedErrorId | Should -Be 'PO2002,Export-PortReport'
        "$failure" | Should -Be "the pipeline contains an object of the type $Type; expected rows of PortOwner"
        $failure.ErrorDetails.RecommendedAction | Should -Match '^Pipe objects from functions of this module'
        Test-Path $path | Should -BeFalse
    }

    It 'takes the paths that Export-Csv takes' {
        Push-Location $TestDrive
        $there = [System.IO.Directory]::GetCurrentDirectory()
        try {
            foreach ($path in 'relative.csv', './dot.csv', 'TestDrive:\drive.csv', '[x].csv', 'a, b $c.csv', "it's.csv") {
                $rows | Export-PortReport $path -Column LocalPort
                @(Import-Csv -LiteralPath $path).Count | Should -Be $rows.Count -Because $path
            }
            # Wildcards name the one file that they match.
            $rows[0] | Export-PortReport 'relat*.csv' -Column LocalPort
            @(Import-Csv relative.csv).Count | Should -Be 1
        } finally { Pop-Location }
        [System.IO.Directory]::GetCurrentDirectory() | Should -Be $there
    }

    It 'refuses a path before the rows arrive: <Path>' -ForEach @(
        @{ Path = 'no*thing.csv'; Id = 'PO1001'; Message = 'match 0 files; expected the path of one file' }
        @{ Path = 'many-*.csv'; Id = 'PO1001'; Message = 'match 2 files; expected the path of one file' }
        @{ Path = 'Env:\x.csv'; Id = 'PO1001'; Message = 'provider Environment; expected a path in the file system' }
        @{ Path = 'Nodrive:\x.csv'; Id = 'PO1001'; Message = 'Nodrive' }
        @{ Path = 'x.yaml'; Id = 'PO1001'; Message = 'cannot tell the report format from ".*x\.yaml"; use \.txt, .*\.xlsx$' }
        @{ Path = 'noending'; Id = 'PO1001'; Message = 'cannot tell the report format' }
        @{ Path = 'missing/x.csv'; Id = 'PO2004'; Message = 'its folder does not exist$' }
        @{ Path = 'folder.csv'; Id = 'PO2004'; Message = 'it is a folder$' }
    ) {
        Push-Location $TestDrive
        try {
            'many-1.csv', 'many-2.csv' | ForEach-Object { Set-Content $_ 'x' }
            $null = New-Item -ItemType Directory folder.csv -Force
            $asked = @()
            $failure = $null
            $before = @(Get-ChildItem -Name)
            try { $rows | ForEach-Object { $asked += $_; $_ } | Export-PortReport $Path -ErrorAction Stop } catch { $failure = $_ }
            $failure.FullyQualifiedErrorId | Should -Be "$Id,Export-PortReport"
            "$failure" | Should -Match $Message
            $asked | Should -BeNullOrEmpty
            @(Get-ChildItem -Name) | Should -Be $before
        } finally { Pop-Location }
    }

    It 'replaces a file, unless -NoClobber forbids it' {
        $path = Join-Path $TestDrive 'old.csv'
        Set-Content $path 'old'
        { $rows | Export-PortReport $path -NoClobber -ErrorAction Stop } | Should -Throw -ErrorId 'PO2004,Export-PortReport' -ExpectedMessage '*already exists, and -NoClobber was specified'
        Get-Content $path | Should -Be 'old'
        $rows | Export-PortReport $path -WhatIf
        Get-Content $path | Should -Be 'old'
        $rows | Export-PortReport $path -Confirm:$false
        @(Import-Csv $path).Count | Should -Be $rows.Count
        $rows | Export-PortReport (Join-Path $TestDrive 'new.csv') -NoClobber
        Test-Path (Join-Path $TestDrive 'new.csv') | Should -BeTrue
    }

    It 'does not replace a read-only file' {
        if (-not $onWindows -and (id -u) -eq '0') { Set-ItResult -Skipped -Because 'root may write to every file' }
        $path = Join-Path $TestDrive 'fixed.csv'
        Set-Content $path 'old'
        Set-ItemProperty $path IsReadOnly $true
        try {
            { $rows | Export-PortReport $path -ErrorAction Stop } | Should -Throw -ErrorId 'PO2004,Export-PortReport'
            Get-Content $path | Should -Be 'old'
        } finally { Set-ItemProperty $path IsReadOnly $false }
    }

    It 'writes nothing with -WhatIf, and says what is wrong with a column' {
        $path = Join-Path $TestDrive 'what.xlsx'
        $rows | Export-PortReport $path -WhatIf
        Test-Path $path | Should -BeFalse
        { $rows | Export-PortReport $path -Column Nothing -ErrorAction Stop } | Should -Throw -ErrorId 'PO1003,Export-PortReport'
        Test-Path $path | Should -BeFalse
    }

    It 'has no function that writes a file for a path outside of the file system' {
        $folder = Join-Path $TestDrive 'outside'
        $null = New-Item -ItemType Directory $folder
        $empty = Join-Path $TestDrive 'empty.yaml'
        Set-Content $empty "kind: PortOwner.Policy`nversion: 1`nrules: []"
        Push-Location $folder
        try {
            foreach ($path in 'Env:x.json', 'PortOwnerNone:x.json') {
                { Save-PortSnapshot $path -WarningAction Ignore } | Should -Throw -ErrorId 'PO2004,Save-PortSnapshot'
                { New-PortBaseline $path -FromSnapshot $snapshot } | Should -Throw -ErrorId 'PO2004,New-PortBaseline'
                { Invoke-PortAudit -PolicyPath $empty -ReportPath $path -FromSnapshot $snapshot } | Should -Throw -ErrorId 'PO2004,Invoke-PortAudit'
            }
            Push-Location Env:
            try { { Save-PortSnapshot x.json } | Should -Throw '*is not in the file system*' -ErrorId 'PO2004,Save-PortSnapshot' } finally { Pop-Location }
        } finally { Pop-Location }
        Get-ChildItem $folder | Should -BeNullOrEmpty
    }

    It 'leaves no file of its own behind' {
        $temporary = [System.IO.Path]::GetTempPath()
        $before = @(Get-ChildItem $temporary -Filter 'tmp*.tmp').Count
        $rows | Export-PortReport (Join-Path $TestDrive 'clean.md')
        @(Get-ChildItem $temporary -Filter 'tmp*.tmp').Count | Should -Be $before
    }
}
