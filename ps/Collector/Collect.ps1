# Says what Windows, or Linux, itself says of sockets, processes and services, as one text that portowner reads
# (--from). Built-in cmdlets and the system's own tools only, in PowerShell 5.1 and 7; it writes no file, loads no
# code, asks no other machine, and changes nothing. What a constrained language mode refuses is used in the full one
# only. docs/architecture/collection.md describes the text.
# With -FactsVersion, a portowner here that only administrators can change may answer instead, with facts of that version;
# with -Calls, it answers these calls itself (tabs between their words) if it has that -Version; -Text is its input.
param([bool] $CommandLines, [string] $ShellScript, [int] $FactsVersion, [string[]] $Calls, [string] $Version, [string] $Text)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Set-StrictMode -Off

# Not by a variable of the environment, which a user can set; Windows PowerShell has no $IsWindows.
$onWindows = $PSVersionTable.PSVersion.Major -lt 6 -or $IsWindows
if (-not $onWindows) {
    $before = "command_lines=$([int] $CommandLines)`nfacts_version=$FactsVersion`n"
    foreach ($name in 'Calls', 'Version', 'Text') {
        $value = (Get-Variable -Name $name -ValueOnly) -join "`n" -replace "'", "'\''"
        $before += "$($name.ToLowerInvariant())='$value'`n"
    }
    & /bin/sh -c "$before$ShellScript"
    return
}

$system = "$((Get-ItemProperty -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion').SystemRoot)\System32"
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

# The folder of programs: its name comes from the registry, since a user can change the variables of the environment.
function Get-ProgramFolder {
    $folders = Get-ItemProperty -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion'
    # A 32-bit PowerShell finds that of 32-bit programs under the other name.
    if ($folders.ProgramW6432Dir) { $folders.ProgramW6432Dir } else { $folders.ProgramFilesDir }
}

# Where a portowner may be that only administrators can have put there: the deployed one first.
function Get-Place {
    $programs = Get-ProgramFolder
    if (-not $programs) { return }
    "$programs\PortOwner\Deployed\portowner.exe"
    "$programs\PortOwner\portowner.exe"
    foreach ($shell in 'WindowsPowerShell', 'PowerShell') {
        $module = "$programs\$shell\Modules\PortOwner"
        "$module\bin\portowner.exe"
        foreach ($folder in Get-ChildItem -LiteralPath $module -Directory -ErrorAction SilentlyContinue) { "$module\$($folder.Name)\bin\portowner.exe" }
    }
}

# Which rights of a file or folder its security descriptor allows to others than administrators that would let them
# change it, and which of its owner; nothing if none. -Above: of a folder above the program's own, where folders can be
# added, as everybody can below C:\.
function Get-OpenRight([string] $Descriptor, [bool] $Above) {
    $administrators = '^(BA|SY|S-1-5-18|S-1-5-32-544|S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464)$'
    if ($Descriptor -notmatch '^O:([A-Z]{2}|S-[0-9-]+)(?:G:(?:[A-Z]{2}|S-[0-9-]+))?D:[A-Z]*((?:\([^()]*\))*)(?:S:.*)?$') { return 'a descriptor that is not readable' }
    $owner = $Matches[1]
    $entries = $Matches[2]
    if ($owner -notmatch $administrators) { return "the owner $owner" }
    foreach ($entry in $entries -split '[()]') {
        if (-not $entry) { continue }
        $type, $flags, $rights, $null, $null, $account = $entry -split ';'
        # What denies, and what is only for new files and folders below.
        if ($type -eq 'D' -or $flags -match '^(?:..)*IO' -or $account -match $administrators) { continue }
        # To read, to list, and to run.
        $harmless = 0x1200a9
        $words = 'CC|SW|WP|LO|RC|FR|FX|GR|GX'
        if ($Above) {
            $harmless = 0x1200ad
            $words += '|LC'
        }
        $isHarmless = if ($rights -match '^0x[0-9a-fA-F]{1,7}$') { ([int64] $rights -band -bnot [int64] $harmless) -eq 0 } else { $rights -cmatch "^(?:$words)*$" }
        if ($type -ne 'A' -or -not $isHarmless) { return "the rights $rights of $account" }
    }
}

# Why others than administrators can change a program; nothing if they cannot.
function Get-Distrust([string] $Path) {
    $place = $Path
    for ($depth = 0; $place; $depth++) {
        if ("$((Get-Item -LiteralPath $place -Force).Attributes)" -match 'ReparsePoint') { return "$place is a link" }
        $open = Get-OpenRight "$((Get-Acl -LiteralPath $place).Sddl)" ($depth -gt 1)
        if ($open) { return "others than administrators can write to $place ($open)" }
        $folder = $place -replace '\\[^\\]*$' -replace '^([A-Za-z]:)$', '$1\'
        $place = if ($folder -ne $place) { $folder }
    }
}

# What a portowner here prints.
function Get-Said([string] $Path, [string[]] $Words, [int[]] $Success) {
    $ErrorActionPreference = 'Continue'
    # Windows PowerShell sends anything else than ASCII as question marks.
    if ($isFull) { $OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false }
    $said = @(if ($Text) { $Text | & $Path $Words 2>$null } else { & $Path $Words 2>$null })
    if ($Success -notcontains $LASTEXITCODE) { throw "portowner $($Words[0]) ended with exit code $LASTEXITCODE" }
    $said
}

function Get-Snapshot([string] $Path) {
    $Text = ''
    $said = @(Get-Said $Path @('snapshot'; if ($CommandLines) { '--command-lines' }) 0)
    if ("$($said[0])" -notlike "{""kind"":""PortOwner.Facts"",""formatVersion"":$FactsVersion,*") { throw "its snapshot does not have format version $FactsVersion" }
    '#PortOwner.Collection 1 plain'
    '@snapshot'
    $said -replace '^', ' '
    '#End'
}

function Get-Answer([string] $Path) {
    if ("$(Get-Said $Path '--version' 0)" -ne $Version) { throw "it is not version $Version" }
    '#PortOwner.Answer 1'
    foreach ($call in $Calls) {
        '@answer'
        @(Get-Said $Path ($call -split "`t") 0, 1, 69, 77) -replace '^', ' '
    }
    '#End'
}

# What a portowner here says that only administrators can change, by a function that asks it; Ways has what became of each.
function Get-Told([string] $Ask) {
    $told = @{ Ways = @(); Lines = $null }
    foreach ($path in @(Get-Place)) {
        if (-not (Get-Item -LiteralPath $path -Force -ErrorAction SilentlyContinue)) { continue }
        $why = try { Get-Distrust $path } catch { "$_" }
        if (-not $why) {
            try { $told['Lines'] = @(& $Ask $path) } catch { $why = "$_" }
        }
        if (-not $why) {
            $told['Ways'] += "#PortOwner.Way used $path"
            break
        }
        $told['Ways'] += "#PortOwner.Way ignored $path`: $($why -replace '\s+', ' ')"
    }
    $told
}

$told = if ($Calls) { Get-Told 'Get-Answer' }
if ($told) { $told['Ways'] }
if ($told -and $told['Lines']) {
    $told['Lines']
    return
}
$told = if ($FactsVersion) { Get-Told 'Get-Snapshot' }
if ($told) { $told['Ways'] }
$lines = if ($told -and $told['Lines']) { $told['Lines'] } else {
    @(
        '#PortOwner.Collection 1 plain'
        Get-Section 'machine' { Get-Machine }
        Get-Socket
        Get-Owner
        Get-Setting
        '#End'
    )
}
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
