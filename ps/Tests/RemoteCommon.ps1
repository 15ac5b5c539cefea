# What the tests of other machines share, as they are found (-Discovery) and as they run: SSH remoting to daemons on addresses
# of the loopback, with keys of their own. A file of tests has its own daemons: several run at once. A daemon starts when a
# test first names it. Nothing here lasts forever: whatever runs in a daemon ends after an hour.
param([switch] $Discovery)

$no = if ($PSVersionTable.PSVersion.Major -lt 7 -or -not $IsLinux) { 'sshd is started on Linux' }
elseif ('/usr/sbin/sshd', '/usr/bin/ssh', '/usr/bin/ssh-keygen' | Where-Object { -not (Test-Path -LiteralPath $_) }) { 'there is no OpenSSH (openssh-server, openssh-client)' }
elseif ((id -u) -ne 0) { 'sshd wants root for its folder' }
if ($Discovery) {
    $noApart = if (-not (Get-Command -Name unshare -ErrorAction Ignore)) { 'there is no unshare' } elseif ((Get-Process -Id $PID).Path -like '/opt/*') { 'this PowerShell is in /opt' }
    return
}

. (Join-Path $PSScriptRoot 'Common.ps1')
$folder = (New-Item -ItemType Directory (Join-Path ([System.IO.Path]::GetTempPath()) "portowner-remote-$([guid]::NewGuid())")).FullName
$options = @{ StrictHostKeyChecking = 'no'; UserKnownHostsFile = '/dev/null' }
$pwsh = "/usr/bin/timeout 3600 $($shell -join ' ') -sshs -NoLogo -NoProfile"
# The daemons that run: their processes and ports, by their names.
$daemons = @{}
$ports = @{}

# Starts sshd, whose subsystem is this PowerShell with these words behind it, or none.
# With -Apart, it has a /opt of its own, which is empty; with -Size no more than so large. Nothing of it is unmounted,
# and nothing is removed there without a look at the mount: below it is the machine's own /opt.
function Start-Daemon([string] $Name, [string] $Subsystem, [string] $More, [switch] $Apart, [string] $Size = '400m', [string] $Before = 'true') {
    $port = Get-ClosedPort
    $file = Join-Path $folder "$Name.sshd"
    $lines = @("Port $port", 'ListenAddress 0.0.0.0', "HostKey $folder/host", "AuthorizedKeysFile $folder/user.pub", 'StrictModes no', 'UsePAM no', 'PidFile none', 'PermitRootLogin yes', 'MaxStartups 100')
    if ($Subsystem) { $lines += "Subsystem powershell $Subsystem" }
    if ($More) { $lines += $More }
    Set-Content -LiteralPath $file -Value $lines
    $start = New-Object System.Diagnostics.ProcessStartInfo '/usr/sbin/sshd', "-D -e -f $file"
    if ($Apart) { $start = New-Object System.Diagnostics.ProcessStartInfo 'unshare', "-m /bin/sh -c ""mount -t tmpfs -o mode=755,size=$Size portowner-test /opt && $Before && exec /usr/sbin/sshd -D -e -f $file""" }
    $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $daemons[$Name] = $process
    $said = while ($null -ne ($line = $process.StandardError.ReadLine()) -and $line -notlike '*Server listening*') { $line }
    if ($null -eq $line) { throw "the daemon $Name does not start: $said" }
    $null = $process.StandardError.ReadToEndAsync()
    $ports[$Name] = $port
}

# How each daemon that several tests use is started.
$kinds = @{
    main        = { Start-Daemon 'main' $pwsh }
    bare        = { Start-Daemon 'bare' }
    jea         = { Start-Daemon 'jea' (Get-Restricted 'NoLanguage') }
    constrained = { Start-Daemon 'constrained' (Get-Restricted 'ConstrainedLanguage') }
    # Programs in place of PowerShell: one that says nothing, a slow one, one that counts, and one that dies in the middle.
    mute        = { Start-Daemon 'mute' (New-Program 'mute' 'exec sleep 600') }
    slow        = { Start-Daemon 'slow' (New-Program 'slow' 'sleep 3', "exec $pwsh") }
    counted     = { Start-Daemon 'counted' (New-Program 'counted' "echo + >>$folder/count", $pwsh, "echo - >>$folder/count") }
    dying       = {
        $lines = 'case "$SSH_ORIGINAL_COMMAND" in none) ;; *) exit 3 ;; esac', 'exec 3<&0', "$($pwsh -replace '^\S+ \d+ ') <&3 & p=`$!", 'until pgrep -P $p >/dev/null; do sleep 0.02; done', 'sleep 0.1', 'kill -9 $p'
        Start-Daemon 'dying' 'none' "ForceCommand $(New-Program 'dying' $lines)"
    }
    dead        = { $ports['dead'] = Get-ClosedPort }
}

