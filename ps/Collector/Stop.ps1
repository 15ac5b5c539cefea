# Stops what was shown and approved elsewhere. Each identity names listeners, a process and its start: all of that is
# looked at right before the stop, and what is not so any more is left alone. One line an identity says what became of it:
# result, way and reason, with tabs between them. Built-in cmdlets and the system's own tools only.
param([string[]] $Identity, [bool] $Force, [int] $TimeoutSec)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Set-StrictMode -Off
# Not by a variable of the environment, which a user can set; Windows PowerShell has no $IsWindows.
$onWindows = $PSVersionTable.PSVersion.Major -lt 6 -or $IsWindows
# The system's own tools, whatever the variables of the session say.
$folders = '/usr/sbin', '/usr/bin', '/sbin', '/bin', '/run/current-system/sw/bin'

function Get-Tool([string] $Name) {
    foreach ($folder in $folders) { if (Test-Path -LiteralPath "$folder/$Name") { return "$folder/$Name" } }
    throw "this system has no $Name"
}

# The parts of an identity: TCP/0.0.0.0:8080+TCP/[::]:8080;1234;2026-01-02T03:04:05.678Z;SERVER7;service=NAME
function ConvertFrom-Identity([string] $Text) {
    $part = $Text -split ';'
    $endpoints = foreach ($one in $part[0] -split '\+') {
        if ($one -notmatch '^(TCP|UDP)/\[?([0-9A-Fa-f:.]+)(?:%[^\]]*)?\]?:(\d+)$') { throw "not a target: $Text" }
        @{ Protocol = $Matches[1]; Address = $Matches[2]; Port = [int] $Matches[3] }
    }
    @{ Endpoints = @($endpoints); Process = [int] $part[1]; Start = $part[2]; What = "$($part[4])" }
}

# Milliseconds since 1970.
function Get-Instant($Date) {
    ($Date.ToUniversalTime() - ([datetime] '1970-01-01T00:00:00Z').ToUniversalTime()).TotalMilliseconds
}

# The fields of /proc/PID/stat behind the name, which may hold anything.
function Get-Stat([int] $Id) {
    # A process can end at any time.
    $text = Get-Content -LiteralPath "/proc/$Id/stat" -Raw -ErrorAction SilentlyContinue
    if ($text) { "$text" -replace '(?s)^.*\) ' -split ' ' }
}

# When a process was started, in milliseconds since 1970; nothing when it has ended.
function Get-Start([int] $Id) {
    if ($onWindows) {
        $process = Get-Process -Id $Id -ErrorAction SilentlyContinue
        $start = if ($process) { $process.StartTime }
        if ($process -and -not $start) { $start = (Get-CimInstance -ClassName Win32_Process -Filter "ProcessId=$Id" -Property CreationDate).CreationDate }
        if ($start) { Get-Instant $start }
        return
    }
    $stat = @(Get-Stat $Id)
    if ($stat.Count -lt 20 -or $stat[0] -eq 'Z') { return }
    $boot = [int64] ("$(Get-Content -LiteralPath /proc/stat | Where-Object { $_ -like 'btime *' })" -replace '\D')
    $hertz = [int] "$(& (Get-Tool getconf) CLK_TCK)"
    $boot * 1000 + [int64] $stat[19] * 1000 / $hertz
}

function Test-Same([hashtable] $Wanted) {
    $start = Get-Start $Wanted.Process
    # A tick of Linux' clock is 10 ms, and Windows' cmdlets differ by less than that.
    return $null -ne $start -and [math]::Abs($start - (Get-Instant ([datetime] $Wanted.Start))) -lt 15
}

# An address as /proc/net writes it.
function ConvertTo-Hex([string] $Address) {
    if ($Address -notlike '*:*') {
        $byte = $Address -split '\.'
        return -join (3..0 | ForEach-Object { '{0:X2}' -f [int] $byte[$_] })
    }
    if ($Address -match '^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$') { $Address = '{0}{1:x}:{2:x}' -f $Matches[1], (256 * [int] $Matches[2] + [int] $Matches[3]), (256 * [int] $Matches[4] + [int] $Matches[5]) }
    $half = @($Address -split '::')
    $left = @($half[0] -split ':' -ne '')
    $right = @(if ($half.Count -gt 1) { $half[1] -split ':' -ne '' })
    $group = @($left) + @(for ($i = $left.Count + $right.Count; $i -lt 8; $i++) { '0' }) + @($right)
    $text = -join ($group | ForEach-Object { $_.PadLeft(4, '0') })
    -join (0..3 | ForEach-Object { $word = $text.Substring(8 * $_, 8); 6, 4, 2, 0 | ForEach-Object { $word.Substring($_, 2) } }).ToUpperInvariant()
}

