# Says what Windows, or Linux, itself says of sockets, processes and services, as one text that portowner reads
# (--from). Built-in cmdlets and the system's own tools only, in PowerShell 5.1 and 7; it writes no file, loads no
# code, asks no other machine, and changes nothing. What a constrained language mode refuses is used in the full one
# only. docs/architecture/collection.md describes the text.
param([bool] $CommandLines, [string] $ShellScript)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Set-StrictMode -Off

if (-not $env:SystemRoot) {
    $before = if ($CommandLines) { "command_lines=1`n" } else { '' }
    & /bin/sh -c "$before$ShellScript"
    return
}

$system = "$env:SystemRoot\System32"
$isFull = "$($ExecutionContext.SessionState.LanguageMode)" -eq 'FullLanguage'

# A section: its name, then its lines with a blank before each, or why there are none.
function Get-Section([string] $Name, [scriptblock] $Read) {
    "@$Name"
    try {
        # A field may hold line breaks.
        @(. $Read) -split "`r?`n" -replace '^', ' '
    } catch {
        $denied = $_.CategoryInfo.Category -eq 'PermissionDenied' -or $_.FullyQualifiedErrorId -match '0x80070005|0x80041003'
        $code = if ($denied) { 'AccessDenied' } else { 'Failed' }
        "!$code $("$_" -replace '\s+', ' ')"
    }
}

# What one of the system's own tools prints.
function Get-Text([string] $Tool, [string[]] $Arguments) {
    # What it writes to standard error ends nothing.
    $ErrorActionPreference = 'Continue'
    $text = & "$system\$Tool" $Arguments 2>$null
    if ($LASTEXITCODE -ne 0) { throw "$Tool $Arguments ended with exit code $LASTEXITCODE" }
    if (-not $text) { throw "$Tool $Arguments printed nothing" }
    $text
}

function Get-Netsh([string] $Name, [string[]] $Arguments) {
    Get-Section $Name { Get-Text 'netsh.exe' $Arguments }
}

# A text as a field of CSV.
function ConvertTo-Field($Text) {
    '"' + ("$Text" -replace '"', '""') + '"'
}

# Instants as Windows counts them, which no culture writes in its own way.
function ConvertTo-FileTime($Date) {
    if ($Date) { $Date.ToFileTimeUtc() }
}

# The values of a key, as name and value.
function Get-Value([string] $Path, [string] $Prefix) {
    if (-not (Test-Path -LiteralPath "HKLM:\$Path")) { return }
    foreach ($value in (Get-ItemProperty -LiteralPath "HKLM:\$Path").PSObject.Properties) {
        if ($value.Name -in 'PSPath', 'PSParentPath', 'PSChildName', 'PSDrive', 'PSProvider') { continue }
        "$Prefix,$(ConvertTo-Field $value.Name),$(ConvertTo-Field $value.Value)"
    }
}

function Get-Machine {
    $version = Get-ItemProperty -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    $architecture = if ($env:PROCESSOR_ARCHITEW6432) { $env:PROCESSOR_ARCHITEW6432 } else { $env:PROCESSOR_ARCHITECTURE }
    $build = $version.CurrentBuild
    $numbers = if ($null -ne $version.CurrentMajorVersionNumber) { "$($version.CurrentMajorVersionNumber).$($version.CurrentMinorVersionNumber)" } else { $version.CurrentVersion }
    'platform win32'
    "name $env:COMPUTERNAME"
    "release $numbers.$build"
    "architecture $architecture"
    # The label of a token with administrator's rights in force: high, or the system's.
    $groups = try { "$(Get-Text 'whoami.exe' '/groups', '/fo', 'csv', '/nh')" } catch { '' }
    if ($groups) { "elevated $("$($groups -match 'S-1-16-(12288|16384)')".ToLowerInvariant())" }
    "at $((Get-Date).ToUniversalTime().ToString('s'))Z"
    "language $($ExecutionContext.SessionState.LanguageMode)"
}

function Get-Socket {
    $tcp = Get-Section 'cim/tcp' {
        foreach ($row in Get-CimInstance -Namespace root/StandardCimv2 -ClassName MSFT_NetTCPConnection) {
            "$($row.LocalAddress),$($row.LocalPort),$($row.RemoteAddress),$($row.RemotePort),$([int]$row.State),$($row.OwningProcess),$(ConvertTo-FileTime $row.CreationTime)"
        }
    }
    $udp = Get-Section 'cim/udp' {
        foreach ($row in Get-CimInstance -Namespace root/StandardCimv2 -ClassName MSFT_NetUDPEndpoint) {
            "$($row.LocalAddress),$($row.LocalPort),$($row.OwningProcess),$(ConvertTo-FileTime $row.CreationTime)"
        }
    }
    $tcp
    $udp
    if (@($tcp + $udp) -match '^!') {
        Get-Section 'netstat' {
            # With bound sockets, where it knows them.
            try { Get-Text 'netstat.exe' '-anoq' } catch { Get-Text 'netstat.exe' '-ano' }
        }
    }
}