# The PowerShell of a daemon, with a session of this language mode.
function Get-Restricted([string] $Mode) {
    Set-Content -LiteralPath "$folder/$Mode.pssc" -Value "@{ SchemaVersion = '2.0.0.0'; GUID = '$([guid]::NewGuid())'; SessionType = 'Default'; LanguageMode = '$Mode' }"
    "$pwsh -ConfigurationFile $folder/$Mode.pssc"
}

# The port of a daemon, which is started at the first question.
function Get-DaemonPort([string] $Name) {
    if (-not $ports[$Name]) { & $kinds[$Name] }
    $ports[$Name]
}

# A program for a shell, in the folder of this run unless the name has a path; gives its path.
function New-Program([string] $Name, [string[]] $Line) {
    $path = [System.IO.Path]::Combine($folder, $Name)
    [System.IO.File]::WriteAllText($path, -join (@('#!/bin/sh') + $Line | ForEach-Object { "$_`n" }))
    chmod +x $path
    $path
}

# A machine as -SSHConnection takes it: a daemon, at an address.
function New-Connection([string] $Daemon, [string] $Address = '127.0.0.1') {
    @{ HostName = $Address; Port = Get-DaemonPort $Daemon; UserName = 'root'; KeyFilePath = "$folder/user"; Options = $options }
}

# The same as text of a script.
function Get-ConnectionText([string] $Daemon, [string] $Address = '127.0.0.1') {
    "@{ HostName = '$Address'; Port = $(Get-DaemonPort $Daemon); UserName = 'root'; KeyFilePath = '$folder/user'; Options = @{ StrictHostKeyChecking = 'no'; UserKnownHostsFile = '/dev/null' } }"
}

# A session to a daemon, as a user opens it. It starts no PowerShell for each call, as a connection does.
function New-TestSession([string] $Daemon, [string] $Address = '127.0.0.1') {
    New-PSSession -HostName $Address -Port (Get-DaemonPort $Daemon) -UserName root -KeyFilePath "$folder/user" -ConnectingTimeout 120000 -Options ($options + @{ LogLevel = 'QUIET' })
}

# The processes that sessions to a daemon leave, by the daemon's process.
function Get-Below([int] $Id) {
    $all = @(Get-Process | Where-Object { $_.Id -ne $PID } | ForEach-Object { @{ Id = $_.Id; Parent = try { $_.Parent.Id } catch { 0 } } })
    $found = @($Id)
    do {
        $before = $found.Count
        $found += @($all | Where-Object { $_.Parent -in $found -and $_.Id -notin $found } | ForEach-Object { $_.Id })
    } while ($found.Count -gt $before)
    @($found | Where-Object { $_ -ne $Id })
}

# Waits until something is so, for a while.
function Wait-Until([scriptblock] $Test, [int] $Second = 120) {
    $end = (Get-Date).AddSeconds($Second)
    while (-not (& $Test) -and (Get-Date) -lt $end) { Start-Sleep -Milliseconds 100 }
    & $Test
}

# Passes jobs on that have ended; they have ten minutes. Start-Job ends the input of its job when the pipeline before ends.
function Complete-Job {
    foreach ($job in @($input)) {
        if (-not (Wait-Job -Job $job -Timeout 600)) { throw "the job $($job.Name) does not end" }
        $job
    }
}

if (-not $no) {
    $null = New-Item -ItemType Directory -Force /run/sshd
    foreach ($name in 'host', 'user') { ssh-keygen -q -t ed25519 -N '' -f "$folder/$name" }
    $listener = New-Listener
    $port = $listener.Port
    $policy = "$folder/policy.yaml"
    Set-Content -LiteralPath $policy -Value 'kind: PortOwner.Policy', 'version: 1', 'rules:', '  - name: none', "    ports: $port", '    action: forbid'
}

# Ends the daemons.
function Remove-Daemon {
    Get-PSSession | Remove-PSSession
    if ($listener) { $listener.Stop() }
    foreach ($daemon in $daemons.Values) { $daemon.Kill() }
    Remove-Item -LiteralPath $folder -Recurse -Force
}
