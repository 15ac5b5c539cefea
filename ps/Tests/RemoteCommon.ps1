# What the tests of other machines share, as they are found (-Discovery) and as they run: SSH remoting to daemons on addresses
# of the loopback, with keys of their own. A file of tests has its own daemons: several run at once.
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
$daemons = @{}
$options = @{ StrictHostKeyChecking = 'no'; UserKnownHostsFile = '/dev/null' }

# Starts sshd, whose subsystem is this PowerShell with these words behind it, or none; gives its port.
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
    while ($null -ne ($line = $process.StandardError.ReadLine()) -and $line -notlike '*Server listening*') { }
    $null = $process.StandardError.ReadToEndAsync()
    $port
}

# A machine as -SSHConnection takes it.
function New-Connection([int] $Port, [string] $Address = '127.0.0.1') {
    @{ HostName = $Address; Port = $Port; UserName = 'root'; KeyFilePath = "$folder/user"; Options = $options }
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
function Wait-Until([scriptblock] $Test, [int] $Second = 20) {
    $end = (Get-Date).AddSeconds($Second)
    while (-not (& $Test) -and (Get-Date) -lt $end) { Start-Sleep -Milliseconds 100 }
    & $Test
}

if (-not $no) {
    $null = New-Item -ItemType Directory -Force /run/sshd
    foreach ($name in 'host', 'user') { ssh-keygen -q -t ed25519 -N '' -f "$folder/$name" }
    $pwsh = "$($shell -join ' ') -sshs -NoLogo -NoProfile"
    foreach ($mode in 'NoLanguage', 'ConstrainedLanguage') {
        Set-Content -LiteralPath "$folder/$mode.pssc" -Value "@{ SchemaVersion = '2.0.0.0'; GUID = '$([guid]::NewGuid())'; SessionType = 'Default'; LanguageMode = '$mode' }"
    }
    # Programs in place of PowerShell: one that says nothing, a slow one, one that counts, and one that dies in the middle.
    $programs = @{
        mute    = 'exec sleep 600'
        slow    = "sleep 3; exec $pwsh"
        counted = "echo + >>$folder/count; $pwsh; echo - >>$folder/count"
        dying   = "case `"`$SSH_ORIGINAL_COMMAND`" in none) ;; *) exit 3 ;; esac; exec 3<&0; $pwsh <&3 & p=`$!; until pgrep -P `$p >/dev/null; do sleep 0.02; done; sleep 0.1; kill -9 `$p"
    }
    foreach ($name in $programs.Keys) {
        Set-Content -LiteralPath "$folder/$name" -Value '#!/bin/sh', $programs[$name]
        chmod +x "$folder/$name"
    }
    $main = Start-Daemon 'main' $pwsh
    $bare = Start-Daemon 'bare'
    $jea = Start-Daemon 'jea' "$pwsh -ConfigurationFile $folder/NoLanguage.pssc"
    $constrained = Start-Daemon 'constrained' "$pwsh -ConfigurationFile $folder/ConstrainedLanguage.pssc"
    foreach ($name in 'mute', 'slow', 'counted') { Set-Variable -Name $name -Value (Start-Daemon $name "$folder/$name") }
    $dying = Start-Daemon 'dying' 'none' "ForceCommand $folder/dying"
    $dead = Get-ClosedPort
    $listener = New-Listener
    $port = $listener.Port
    $policy = "$folder/policy.yaml"
    Set-Content -LiteralPath $policy -Value 'kind: PortOwner.Policy', 'version: 1', 'rules:', '  - name: none', "    ports: $port", '    action: forbid'
    $session = New-PSSession -HostName 127.0.0.1 -Port $main -UserName root -KeyFilePath "$folder/user" -Options ($options + @{ LogLevel = 'QUIET' })
}

# Ends the daemons.
function Remove-Daemon {
    if ($session) { Remove-PSSession $session }
    if ($listener) { $listener.Stop() }
    foreach ($daemon in $daemons.Values) { $daemon.Kill() }
    Remove-Item -LiteralPath $folder -Recurse -Force
}