# The inodes of what listens on an endpoint.
function Get-Inode([hashtable] $Endpoint) {
    $table = $Endpoint.Protocol.ToLowerInvariant()
    $state = if ($table -eq 'tcp') { '0A' } else { '07' }
    if ($Endpoint.Address -like '*:*') { $table += '6' }
    $local = '{0}:{1:X4}' -f (ConvertTo-Hex $Endpoint.Address), $Endpoint.Port
    foreach ($line in Get-Content -LiteralPath "/proc/net/$table") {
        $field = $line.Trim() -split '\s+'
        if ($field[1] -eq $local -and $field[3] -eq $state) { $field[9] }
    }
}

# Whether a process has a listener; with no process, whether anybody has.
function Test-Listener([hashtable] $Endpoint, [int] $Id) {
    if ($onWindows) {
        $found = if ($Endpoint.Protocol -eq 'TCP') { @(Get-NetTCPConnection -LocalPort $Endpoint.Port -ErrorAction SilentlyContinue | Where-Object { "$($_.State)" -in 'Listen', '2' }) } else { @(Get-NetUDPEndpoint -LocalPort $Endpoint.Port -ErrorAction SilentlyContinue) }
        return @($found | Where-Object { ($_.LocalAddress -replace '%.*') -eq $Endpoint.Address -and (-not $Id -or $_.OwningProcess -eq $Id) }).Count -gt 0
    }
    $inodes = @(Get-Inode $Endpoint)
    if (-not $Id -or -not $inodes) { return $inodes.Count -gt 0 }
    $ErrorActionPreference = 'Continue'
    $own = @(& (Get-Tool ls) -l "/proc/$Id/fd" 2>$null) -replace '^.*socket:\[(\d+)\]$', '$1'
    return @($inodes | Where-Object { $own -contains $_ }).Count -gt 0
}

# This session and what it runs in.
function Get-OwnLine {
    $id = $PID
    for ($i = 0; $id -gt 0 -and $i -lt 64; $i++) {
        $id
        $id = if ($onWindows) { [int] (Get-CimInstance -ClassName Win32_Process -Filter "ProcessId=$id" -Property ParentProcessId).ParentProcessId } else { [int] @(Get-Stat $id)[1] }
    }
}

function Wait-Gone([hashtable] $Wanted, [int] $Second) {
    $end = (Get-Date).AddSeconds($Second)
    while ((Test-Same $Wanted) -and (Get-Date) -lt $end) { Start-Sleep -Milliseconds 100 }
    return -not (Test-Same $Wanted)
}

function Send-Signal([int] $Id, [string] $Signal) {
    $ErrorActionPreference = 'Continue'
    $said = & (Get-Tool kill) "-$Signal" $Id 2>&1
    if ($LASTEXITCODE -ne 0) { throw "the system refused to end it: $("$said" -replace '^\S*kill: ')" }
}

# The control group of a process, as systemd counts it.
function Get-ControlGroup([int] $Id) {
    $lines = @(Get-Content -LiteralPath "/proc/$Id/cgroup")
    $own = @($lines -match '^\d+:name=systemd:/.') + @($lines -match '^0::')
    if ($own) { $own[0] -replace '^\d+:[^:]*:' }
}

# Whether something still runs that may start a process again: its parent, unless that is the system's first process,
# which starts nothing again that was not its unit. For that long the port is watched, in milliseconds.
function Get-WatchTime([int] $Parent, $ParentStart) {
    if ($Parent -le 4 -or $null -eq $ParentStart -or (Get-Start $Parent) -ne $ParentStart) { return 150 }
    1500
}

function Get-Parent([int] $Id) {
    if (-not $onWindows) { return [int] @(Get-Stat $Id)[1] }
    [int] (Get-CimInstance -ClassName Win32_Process -Filter "ProcessId=$Id" -Property ParentProcessId -ErrorAction SilentlyContinue).ParentProcessId
}

# Stops a process; gives how, or throws why it goes on.
function Stop-One([hashtable] $Wanted) {
    $id = $Wanted.Process
    if ($onWindows) {
        if (-not $Force) { throw 'a program of another session cannot be ended gracefully; use -Force to end it' }
        $process = Get-Process -Id $id
        # Held on to, so that its number goes to no other.
        $null = $process.Handle
        if (-not (Test-Same $Wanted)) { throw 'it has ended' }
        $process | Stop-Process -Force
        if (-not (Wait-Gone $Wanted 5)) { throw 'it did not even end by force' }
        return 'by force'
    }
    if (-not (Test-Same $Wanted)) { throw 'it has ended' }
    Send-Signal $id 'TERM'
    if (Wait-Gone $Wanted $TimeoutSec) { return 'SIGTERM' }
    if (-not $Force) { throw "it did not end within $TimeoutSec s; use -Force to end it" }
    # Between two looks, its ID may have gone to another process.
    if (-not (Test-Same $Wanted)) { return 'SIGTERM' }
    Send-Signal $id 'KILL'
    if (-not (Wait-Gone $Wanted 5)) { throw 'it did not even end by force' }
    'SIGTERM, by force'
}