function Get-Owner {
    $fields = @('ProcessId', 'ParentProcessId', 'Name', 'ExecutablePath', 'CreationDate')
    if ($CommandLines) { $fields += 'CommandLine' }
    $processes = Get-Section 'cim/processes' {
        foreach ($row in Get-CimInstance -ClassName Win32_Process -Property $fields) {
            "$($row.ProcessId),$($row.ParentProcessId),$(ConvertTo-Field $row.Name),$(ConvertTo-Field $row.ExecutablePath),$(ConvertTo-FileTime $row.CreationDate),$(ConvertTo-Field $row.CommandLine)"
        }
    }
    $processes
    if (@($processes) -match '^!') {
        Get-Section 'processes' {
            foreach ($row in Get-Process) {
                # Those of others are refused to an ordinary user.
                $path = try { $row.Path } catch { '' }
                $started = try { $row.StartTime } catch { '' }
                "$($row.Id),$(ConvertTo-Field $row.ProcessName),$(ConvertTo-Field $path),$(ConvertTo-FileTime $started)"
            }
        }
    }
    Get-Section 'accounts' { foreach ($row in Get-Process -IncludeUserName) { "$($row.Id),$(ConvertTo-Field $row.UserName)" } }
    Get-Section 'cim/services' {
        foreach ($row in Get-CimInstance -ClassName Win32_Service -Property Name, DisplayName, ProcessId, State, ServiceType) {
            "$(ConvertTo-Field $row.Name),$(ConvertTo-Field $row.DisplayName),$($row.ProcessId),$($row.State),$($row.ServiceType)"
        }
    }
    Get-Section 'cim/drivers' {
        foreach ($row in Get-CimInstance -ClassName Win32_SystemDriver -Filter "State <> 'Stopped'" -Property Name, DisplayName, State) {
            "$(ConvertTo-Field $row.Name),$(ConvertTo-Field $row.DisplayName),0,$($row.State),Kernel Driver"
        }
    }
}

function Get-Setting {
    foreach ($family in 'ipv4', 'ipv6') {
        foreach ($protocol in 'tcp', 'udp') {
            Get-Netsh "dynamicports/$family/$protocol" 'interface', $family, 'show', 'dynamicportrange', $protocol
            Get-Netsh "excludedports/$family/$protocol" 'interface', $family, 'show', 'excludedportrange', $protocol
            Get-Netsh "persistentports/$family/$protocol" 'interface', $family, 'show', 'excludedportrange', $protocol, 'persistent'
        }
    }
    Get-Netsh 'httpsys' 'http', 'show', 'servicestate', 'view=requestq', 'verbose=yes'
    Get-Netsh 'urlacl' 'http', 'show', 'urlacl'
    Get-Netsh 'iplisten' 'http', 'show', 'iplisten'
    Get-Section 'portproxy' {
        foreach ($table in 'v4tov4', 'v4tov6', 'v6tov4', 'v6tov6') {
            Get-Value "SYSTEM\CurrentControlSet\Services\PortProxy\$table\tcp" $table
        }
    }
    Get-Section 'firewall' {
        $keys = @{ local = 'SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy'; group = 'SOFTWARE\Policies\Microsoft\WindowsFirewall' }
        foreach ($kind in 'local', 'group') {
            foreach ($part in 'FirewallRules', 'DomainProfile', 'StandardProfile', 'PrivateProfile', 'PublicProfile') {
                Get-Value "$($keys[$kind])\$part" "$kind,$part"
            }
        }
    }
    Get-Section 'addresses' {
        foreach ($row in Get-CimInstance -Namespace root/StandardCimv2 -ClassName MSFT_NetIPAddress) {
            "$($row.IPAddress),$(ConvertTo-Field $row.InterfaceAlias)"
        }
    }
}

$lines = @(
    '#PortOwner.Collection 1 plain'
    Get-Section 'machine' { Get-Machine }
    Get-Socket
    Get-Owner
    Get-Setting
    '#End'
)
if (-not $isFull) {
    # Whoever reads bytes of it needs to know how they are to be read.
    $page = "$(try { Get-Text 'chcp.com' } catch { '' })" -replace '\D'
    $lines[0] = "#PortOwner.Collection 1 plain $page"
    $lines
    return
}
$memory = New-Object -TypeName System.IO.MemoryStream
$packed = New-Object -TypeName System.IO.Compression.GZipStream -ArgumentList $memory, ([System.IO.Compression.CompressionMode]::Compress)
$bytes = [System.Text.Encoding]::UTF8.GetBytes($lines -join "`n")
$packed.Write($bytes, 0, $bytes.Length)
$packed.Dispose()
'#PortOwner.Collection 1 gzip'
[System.Convert]::ToBase64String($memory.ToArray(), 'InsertLineBreaks') -split "`r`n"
'#End'
