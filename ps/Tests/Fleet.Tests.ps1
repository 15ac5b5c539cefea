BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $script = Join-Path $moduleFolder 'Tasks/Invoke-FleetAudit.ps1'
    $asked = @{}
    $policy = Join-Path $TestDrive 'policy.yaml'
    Set-Content -LiteralPath $policy -Value "kind: PortOwner.Policy`nversion: 1`nrules:`n  - { name: no telnet, action: forbid, ports: 23, severity: High }"

    # What a machine is made of: ports that TCP listens on, and UDP has; what fails there; by what name it calls itself; how
    # its collector sends what it says.
    function New-Machine([int[]] $Tcp = @(135, 443), [int[]] $Udp = @(123, 500), [string[]] $Fails = @(), [string] $Own, [string[]] $Service = @('RpcSs', 'Web'), [string] $Form = 'gzip', [scriptblock] $Before = { }) {
        @{ Before = $Before; Tcp = $Tcp; Udp = $Udp; Fails = $Fails; Own = $Own; Service = $Service; Form = $Form }
    }

    # What the collector sends from it.
    function Get-Collection($Machine) {
        function Add-Section([string] $Name, [string] $What, [string[]] $Row) {
            "@$Name"
            if ($Machine.Fails -contains $What) { "!Failed the $What is unavailable" } else { $Row | ForEach-Object { " $_" } }
        }
        $owner = { 700 + [int] ($args[0] -in 135, 500) }
        $lines = @(
            '#PortOwner.Collection 1 plain 437'
            '@machine'
            ' platform win32'
            if ($Machine.Fails -notcontains 'the name') { " name $($Machine.Own)" }
            ' release 10.0.26100'
            ' architecture AMD64'
            ' elevated true'
            # Its clock is wrong.
            ' at 2020-01-02T03:04:05Z'
            Add-Section 'cim/tcp' 'TCP' @($Machine.Tcp | ForEach-Object { "0.0.0.0,$_,0.0.0.0,0,2,$(& $owner $_)," })
            Add-Section 'cim/udp' 'UDP' @($Machine.Udp | ForEach-Object { "0.0.0.0,$_,$(& $owner $_)," })
            Add-Section 'cim/processes' 'processes' @(700, 701 | ForEach-Object { "$_,4,""server.exe"",""C:\server$_.exe"",134000000000000000,""""" })
            Add-Section 'accounts' 'accounts' @(700, 701 | ForEach-Object { "$_,""BOX\svc""" })
            Add-Section 'cim/services' 'services' @($Machine.Service | ForEach-Object { """$_"",""$_"",700,Running,Share Process" })
            foreach ($kind in 'dynamicports', 'excludedports', 'persistentports') {
                foreach ($place in 'ipv4/tcp', 'ipv4/udp', 'ipv6/tcp', 'ipv6/udp') {
                    Add-Section "$kind/$place" 'ranges' @(if ($kind -eq 'dynamicports') { 'Start Port      : 49152', 'Number of Ports : 16384' } else { '', 'Start Port    End Port      ', '----------    --------      ', '' })
                }
            }
            '@urlacl', '@iplisten', '@httpsys', '@portproxy', '@firewall', '@addresses', '#End'
        )
        if ($Machine.Form -eq 'plain') { return $lines }
        $memory = New-Object System.IO.MemoryStream
        $packed = New-Object System.IO.Compression.GZipStream -ArgumentList $memory, ([System.IO.Compression.CompressionMode]::Compress)
        $bytes = [System.Text.Encoding]::UTF8.GetBytes($lines -join "`n")
        $packed.Write($bytes, 0, $bytes.Length)
        $packed.Dispose()
        '#PortOwner.Collection 1 gzip'
        if ($Machine.Form -eq 'broken') { 'H4sI', 'no base64!' } else { [Convert]::ToBase64String($memory.ToArray(), 'InsertLineBreaks') -split "`r`n" }
        '#End'
    }

    # Remoting without machines: each line is a text that says where it comes from.
    function Invoke-Command {
        [CmdletBinding()]
        param([string[]] $ComputerName, [int] $ThrottleLimit, [scriptblock] $ScriptBlock, [object[]] $ArgumentList)

        $null = $ThrottleLimit
        $asked.Script = "$ScriptBlock"
        $asked.Arguments = $ArgumentList
        foreach ($name in $ComputerName) {
            $machine = $fleet[$name]
            if (-not $machine) {
                Write-Error -Message 'no answer' -TargetObject $name
                continue
            }
            if (-not $machine.Own) { $machine.Own = $name.ToUpper() }
            & $machine.Before
            $sent = 0
            try {
                foreach ($line in Get-Collection $machine) {
                    if ($machine.Fails -contains 'the line' -and $sent++ -ge 5) { throw 'the line is cut' }
                    Add-Member -InputObject ([string] $line) -NotePropertyName PSComputerName -NotePropertyValue $name -PassThru
                }
            } catch {
                $origin = New-Object System.Management.Automation.Remoting.OriginInfo $name, ([guid]::NewGuid())
                $PSCmdlet.WriteError((New-Object System.Management.Automation.Runspaces.RemotingErrorRecord $_, $origin))
            }
        }
    }

    # Audits the machines of a hashtable, or of these lines; gives all that was said, and the exit code.
    function Invoke-Fleet([hashtable] $Fleet, [string[]] $List = @($Fleet.Keys | Sort-Object), [hashtable] $More = @{}, [switch] $NoPolicy) {
        $work = Join-Path $TestDrive ([guid]::NewGuid())
        $null = New-Item -ItemType Directory -Path $work, (Join-Path $work 'reports')
        $computers = Join-Path $work 'fleet.txt'
        Set-Content -LiteralPath $computers -Value $List
        $parameters = @{ ComputerList = $computers; Policy = $policy; Store = Join-Path $work 'fleet.db'; ReportFolder = Join-Path $work 'reports'; Executable = $executable }
        if ($NoPolicy) { $parameters.Remove('Policy') }
        foreach ($key in $More.Keys) { $parameters[$key] = $More[$key] }
        $global:LASTEXITCODE = 0
        $old = [Console]::Error
        $writer = New-Object System.IO.StringWriter
        [Console]::SetError($writer)
        try { $output = & $script @parameters 2>&1 } finally { [Console]::SetError($old) }
        $code = $LASTEXITCODE
        $runs = @(if (Test-Path -LiteralPath $parameters.Store) { Get-PortAudit -StorePath $parameters.Store })
        @{ Code = $code; Said = "$($output | Out-String)$writer"; Runs = $runs; Names = @($runs | ForEach-Object ComputerName | Sort-Object); Reports = Join-Path $work 'reports'; Work = $work }
    }
}

Describe 'Invoke-FleetAudit.ps1' {
    It 'audits each machine that answers, and reports the one that does not' {
        $result = Invoke-Fleet @{ web1 = New-Machine -Tcp 23, 135; web2 = New-Machine } -List '# ours', 'web1', '', 'web2', 'dead', 'web1'
        $result.Code | Should -Be 69
        $result.Said | Should -BeLike '*Forbidden*TCP 0.0.0.0:23*'
        $result.Said | Should -BeLike '*dead: no answer*dead: it was not audited*'
        $result.Names | Should -Be 'WEB1', 'WEB2'
        Get-ChildItem -LiteralPath $result.Reports | ForEach-Object Name | Sort-Object | Should -Be 'web1.csv', 'web2.csv'
        Get-Content -LiteralPath (Join-Path $result.Reports 'web1.csv') -Raw | Should -BeLike '*no telnet*'
        Get-Content -LiteralPath (Join-Path $result.Reports 'web2.csv') -Raw | Should -Not -BeLike '*no telnet*'
    }

    It 'is clean when all machines are, and takes what is sent <_>' -ForEach 'plain', 'gzip' {
        $result = Invoke-Fleet @{ web1 = New-Machine -Form $_ }
        $result.Said | Should -BeLike '*audit of WEB1: clean, 4 listeners*'
        $result.Code | Should -Be 0
        # By the clock here.
        $result.Runs[0].RunTime.ToUniversalTime() | Should -BeGreaterThan ([datetime]::UtcNow.AddHours(-1))
    }

    It 'asks with the collector of the module, and takes no command lines' {
        $null = Invoke-Fleet @{ web1 = New-Machine }
        $asked.Script | Should -Be (Get-Content -LiteralPath (Join-Path $moduleFolder 'Collector/Collect.ps1') -Raw)
        $asked.Arguments | Should -Be @($false, '')
    }

    It 'audits no machine where <_> failed' -ForEach 'TCP', 'UDP', 'processes', 'services', 'the line' {
        $result = Invoke-Fleet @{ web1 = New-Machine -Fails $_; web2 = New-Machine }
        $result.Code | Should -Be 69
        $result.Said | Should -BeLike '*web1: the *web1: it was not audited*'
        $result.Names | Should -Be 'WEB2'
    }

    It 'does not wait with the others for a machine that is slow' {
        $early = @{}
        $result = Invoke-Fleet @{ web1 = New-Machine; web2 = New-Machine -Before { $early.Reports = @(Get-ChildItem -LiteralPath $parameters.ReportFolder).Name } }
        $early.Reports | Should -Be 'web1.csv'
        $result.Code | Should -Be 0
    }

    It 'audits no machine without a <What>' -ForEach @{ What = 'TCP socket'; Machine = @{ Tcp = @() } }, @{ What = 'service'; Machine = @{ Service = @() } } {
        $result = Invoke-Fleet @{ web1 = New-Machine @Machine }
        $result.Code | Should -Be 69
        $result.Said | Should -BeLike "*web1: it returned no $What*web1: it was not audited*"
        $result.Names | Should -BeNullOrEmpty
    }

    It 'ends with the worst of <Codes>, which is <Worst>' -ForEach @(
        @{ Codes = @(0, 77); Worst = 77 }
        @{ Codes = @(77, 1); Worst = 1 }
        @{ Codes = @(1, 64); Worst = 64 }
        @{ Codes = @(64, 69, 77); Worst = 69 }
        @{ Codes = @(1, 5); Worst = 69 }
        @{ Codes = @(-1073741819, 0); Worst = 69 }
    ) {
        $fleet = @{}
        foreach ($code in $Codes) { $fleet["web$code"] = New-Machine -Own "WEB$([math]::Abs($code))" }
        # What the executable would say of each machine: its name ends with the code.
        $stub = Join-Path $TestDrive 'stub.ps1'
        Set-Content -LiteralPath $stub -Value 'exit [int] ([regex]::Match("$($args[0])", "web(-?\d+)\.txt").Groups[1].Value)'
        (Invoke-Fleet $fleet -More @{ Executable = $stub }).Code | Should -Be $Worst
    }

    It 'is not clean when <What>' -ForEach @(
        @{ What = 'the executable is missing'; Code = 64; More = @{ Executable = '/none/portowner' }; Says = '*/none/portowner*' }
        @{ What = 'the executable cannot be started'; Code = 69; More = @{ Executable = '/' }; Says = '*web1: *' }
        @{ What = 'the list is missing'; Code = 64; More = @{ ComputerList = '/none/fleet.txt' }; Says = '*fleet.txt*' }
        @{ What = 'the folder of baselines is missing'; Code = 64; More = @{ BaselineFolder = '/none/baselines' }; Says = '*/none/baselines*' }
    ) {
        $result = Invoke-Fleet @{ web1 = New-Machine } -More $More
        $result.Code | Should -Be $Code
        $result.Said | Should -BeLike $Says
    }

    It 'is not clean when the list names no machine' {
        $result = Invoke-Fleet @{} -List '# none'
        $result.Code | Should -Be 64
        $result.Said | Should -BeLike '*fleet.txt contains no machines*'
    }

    It 'holds a machine against the baseline of its name, and is not clean when there is nothing to hold it against' {
        $baselines = Join-Path $TestDrive 'baselines'
        $null = New-Item -ItemType Directory -Path $baselines
        $first = Invoke-Fleet @{ web1 = New-Machine } -NoPolicy -More @{ BaselineFolder = $baselines }
        $first.Code | Should -Be 64
        $first.Said | Should -BeLike '*web1: there is neither a baseline nor a policy*'
        Set-Content -LiteralPath (Join-Path $baselines 'web1.yaml') -Value "kind: PortOwner.Baseline`nversion: 1`nmachine: WEB1`nlisteners: []"
        $second = Invoke-Fleet @{ web1 = New-Machine } -NoPolicy -More @{ BaselineFolder = $baselines }
        $second.Said | Should -BeLike '*Opened*'
        $second.Code | Should -Be 1
    }

    It 'says which machines have no baseline and are compared only with the policy' {
        $baselines = Join-Path $TestDrive 'some'
        $null = New-Item -ItemType Directory -Path $baselines
        Set-Content -LiteralPath (Join-Path $baselines 'web1.yaml') -Value "kind: PortOwner.Baseline`nversion: 1`nmachine: WEB1`nlisteners: []"
        Set-Content -LiteralPath (Join-Path $baselines 'wbe2.yaml') -Value 'misspelt'
        $result = Invoke-Fleet @{ web1 = New-Machine; web2 = New-Machine } -More @{ BaselineFolder = $baselines }
        $result.Code | Should -Be 1
        $result.Said | Should -BeLike "*portowner: web2: $(Join-Path $baselines 'web2.yaml') does not exist: the machine is compared only with the policy*"
        $result.Said | Should -Not -BeLike '*web1: there is no*'
        (Invoke-Fleet @{ web2 = New-Machine }).Said | Should -Not -BeLike '*policy alone*'
    }

    It 'audits a machine once, however its name is written' {
        $result = Invoke-Fleet @{ web1 = New-Machine } -List 'web1', 'WEB1', ' Web1 '
        $result.Code | Should -Be 0
        $result.Runs.Count | Should -Be 1
    }

    It 'takes an alias, and says whose it is' {
        $result = Invoke-Fleet @{ 'web1.corp.example' = New-Machine -Own 'WEB1'; www = New-Machine -Own 'WEB2' }
        $result.Code | Should -Be 0
        $result.Said | Should -BeLike '*www: its own name is WEB2*'
        $result.Said | Should -Not -BeLike '*web1.corp.example: it calls*'
        $result.Names | Should -Be 'WEB1', 'WEB2'
    }

    It 'audits one of two that call themselves the same, by the name that is its own' {
        $result = Invoke-Fleet @{ app = New-Machine -Own 'WEB1' -Tcp 23, 135; web1 = New-Machine }
        $result.Code | Should -Be 69
        $result.Said | Should -BeLike '*app: its own name is WEB1, the same as that of web1*app: it was not audited*'
        $result.Said | Should -Not -BeLike '*no telnet*'
        $result.Names | Should -Be 'WEB1'
        Get-ChildItem -LiteralPath $result.Reports | ForEach-Object Name | Should -Be 'web1.csv'
    }

    It 'audits nothing that <What>' -ForEach @{ What = 'does not say whose it is'; Machine = @{ Fails = 'the name' }; Says = 'its answer is not about exactly one machine' }, @{ What = 'cannot be unpacked'; Machine = @{ Form = 'broken' }; Says = 'what it sent cannot be unpacked' } {
        $result = Invoke-Fleet @{ web1 = New-Machine @Machine; web2 = New-Machine }
        $result.Code | Should -Be 69
        $result.Said | Should -BeLike "*web1: $Says*web1: it was not audited*"
        $result.Names | Should -Be 'WEB2'
    }

    It 'keeps audits in the spool until the store has them' {
        $spool = Join-Path $TestDrive 'spool'
        $lost = Invoke-Fleet @{ web1 = New-Machine; web2 = New-Machine } -More @{ Store = 'postgres://ann@localhost:1/audits'; SpoolPath = $spool }
        $lost.Said | Should -BeLike '*PO4211*'
        @(Get-ChildItem -LiteralPath $spool -Filter '*.json').Count | Should -Be 2
        Start-Sleep -Milliseconds 1100
        $found = Invoke-Fleet @{ web1 = New-Machine } -More @{ SpoolPath = $spool }
        $found.Code | Should -Be 0
        $found.Names | Should -Be 'WEB1', 'WEB1', 'WEB2'
        @(Get-ChildItem -LiteralPath $spool -Filter '*.json').Count | Should -Be 0
    }

    It 'sends each audit to the collector, and is not clean where that fails' {
        $result = Invoke-Fleet @{ web1 = New-Machine } -More @{ ReportUrl = 'otlp+https://localhost:1?sslrootcert=/none' }
        $result.Code | Should -Be 69
        $result.Said | Should -BeLike '*PO2001*none*'
        $result.Names | Should -Be 'WEB1'
    }
}