function Stop-OneService([hashtable] $Wanted, [string] $Name) {
    if ($onWindows) {
        if ($Name -in 'WinRM', 'sshd') { throw "this session needs the service $Name" }
        $literal = $Name -replace "'", "''"
        if ((Get-CimInstance -ClassName Win32_Service -Filter "Name='$literal'").ProcessId -ne $Wanted.Process) { throw "the service $Name runs in another process now" }
        if (-not (Test-Same $Wanted)) { throw 'it has ended' }
        Stop-Service -Name ($Name -replace '([\[\]*?`])', '`$1')
        return "stop the service $Name"
    }
    # The system's manager stops it only if the process is in that unit's own control group: a name alone proves nothing,
    # as a user's own manager may have a unit of that name.
    if ($Name -cnotmatch '^[\w:.\\@-]+\.service$') { throw "$Name is not the name of a service unit" }
    $ErrorActionPreference = 'Continue'
    $systemctl = Get-Tool 'systemctl'
    $unit = "$(& $systemctl show --property=ControlGroup -- $Name 2>$null)" -replace '^ControlGroup='
    $group = Get-ControlGroup $Wanted.Process
    $isWithin = $unit -clike '/?*' -and ($group -ceq $unit -or ($group -and $group.StartsWith("$unit/", 'Ordinal')))
    if (-not $isWithin) { throw "process $($Wanted.Process) does not belong to the unit $Name of the system (a unit of a user must be stopped on the machine itself)" }
    if (-not (Test-Same $Wanted)) { throw 'it has ended' }
    $said = & $systemctl stop -- $Name 2>&1
    if ($LASTEXITCODE -ne 0) { throw "systemctl stop $Name ended with exit code $LASTEXITCODE. $said" }
    "systemctl stop $Name"
}

# The socket units of the system that start a service on demand, so that its stop does not free the port.
function Get-SocketUnit([string] $Name) {
    $ErrorActionPreference = 'Continue'
    $told = "$(& (Get-Tool 'systemctl') show --property=TriggeredBy -- $Name 2>$null)" -replace '^TriggeredBy='
    @($told -split ' ' -cmatch '^[\w:.\\@-]+\.socket$')
}

# Waits until nobody has the endpoints, and then watches whether somebody takes one. Gives that endpoint.
function Get-Taken([hashtable] $Wanted, [int] $Watch) {
    $end = (Get-Date).AddSeconds(2)
    while ((Get-Date) -lt $end -and @($Wanted.Endpoints | Where-Object { Test-Listener $_ })) { Start-Sleep -Milliseconds 50 }
    $end = (Get-Date).AddMilliseconds($Watch)
    do {
        $taken = @($Wanted.Endpoints | Where-Object { Test-Listener $_ })
        if ($taken) { return $taken[0] }
        Start-Sleep -Milliseconds 50
    } while ((Get-Date) -lt $end)
}

# Stops one target; gives its line.
function Stop-Target([string] $Text) {
    $way = ''
    try {
        $wanted = ConvertFrom-Identity $Text
        if (-not $wanted.Start) { return "Refused`t`tthe start time of its process is unknown, so it could be confused with another process" }
        $left = @($wanted.Endpoints | Where-Object { Test-Listener $_ })
        if (-not $left) { return "Gone`t`tthe listener no longer exists" }
        if (-not (Test-Same $wanted)) { return "Refused`t`tprocess $($wanted.Process) has ended, or its ID belongs to another process now" }
        foreach ($one in $wanted.Endpoints) {
            if (-not (Test-Listener $one $wanted.Process)) { return "Refused`t`tprocess $($wanted.Process) no longer has the listener $($one.Protocol) $($one.Address) $($one.Port)" }
        }
        if ((Get-OwnLine) -contains $wanted.Process) { return "Refused`t`tthis session runs in it" }
        $isService = $wanted.What -match '^service=([^+]+)$'
        $service = if ($isService) { [uri]::UnescapeDataString($Matches[1]) }
        $socketUnits = @(if ($isService -and -not $onWindows) { Get-SocketUnit $service })
        $parent = Get-Parent $wanted.Process
        $parentStart = Get-Start $parent
        $way = if ($isService) { Stop-OneService $wanted $service }
        elseif ($wanted.What) { return "Refused`t`tits $($wanted.What -replace '=.*') must be stopped on the machine itself" }
        else { Stop-One $wanted }
        # A service that its manager stopped, nobody starts again.
        $taken = Get-Taken $wanted $(if ($isService -and -not $Force) { 150 } elseif ($isService) { 1500 } else { Get-WatchTime $parent $parentStart })
        if (-not $taken) { return "Stopped`t$way`t" }
        if ($socketUnits) { return "Retaken`t$way`tit ended, but $($taken.Protocol) $($taken.Address) port $($taken.Port) is in use again: systemd listens for $($socketUnits -join ', ') and starts $service on demand. To free the port, run there: systemctl stop -- $($socketUnits -join ' ')" }
        "Retaken`t$way`tit ended, but another program listens on $($taken.Protocol) $($taken.Address) port $($taken.Port) now: one that it had started, or that was started again"
    } catch {
        "NotStopped`t$way`t$("$_" -replace '\s+', ' ')"
    }
}

foreach ($one in $Identity) { Stop-Target $one }
'#End'
