BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $script = Join-Path $moduleFolder 'Tasks/Invoke-FleetAudit.ps1'
    $policy = Join-Path $TestDrive 'policy.yaml'
    Set-Content -LiteralPath $policy -Value "kind: PortOwner.Policy`nversion: 1`nrules:`n  - { name: no telnet, action: forbid, ports: 23, severity: High }"

    # What a machine is made of: ports that TCP listens on, and UDP has; what fails there; by what name it calls itself.
    function New-Machine([int[]] $Tcp = @(135, 443), [int[]] $Udp = @(123, 500), [string[]] $Fails = @(), [string] $Own, [string[]] $Service = @('RpcSs', 'Web'), [string] $State = 'number') {
        @{ Tcp = $Tcp; Udp = $Udp; Fails = $Fails; Own = $Own; Service = $Service; State = $State }
    }
    function New-Instance([string] $Class, [hashtable] $Property) {
        $object = [pscustomobject] $Property
        $object.PSTypeNames.Insert(0, "Microsoft.Management.Infrastructure.CimInstance#$Class")
        $object
    }
    function Test-Failure([string] $What) {
        if ($machine.Fails -contains $What) { Write-Error "the query of $What failed" }
    }

    # The cmdlets of the machine that is asked just now, as far as the script may use them.
    enum State { Closed = 1; Listen = 2; Established = 5; Bound = 100 }
    function Get-NetTCPConnection {
        [CmdletBinding()]
        param()
        Test-Failure 'TCP'
        $states = @{ 2 = 'Listen'; 5 = 'Established' }
        foreach ($port in $machine.Tcp) {
            foreach ($number in 2, 5) {
                $state = switch ($machine.State) { 'number' { [byte] $number } 'text' { $states[$number] } 'enum' { [State] $number } }
                New-Instance 'ROOT/StandardCimv2/MSFT_NetTCPConnection' @{ LocalAddress = '0.0.0.0'; LocalPort = [uint16] ($port + 10000 * [int] ($number -eq 5)); RemoteAddress = '0.0.0.0'; RemotePort = [uint16] 0; State = $state; OwningProcess = [uint32] (700 + [int] ($port -in 135, 500)) }
            }
        }
    }
    function Get-NetUDPEndpoint {
        [CmdletBinding()]
        param()
        Test-Failure 'UDP'
        foreach ($port in $machine.Udp) { New-Instance 'ROOT/StandardCimv2/MSFT_NetUDPEndpoint' @{ LocalAddress = '0.0.0.0'; LocalPort = [uint16] $port; OwningProcess = [uint32] (700 + [int] ($port -in 135, 500)) } }
    }
    function Get-CimInstance {
        [CmdletBinding()]
        param([string] $Query, [uint32] $OperationTimeoutSec)
        $null = $OperationTimeoutSec
        if ($Query -like '*Win32_Process') {
            Test-Failure 'processes'
            foreach ($id in 700, 701) { New-Instance 'root/cimv2/Win32_Process' @{ ProcessId = [uint32] $id; Name = 'server.exe'; ExecutablePath = "C:\server$id.exe"; ParentProcessId = [uint32] 4; CreationDate = [datetime]::UtcNow.AddDays(-1); CSName = $machine.Own; HandleCount = $null; VirtualSize = $null; WorkingSetSize = $null } }
        } else {
            Test-Failure 'services'
            foreach ($service in $machine.Service) { New-Instance 'root/cimv2/Win32_Service' @{ Name = $service; DisplayName = $service; ProcessId = [uint32] 700; ServiceType = 'Share Process'; State = 'Running'; SystemName = $machine.Own } }
        }
    }

    # Remoting without machines: the script block runs here, and what it gives is serialised, object by object.
    function Invoke-Command {
        [CmdletBinding()]
        param([string[]] $ComputerName, [int] $ThrottleLimit, [scriptblock] $ScriptBlock)

        $null = $ThrottleLimit
        foreach ($name in $ComputerName) {
            $machine = $fleet[$name]
            if (-not $machine) {
                Write-Error -Message 'no answer' -TargetObject $name
                continue
            }
            if (-not $machine.Own) { $machine.Own = $name.ToUpper() }
            $sent = 0
            try {
                & $ScriptBlock | ForEach-Object {
                    if ($machine.Fails -contains 'the line' -and $sent++ -ge 5) { throw 'the line is cut' }
                    $object = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($_))
                    $object | Add-Member -NotePropertyName PSComputerName -NotePropertyValue $name -Force -PassThru
                }
            } catch {
                Write-Error -Message $_.Exception.Message -TargetObject $name
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
    It 'audits each machine that answers, and tells of the one that does not' {
        $result = Invoke-Fleet @{ web1 = New-Machine -Tcp 23, 135; web2 = New-Machine } -List '# ours', 'web1', '', 'web2', 'dead', 'web1'
        $result.Code | Should -Be 69
        $result.Said | Should -BeLike '*no telnet*'
        $result.Said | Should -BeLike '*dead: no answer*dead: it was not audited*'
        $result.Names | Should -Be 'WEB1', 'WEB2'
        Get-ChildItem -LiteralPath $result.Reports | ForEach-Object Name | Sort-Object | Should -Be 'web1.csv', 'web2.csv'
        Get-Content -LiteralPath (Join-Path $result.Reports 'web1.csv') -Raw | Should -BeLike '*no telnet*'
        Get-Content -LiteralPath (Join-Path $result.Reports 'web2.csv') -Raw | Should -Not -BeLike '*no telnet*'
    }

    It 'is clean when all machines are, and takes a State that is <_>' -ForEach 'number', 'text', 'enum' {
        $result = Invoke-Fleet @{ web1 = New-Machine -State $_ }
        $result.Said | Should -BeLike '*audit of WEB1: clean, 4 listeners*'
        $result.Code | Should -Be 0
    }

    It 'audits no machine where <_> failed' -ForEach 'TCP', 'UDP', 'processes', 'services', 'the line' {
        $result = Invoke-Fleet @{ web1 = New-Machine -Fails $_; web2 = New-Machine }
        $result.Code | Should -Be 69
        $result.Said | Should -BeLike '*web1: the *web1: it was not audited*'
        $result.Names | Should -Be 'WEB2'
    }

    It 'audits no machine that tells of no <What>' -ForEach @{ What = 'TCP socket'; Machine = @{ Tcp = @() } }, @{ What = 'service'; Machine = @{ Service = @() } } {
        $result = Invoke-Fleet @{ web1 = New-Machine @Machine }
        $result.Code | Should -Be 69
        $result.Said | Should -BeLike "*web1: it told of no $What*web1: it was not audited*"
        $result.Names | Should -BeNullOrEmpty
    }
}
