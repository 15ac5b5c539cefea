# Other machines, for real: SSH remoting to daemons on addresses of the loopback, with keys of their own.
BeforeDiscovery {
    $no = if ($PSVersionTable.PSVersion.Major -lt 7 -or -not $IsLinux) { 'sshd is started on Linux' }
    elseif (@('/usr/sbin/sshd', '/usr/bin/ssh', '/usr/bin/ssh-keygen') -ne '' | Where-Object { -not (Test-Path -LiteralPath $_) }) { 'there is no OpenSSH (openssh-server, openssh-client)' }
    elseif ((id -u) -ne 0) { 'sshd wants root for its folder' }
    $noApart = if (-not (Get-Command -Name unshare -ErrorAction Ignore)) { 'there is no unshare' } elseif ((Get-Process -Id $PID).Path -like '/opt/*') { 'this PowerShell is in /opt' }
}

BeforeAll {
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

    if ($PSVersionTable.PSVersion.Major -ge 7 -and $IsLinux -and (Test-Path /usr/sbin/sshd) -and (id -u) -eq 0) {
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
}

AfterAll {
    if ($session) { Remove-PSSession $session }
    if ($listener) { $listener.Stop() }
    foreach ($daemon in $daemons.Values) { $daemon.Kill() }
    Remove-Item -LiteralPath $folder -Recurse -Force
}

Describe 'The parameters that name other machines' {
    BeforeAll {
        $asking = 'Get-PortOwner', 'Test-PortBinding', 'Get-PortConflict', 'Get-FreePort', 'Get-PortRange', 'Save-PortSnapshot', 'Compare-PortSnapshot', 'New-PortBaseline', 'Invoke-PortAudit', 'Stop-PortOwner'
    }

    It 'are the same of every function that asks a machine' {
        foreach ($name in $asking) {
            $command = Get-Command $name
            foreach ($parameter in InModuleScope PortOwner { . (Join-Path (Get-Module PortOwner).ModuleBase 'Remote.ps1'); $remoteParameters }) { $command.Parameters.Keys | Should -Contain $parameter -Because $name }
            foreach ($set in 'ComputerName', 'Session', 'HostName', 'SSHConnection') { $command.ParameterSets.Name | Should -Contain $set -Because $name }
        }
    }

    It 'refuse what makes no sense together: <_>' -ForEach '-ComputerName a -HostName b', '-ComputerName a -KeyFilePath b', '-ComputerName a -FromSnapshot b', '-HostName a -UseSSL', '-KeyFilePath a', '-ComputerName a -RemotingPort 0', '-Session 1 -RemotingPort 5' {
        $problem = { & ([scriptblock]::Create("Get-PortOwner 1 $_")) } | Should -Throw -PassThru
        $problem.FullyQualifiedErrorId | Should -Match "^(AmbiguousParameterSet|MissingMandatoryParameter|ParameterArgument(Validation|Transformation)Error),Get-PortOwner"
    }

    It 'say that a machine is missing: <Name>' -ForEach @{ Name = 'RemotingPort'; Value = 5 }, @{ Name = 'ThrottleLimit'; Value = 5 }, @{ Name = 'OperationTimeout'; Value = 5 }, @{ Name = 'Deploy'; Value = $true }, @{ Name = 'Undeploy'; Value = $true }, @{ Name = 'AsJob'; Value = $true } {
        $parameter = @{ $Name = $Value }
        foreach ($question in { Get-PortOwner 1 @parameter }, { Get-PortRange @parameter }, { Get-PortOwner 1 -FromSnapshot a @parameter }, { Stop-PortOwner 1 -WhatIf @parameter }) {
            $problem = $question | Should -Throw -PassThru
            $problem.FullyQualifiedErrorId | Should -BeLike 'PO1005,*'
            "$problem" | Should -Be "-$Name needs a remote machine, and none is specified."
            $problem.ErrorDetails.RecommendedAction | Should -BeLike '*-ComputerName*-HostName*'
        }
    }

    It 'are refused in a hashtable whose Options are none' -Skip:($PSVersionTable.PSVersion.Major -lt 7) {
        $problem = { Get-PortOwner 1 -SSHConnection @{ HostName = 'server7'; Options = 'x' } } | Should -Throw -PassThru
        $problem.FullyQualifiedErrorId | Should -Be 'PO1005,Get-PortOwner'
        "$problem" | Should -BeLike "*has the Options 'x'; expected a hashtable."
    }

    It 'say that there is no WinRM where there is none' -Skip:(-not $IsLinux) {
        $null = Get-PortOwner 1 -ComputerName server7.invalid -ErrorVariable problems -ErrorAction SilentlyContinue
        "$problems" | Should -Be 'server7.invalid could not be queried: PowerShell on this system has no client for WinRM, which -ComputerName uses.'
        $problems[0].ErrorDetails.RecommendedAction | Should -Be 'Use SSH: -HostName server7.invalid.'
    }

    It 'say that Windows PowerShell has no SSH' -Skip:($PSVersionTable.PSVersion.Major -ge 7) {
        $problem = { Get-PortOwner 1 -HostName a } | Should -Throw -PassThru
        $problem.FullyQualifiedErrorId | Should -Be 'PO1005,Get-PortOwner'
    }

    It 'of this machine are answered here: <_>' -ForEach 'localhost', '.', '127.0.0.1', '[::1]', ([System.Net.Dns]::GetHostName()) {
        $here = New-Listener
        try {
            $row = Get-PortOwner $here.Port -ComputerName $_ -Verbose 4>&1
            @($row | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }) -join "`n" | Should -BeLike '*without remoting: it is this machine*'
            @($row | Where-Object LocalPort).Id | Should -Be $PID
        } finally {
            $here.Stop()
        }
    }

    It 'of this machine by its address, its file of hosts, or with a dot behind it are answered here, too, in <_>' -Skip:(-not $IsLinux) -ForEach 'FullLanguage', 'ConstrainedLanguage' {
        $address = @([System.Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces() | ForEach-Object { $_.GetIPProperties().UnicastAddresses } | ForEach-Object { "$($_.Address)" } | Where-Object { $_ -notlike '127.*' -and $_ -ne '::1' })
        $given = @(Get-Content /etc/hosts | Where-Object { $_ -match '^127\.' } | ForEach-Object { ($_ -split '\s+')[1] })
        $names = @($address) + $given + @('0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', "$([System.Net.Dns]::GetHostName()).")
        $list = ($names | ForEach-Object { "'$_'" }) -join ', '
        $script = "Import-Module '$moduleFolder'; & (Get-Module PortOwner) { . '$moduleFolder/Remote.ps1'; `$ExecutionContext.SessionState.LanguageMode = '$_'; foreach (`$name in $list) { Test-ThisMachine `$name }; Test-ThisMachine '192.0.2.1'; Test-ThisMachine 'server7.invalid'; Test-ThisMachine '2001:db8::1' }"
        $said = @(Invoke-Shell $script)
        $said.Count | Should -Be ($names.Count + 3)
        @($said | Select-Object -First $names.Count | Select-Object -Unique) | Should -Be 'True' -Because "of $list"
        @($said | Select-Object -Last 3 | Select-Object -Unique) | Should -Be 'False'
    }

    It 'are refused in a hashtable with a key that does not exist: <Key>' -Skip:($PSVersionTable.PSVersion.Major -lt 7) -ForEach @{ Key = 'Hostname2'; Nearest = 'HostName' }, @{ Key = 'KeyFile'; Nearest = 'KeyFilePath' }, @{ Key = 'Xyz'; Nearest = '' }, @{ Key = 'KeyFilePat'; Nearest = 'KeyFilePath' }, @{ Key = 'Username1'; Nearest = 'UserName' }, @{ Key = 'Prt'; Nearest = 'Port' } {
        $problem = { Get-PortOwner 1 -SSHConnection @{ HostName = 'server7'; $Key = 'x' } } | Should -Throw -PassThru
        $problem.FullyQualifiedErrorId | Should -Be 'PO1005,Get-PortOwner'
        "$problem" | Should -BeLike "*unknown key $Key.*"
        if ($Nearest) { $problem.ErrorDetails.RecommendedAction | Should -BeLike "Did you mean ${Nearest}? *" }
    }

    It 'do not take the file of what is read then at the import of the module' {
        Invoke-Shell "Import-Module '$moduleFolder'; & (Get-Module PortOwner) { [bool] (Get-Command Get-Target -ErrorAction Ignore) }" | Should -Be 'False'
    }
}

Describe 'Over SSH' -Skip:([bool] $no) {
    It 'a machine answers as this one does, and nothing stays there' {
        $row = Get-PortOwner $port -IncludeCommandLine -SSHConnection (New-Connection $main) -WarningAction Ignore
        $here = Get-PortOwner $port -IncludeCommandLine -WarningAction Ignore
        $row.PSComputerName | Should -Be '127.0.0.1'
        foreach ($name in 'LocalPort', 'OwningProcess', 'Owner', 'Path', 'CommandLine', 'UserName', 'ComputerName') { $row.$name | Should -Be $here.$name }
        $row.PSTypeNames | Should -Contain 'PortOwner.Endpoint'
        $row.PSObject.Properties.Name | Should -Not -Contain 'Id'
        Get-Job | Should -BeNullOrEmpty
    }

    It 'a dead machine and a slow one are one error and one answer among ten that live' {
        $machines = @(New-Connection $dead '127.0.1.1') + @(New-Connection $slow '127.0.1.2') + @(1..10 | ForEach-Object { New-Connection $main "127.0.0.$_" })
        $rows = @(Get-PortOwner $port -SSHConnection $machines -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore)
        $rows.PSComputerName | Sort-Object | Should -Be (@('127.0.1.2') + @(1..10 | ForEach-Object { "127.0.0.$_" }) | Sort-Object)
        $rows.OwningProcess | Sort-Object -Unique | Should -Be $PID
        @($problems).Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'PSSessionStateBroken,Get-PortOwner'
        "$($problems[0])" | Should -BeLike '*127.0.1.1 could not be queried: *Connection refused*'
        $problems[0].TargetObject | Should -Be '127.0.1.1'
    }

    It 'a machine that WinRM does not reach is an error of its own, with the id of the session' {
        $rows = @(Get-PortOwner $port -ComputerName 'server7.invalid', localhost -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore)
        $rows.OwningProcess | Should -Be $PID
        @($problems).Count | Should -Be 1
        "$($problems[0])" | Should -BeLike 'server7.invalid could not be queried: *'
        $problems[0].FullyQualifiedErrorId | Should -Not -BeLike 'PO*'
    }

    It 'a machine that cannot be asked at all is an error of its own: <_>' -ForEach 'a key file that does not exist', 'an invalid name', 'a port that is not a number' {
        $bad = New-Connection $main '127.0.1.3'
        switch -Wildcard ($_) {
            'a key*' { $bad.KeyFilePath = "$folder/nowhere" }
            'an invalid*' { $bad.HostName = 'a b' }
            'a port*' { $bad.Port = 'abc' }
        }
        $rows = @(Get-PortOwner $port -SSHConnection $bad, (New-Connection $main) -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore)
        $rows.OwningProcess | Should -Be $PID
        @($problems | Where-Object { "$_" -like "$($bad.HostName) could not be queried: *" }).Count | Should -Be 1
    }

    It 'many machines that ssh cannot reach do not end PowerShell: <What>' -ForEach @{ What = 'without an address'; Name = 'server$_.invalid' }, @{ What = 'that refuse'; Name = '127.0.1.$_' } {
        $names = @(1..40 | ForEach-Object { "'$($Name -replace '\$_', $_)'" }) -join ', '
        $said = @(Invoke-Shell "Import-Module '$moduleFolder'; Get-PortOwner 1 -HostName $names -RemotingPort $dead -ThrottleLimit 40 -ErrorVariable problems -ErrorAction SilentlyContinue; `$problems | ForEach-Object FullyQualifiedErrorId | Select-Object -Unique; `$problems.Count; `"`$(`$problems[0])`"")
        $said[0..1] | Should -Be 'PSSessionStateBroken,Get-PortOwner', '40'
        $said[2] | Should -BeLike $(if ($What -like 'without*') { 'server1.invalid could not be queried: ssh: Could not resolve hostname server1.invalid*' } else { '127.0.1.* could not be queried: ssh: connect to host *Connection refused' })
    }

    # Whatever ssh does: PowerShell's own transport would end with it, or wait for nothing.
    It 'an ssh that ends at once is one error for each machine: <Count> machines, <What>' -ForEach @(
        @{ Count = 1; What = 'silent'; Code = 3; Script = '' }
        @{ Count = 40; What = 'silent'; Code = 3; Script = '' }
        @{ Count = 1; What = 'noise'; Code = 0; Script = 'echo hello world; echo noise' }
        @{ Count = 10; What = 'noise'; Code = 0; Script = 'echo hello world; echo noise' }
        @{ Count = 10; What = 'ends while PowerShell writes'; Code = 255; Script = 'head -c 4096 >/dev/null' }
        @{ Count = 2; What = 'killed'; Code = 0; Script = 'kill -9 $$' }
        @{ Count = 2; What = 'errors'; Code = 255; Script = 'echo no >&2' }
        @{ Count = 2; What = 'closes its output first'; Code = 1; Script = 'exec >&- 2>&-; sleep 0.2' }
        @{ Count = 2; What = 'many lines'; Code = 1; Script = 'head -c 3000000 /dev/zero | tr "\0" x' }
    ) {
        $tools = (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))).FullName
        # The question for its settings is answered.
        Set-Content -LiteralPath "$tools/ssh" -Value '#!/bin/sh', 'case "$1" in -G) exec /usr/bin/ssh "$@" ;; esac', $Script, "exit $Code"
        chmod +x "$tools/ssh"
        $names = @(1..$Count | ForEach-Object { "'127.0.1.$_'" }) -join ', '
        $said = @(Invoke-Shell "Import-Module '$moduleFolder'; `$began = Get-Date; Get-PortOwner 1 -HostName $names -RemotingPort $dead -ThrottleLimit 40 -ErrorVariable problems -ErrorAction SilentlyContinue; `$problems.Count; `$problems | ForEach-Object { `"`$_`" -replace '127\.0\.1\.\d+', 'HOST' } | Select-Object -Unique; Get-Job; 'alive'" @{ PATH = "${tools}:$env:PATH" })
        $said[0] | Should -Be "$Count" -Because "$said"
        $said[-1] | Should -Be 'alive'
        # Plain ssh, which is asked then, is the system's.
        $said[1..($said.Count - 2)] | Should -BeLike 'HOST could not be queried: ssh: connect to host HOST port * Connection refused'
    }

    It 'says that there is no ssh' {
        Get-PortOwner 1 -HostName server7 -ErrorVariable problems -ErrorAction SilentlyContinue
        $usual, $env:PATH = $env:PATH, "$TestDrive"
        try { Get-PortOwner 1 -HostName 127.0.0.1, 127.0.0.2 -ErrorVariable problems -ErrorAction SilentlyContinue } finally { $env:PATH = $usual }
        @($problems).Count | Should -Be 2
        "$($problems[0])" | Should -Be '127.0.0.1 could not be queried: there is no ssh in the folders of the PATH; install the OpenSSH client.'
    }

    It 'options and users with blanks are one argument of ssh' {
        $tools = (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))).FullName
        Set-Content -LiteralPath "$tools/ssh" -Value '#!/bin/sh', "printf '%s\n' `"`$@`" >> $tools/words", 'exit 3'
        chmod +x "$tools/ssh"
        $usual, $env:PATH = $env:PATH, "${tools}:$env:PATH"
        try { Get-PortOwner 1 -SSHConnection @{ HostName = '127.0.1.1'; UserName = 'CORP\ann lee'; Port = $dead; Options = @{ ProxyCommand = 'false -o %h'; Compression = 'yes' } } -ErrorVariable problems -ErrorAction SilentlyContinue } finally { $env:PATH = $usual }
        @($problems).Count | Should -Be 1
        $words = Get-Content -LiteralPath "$tools/words"
        $words | Should -Contain 'ann lee@CORP'
        $words | Should -Contain 'ProxyCommand=false -o %h'
        $words | Should -Contain 'Compression=yes'
        foreach ($bad in @{ UserName = 'a"b' }, @{ UserName = "a`nb" }, @{ Options = @{ ProxyCommand = 'a "b"' } }) {
            { Get-PortOwner 1 -SSHConnection (@{ HostName = 'server7' } + $bad) } | Should -Throw -ErrorId 'PO1005,Get-PortOwner'
        }
    }

    It 'a name that only the configuration of ssh knows, or its proxy, is queried: <_>' -ForEach 'HostName', 'ProxyCommand' {
        $connection = New-Connection $main 'server7.invalid'
        $connection.Options = $options + $(if ($_ -eq 'HostName') { @{ HostName = '127.0.0.1' } } else { @{ ProxyCommand = "/usr/bin/ssh -q -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i $folder/user -p $main -W 127.0.0.1:$main root@127.0.0.1" } })
        (Get-PortOwner $port -SSHConnection $connection -WarningAction Ignore).OwningProcess | Should -Be $PID
    }

    It 'a host can have its user and its port in its name: <Name>, by <Way>' -ForEach @(
        @{ Name = 'root@127.0.0.1:{0}'; Way = 'a session' }, @{ Name = 'root@[::ffff:127.0.0.1]:{0}'; Way = 'a session' }
        @{ Name = 'root@127.0.0.1:{0}'; Way = 'plain ssh' }, @{ Name = 'root@[::ffff:127.0.0.1]:{0}'; Way = 'plain ssh' }
        @{ Name = '::ffff:127.0.0.1'; Way = 'a session' }, @{ Name = 'root@::ffff:127.0.0.1'; Way = 'plain ssh' }
    ) {
        $there = if ($Way -eq 'a session') { $main } else { $bare }
        $name = $Name -f $there
        $row = Get-PortOwner $port -SSHConnection @{ HostName = $name; Port = $(if ($Name -notlike '*{0}') { $there }); UserName = $(if ($Name -notlike '*@*') { 'root' }); KeyFilePath = "$folder/user"; Options = $options } -WarningAction Ignore
        $row.OwningProcess | Should -Be $PID
        $row.PSComputerName | Should -Be $name
    }

    It 'an error ends the call where the caller says so' {
        { Get-PortOwner $port -SSHConnection (New-Connection $dead) -ErrorAction Stop } | Should -Throw -ErrorId 'PSSessionStateBroken,Get-PortOwner'
    }

    It 'what is wrong with the question is said once' {
        { Get-PortOwner $port -Address x -Session $session } | Should -Throw -ErrorId 'PO1004,Get-PortOwner'
    }

    It 'no more are asked at once than -ThrottleLimit says' {
        $rows = @(Get-PortOwner $port -SSHConnection @(1..4 | ForEach-Object { New-Connection $counted "127.0.0.$_" }) -ThrottleLimit 2 -WarningAction Ignore)
        $rows.Count | Should -Be 4
        $null = Wait-Until { @(Get-Content -LiteralPath "$folder/count").Count -eq 8 }
        $now, $most = 0, 0
        foreach ($line in Get-Content -LiteralPath "$folder/count") {
            $now += if ($line -eq '+') { 1 } else { -1 }
            $most = [math]::Max($most, $now)
        }
        $now | Should -Be 0
        # One that has answered may still be ending.
        $most | Should -BeLessOrEqual 3
    }

    It 'a machine that takes too long is one error' {
        $null = Get-PortOwner $port -SSHConnection (New-Connection $mute) -OperationTimeout 2 -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems.FullyQualifiedErrorId | Should -Be 'PO3006,Get-PortOwner'
        "$problems" | Should -BeLike '*took longer than 2 seconds*'
        Wait-Until { -not (Get-Below $daemons.mute.Id) } | Should -BeTrue
    }

    It 'a machine that dies in the middle is one error, and the other answers' {
        $rows = @(Get-PortOwner $port -SSHConnection (New-Connection $dying '127.0.0.9'), (New-Connection $main) -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore)
        $rows.PSComputerName | Should -Be '127.0.0.1'
        @($problems).Count | Should -Be 1
        "$($problems[0])" | Should -BeLike '127.0.0.9*'
    }

    It 'an early stop leaves nothing there, nor here: <_>' -ForEach 'Select-Object', 'Ctrl+C' {
        $machines = (New-Connection $main), (New-Connection $mute '127.0.0.2')
        if ($_ -eq 'Select-Object') {
            (Get-PortOwner $port -SSHConnection $machines -WarningAction Ignore | Select-Object -First 1).PSComputerName | Should -Be '127.0.0.1'
        } else {
            $shell = [powershell]::Create().AddCommand('Import-Module').AddArgument($moduleFolder).AddStatement().AddCommand('Get-PortOwner').AddParameter('SSHConnection', @($machines[1]))
            $running = $shell.BeginInvoke()
            Wait-Until { Get-Below $daemons.mute.Id } | Should -Not -BeNullOrEmpty
            $shell.Stop()
            Wait-Until { $running.IsCompleted } | Should -BeTrue
            $shell.Dispose()
        }
        Wait-Until { -not (Get-Below $daemons.mute.Id) } | Should -BeTrue
        Get-Job | Should -BeNullOrEmpty
    }

    It 'a session of the user is used, and stays open' {
        $rows = @(Get-PortOwner $port -Session $session, $session -Verbose -WarningAction Ignore 4>&1)
        @($rows | Where-Object LocalPort).Count | Should -Be 1
        @($rows | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }) -join "`n" | Should -BeLike "*querying through the session $($session.Name)*"
        $session.State | Should -Be 'Opened'
    }

    It 'a session without a language is one error, which names the endpoint' {
        $null = Get-PortOwner $port -SSHConnection (New-Connection $jea) -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems.FullyQualifiedErrorId | Should -BeLike 'ScriptsNotAllowed*'
        "$problems" | Should -BeLike '*the endpoint of 127.0.0.1*runs no scripts*'
    }

    It 'a session in constrained language answers' {
        (Get-PortOwner $port -SSHConnection (New-Connection $constrained) -WarningAction Ignore).OwningProcess | Should -Be $PID
    }

    It 'advice names the machine, by the parameters that reach it where they can be written' {
        $text = @((Test-PortBinding $port -Session $session -WarningAction Ignore).Remedy)
        $text | Where-Object { $_ -like '*Stop-PortOwner*' } | Should -BeLike "on 127.0.0.1: Stop-PortOwner $port -WhatIf  # *"
        foreach ($line in $text) { $line | Should -Match '^(# |on 127\.0\.0\.1: )' }
        # A daemon on the usual port is not needed: what is advised is made before.
        $words = Invoke-Shell "Import-Module '$moduleFolder'; & (Get-Module PortOwner) { . '$moduleFolder/Remote.ps1'; function Test-It { [CmdletBinding()] param() foreach (`$bound in @{ HostName = 'ann@web1'; KeyFilePath = '/a b/key'; RemotingPort = 2222 }, @{ ComputerName = 'web2'; UseSSL = [switch] `$true; ConfigurationName = 'My.Endpoint' }, @{ ComputerName = 'web3'; SessionOption = 'x' }, @{ SSHConnection = @{ HostName = 'web4'; Options = @{ A = 'b' } } }) { (Get-Target -Cmdlet `$PSCmdlet -Bound `$bound).Connection } }; Test-It }"
        $words | Should -Be "ann@web1 -HostName ann@web1 -KeyFilePath '/a b/key' -RemotingPort 2222", 'web2 -ComputerName web2 -UseSSL -ConfigurationName My.Endpoint', 'web3', 'web4'
        $found = Invoke-PortAudit -PolicyPath $policy -ReportPath "$TestDrive/found.csv" -SSHConnection (New-Connection $main), (New-Connection $main '127.0.0.2') -WarningAction Ignore 6>$null
        $found | ForEach-Object Remedy | Should -Be "on 127.0.0.1: Get-PortOwner $port  # show the current owner", "on 127.0.0.2: Get-PortOwner $port  # show the current owner"
    }

    It 'a variable of the environment does not decide what system it is' {
        Invoke-Command -Session $session { $env:SystemRoot = '/tmp' }
        try {
            (Get-PortOwner $port -Session $session -WarningAction Ignore).OwningProcess | Should -Be $PID
            (Stop-PortOwner (Get-ClosedPort) -Session $session -Confirm:$false -WarningAction Ignore 6>&1) | Should -BeLike '*No matching program*'
        } finally {
            Invoke-Command -Session $session { $env:SystemRoot = $null }
        }
    }

    It 'a machine without a PowerShell subsystem is queried with plain ssh' {
        # Other programs may have files in the usual folder.
        $usual, $env:TMPDIR = $env:TMPDIR, "$TestDrive"
        try { $rows = @(Get-PortOwner $port -SSHConnection (New-Connection $bare) -Verbose -WarningAction Ignore 4>&1) } finally { $env:TMPDIR = $usual }
        ($rows | Where-Object LocalPort).OwningProcess | Should -Be $PID
        "$rows" | Should -BeLike '*querying with plain ssh*'
        # Its facts were in a file.
        Get-ChildItem -Path $TestDrive -Filter '*.tmp*' | Should -BeNullOrEmpty
    }

    It 'a machine whose programs have the name of an answer answers from its facts' -Skip:([bool] $noApart) {
        # There, the answer comes unpacked.
        $unpacked = Start-Daemon 'unpacked' $pwsh -Apart -Before 'mount --bind /dev/null /usr/bin/base64'
        Copy-Item /bin/sleep "$folder/#PortOwner.Answer 1"
        $other = Start-Process "$folder/#PortOwner.Answer 1" 600 -PassThru
        try {
            $there = New-PSSession -HostName 127.0.0.1 -Port $unpacked -UserName root -KeyFilePath "$folder/user" -Options ($options + @{ LogLevel = 'QUIET' })
            $text = Invoke-Command -Session $there -FilePath "$moduleFolder/Collector/Collect.ps1" -ArgumentList $false, (Get-Content -Raw "$moduleFolder/Collector/collect.sh")
            "$text" | Should -BeLike '#PortOwner.Collection 1 plain*#PortOwner.Answer 1*'
            Remove-PSSession $there
            (Test-PortBinding $port -SSHConnection (New-Connection $unpacked) -WarningAction Ignore).CanBind | Should -BeFalse
        } finally {
            $other.Kill()
        }
    }

    It '-AsJob gives a job, whose rows are the same' {
        $job = $port | Get-PortOwner -Session $session -AsJob -WarningAction Ignore
        $job | Should -BeOfType ([System.Management.Automation.Job])
        ($job | Receive-Job -Wait -AutoRemoveJob).OwningProcess | Should -Be $PID
    }

    It 'constrained language here is enough' {
        $script = @"
`$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'
Import-Module '$moduleFolder'
`$o = @{ StrictHostKeyChecking = 'no'; UserKnownHostsFile = '/dev/null' }
(Get-PortOwner $port -SSHConnection @{ HostName = '127.0.0.1'; Port = $main; UserName = 'root'; KeyFilePath = '$folder/user'; Options = `$o } -WarningAction Ignore).OwningProcess
(Get-PortOwner $port -ComputerName localhost -WarningAction Ignore).OwningProcess
"@
        Invoke-Shell $script | Should -Be "$PID", "$PID"
    }
}

# The places where a portowner is looked for are real ones: the daemon has a /opt of its own.
Describe 'A portowner on the other machine' -Skip:([bool] ($no + $noApart)) {
    BeforeAll {
        $apart = Start-Daemon 'apart' $pwsh -Apart
        $there = New-PSSession -HostName 127.0.0.1 -Port $apart -UserName root -KeyFilePath "$folder/user" -Options ($options + @{ LogLevel = 'QUIET' })
        function Get-Verbose([object[]] $Row) { @($Row | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }) -join "`n" }
        Invoke-Command -Session $there -ArgumentList $executable { mkdir -p /opt/portowner && cp $args[0] /opt/portowner/portowner && chown root:root /opt/portowner/portowner && chmod 755 /opt/portowner/portowner }
    }
    AfterAll { if ($there) { Remove-PSSession $there } }

    It 'answers, if only root can change it' {
        $rows = @(Get-PortOwner $port -Session $there -Verbose -WarningAction Ignore 4>&1)
        ($rows | Where-Object LocalPort).OwningProcess | Should -Be $PID
        Get-Verbose $rows | Should -BeLike '*127.0.0.1: answered by /opt/portowner/portowner there.*'
    }

    It 'tries a bind there' {
        $rows = @(Test-PortBinding $port, 1 -Session $there -WarningAction Ignore)
        $rows.Port | Should -Be $port, 1
        $rows.PSComputerName | Select-Object -Unique | Should -Be '127.0.0.1'
        $rows[0].CanBind | Should -BeFalse
        $rows[0].PSTypeNames | Should -Contain 'PortOwner.Verdict'
        foreach ($row in $rows) {
            "$($row.Evidence)" | Should -BeLike '*attempt to bind TCP*'
            "$($row.Evidence)" | Should -Not -BeLike '*No attempt was made*'
        }
        (Test-PortBinding -ErrorText "bind 127.0.0.1:$port failed: it's $([char]0xe4) `$x" -Session $there -WarningAction Ignore).Port | Should -Be $port
        { Test-PortBinding $port -Address x -Session $there -WarningAction Ignore } | Should -Throw -ErrorId 'PO1004,Test-PortBinding'
    }

    It 'is ignored if others can change it' {
        try {
            Invoke-Command -Session $there { chmod 777 /opt/portowner }
            $rows = @(Get-PortOwner $port -Session $there -Verbose -WarningAction Ignore 4>&1)
        } finally {
            Invoke-Command -Session $there { chmod 755 /opt/portowner }
        }
        ($rows | Where-Object LocalPort).OwningProcess | Should -Be $PID
        Get-Verbose $rows | Should -BeLike '*ignored /opt/portowner/portowner: users other than root can write to /opt/portowner.*answered by the collector*'
    }
}

Describe 'Deploying' -Skip:([bool] ($no + $noApart)) {
    BeforeAll {
        Set-Content -LiteralPath "$folder/recorded" -Value '#!/bin/sh', "tee -a $folder/wire | $pwsh"
        Set-Content -LiteralPath "$folder/ordinary" -Value '#!/bin/sh', "export HOME=/tmp; exec setpriv --reuid=65534 --regid=65534 --clear-groups $pwsh"
        chmod +x "$folder/recorded" "$folder/ordinary"
        $recorded = Start-Daemon 'recorded' "$folder/recorded" -Apart
        $ordinary = Start-Daemon 'ordinary' "$folder/ordinary" -Apart
        $deployed = '/opt/portowner/deployed/portowner'
        $there = New-PSSession -HostName 127.0.0.1 -Port $recorded -UserName root -KeyFilePath "$folder/user" -Options ($options + @{ LogLevel = 'QUIET' })
        function Get-Verbose([object[]] $Row) { @($Row | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }) -join "`n" }
        function Get-Place { Invoke-Command -Session $there { Get-ChildItem -LiteralPath /opt -Recurse -Force | ForEach-Object FullName } }
        # A step of the script there, which fits in a few bytes.
        function Invoke-Step([string] $Step, [string] $Hash, [byte[]] $Byte, $Through = $there) {
            $text = if ($Byte) {
                $memory = New-Object System.IO.MemoryStream
                $packed = New-Object System.IO.Compression.GZipStream $memory, ([System.IO.Compression.CompressionMode]::Compress)
                $packed.Write($Byte, 0, $Byte.Length)
                $packed.Dispose()
                [System.Convert]::ToBase64String($memory.ToArray())
            }
            @(Invoke-Command -Session $Through -FilePath (Join-Path $moduleFolder 'Collector/Deploy.ps1') -ArgumentList $Step, $Hash, $text)
        }
    }
    AfterAll { if ($there) { Remove-PSSession $there } }

    It 'copies the executable once, lets it answer, and removes it again' {
        $rows = @(Get-PortOwner $port -SSHConnection (New-Connection $recorded) -Deploy -Verbose -WarningAction Ignore 4>&1)
        ($rows | Where-Object LocalPort).OwningProcess | Should -Be $PID
        Get-Verbose $rows | Should -BeLike "*portowner was deployed to $deployed *answered by $deployed there.*"
        (Invoke-Command -Session $there -ArgumentList $deployed { param($Path) Get-FileHash -LiteralPath $Path }).Hash | Should -Be (Get-FileHash -LiteralPath $executable).Hash
        Invoke-Command -Session $there -ArgumentList $deployed { param($Path) /bin/stat -c '%a %u %g' $Path } | Should -Be '755 0 0'

        # What a copy sends keeps to the default limits of WinRM: 10 MB for an object, 50 MB for a command.
        $script = @'
const lines = require('fs').readFileSync(process.argv[2], 'utf8').split('\n');
const commands = new Map(), objects = new Map();
for (const [, id, data] of lines.map((line) => /^<Data Stream='Default' PSGuid='([^']*)'>([^<]*)</.exec(line)).filter(Boolean)) {
  const bytes = Buffer.from(data, 'base64');
  commands.set(id, (commands.get(id) ?? 0) + bytes.length);
  // Fragments: number of the object, number of the fragment, flags, length.
  for (let at = 0; at + 21 <= bytes.length;) {
    const [object, length] = [`${id} ${bytes.readBigUInt64BE(at)}`, bytes.readUInt32BE(at + 17)];
    objects.set(object, (objects.get(object) ?? 0) + length);
    at += 21 + length;
  }
}
const sum = [...commands.values()].reduce((a, b) => a + b, 0);
console.log([sum, Math.max(...commands.values()), Math.max(...objects.values())].join(' '));
'@
        Set-Content -LiteralPath (Join-Path $TestDrive 'wire.cjs') -Value $script
        [long] $sum, [long] $command, [long] $object = (& $node (Join-Path $TestDrive 'wire.cjs') "$folder/wire") -split ' '
        $sum | Should -BeGreaterThan 30MB
        $command | Should -BeLessThan 40MB
        $object | Should -BeLessOrEqual 4MB

        $rows = @(Get-PortOwner $port -Session $there -Deploy -Verbose -WarningAction Ignore 4>&1)
        Get-Verbose $rows | Should -BeLike "*is the same portowner already, and nothing is copied.*answered by $deployed there.*"
        $null = Save-PortSnapshot (Join-Path $TestDrive 'kept.json') -Session $there -Undeploy -WhatIf -WarningAction Ignore
        Get-Place | Should -Not -BeNullOrEmpty
        $rows = @(Test-PortBinding $port -Session $there -Undeploy -Verbose -WarningAction Ignore 4>&1)
        "$(($rows | Where-Object Port).Evidence)" | Should -BeLike '*attempt to bind*'
        Get-Verbose $rows | Should -BeLike "*answered by $deployed there.*"
        Get-Place | Should -BeNullOrEmpty
        $there.State | Should -Be 'Opened'
    }

    It 'two at once both succeed' {
        $jobs = 1..2 | ForEach-Object { Get-PortOwner $port -SSHConnection (New-Connection $recorded "127.0.0.$_") -Deploy -WarningAction Ignore -AsJob }
        $said = @($jobs | Wait-Job | ForEach-Object { $_ | Receive-Job -ErrorVariable +problems -ErrorAction SilentlyContinue })
        $jobs | Remove-Job
        "$problems" | Should -BeNullOrEmpty
        @($said | Where-Object LocalPort).OwningProcess | Should -Be $PID, $PID
        Get-Place | Should -Be '/opt/portowner', '/opt/portowner/deployed', $deployed
        Invoke-Step 'Remove' | Should -Be '#End'
        Get-Place | Should -BeNullOrEmpty
    }

    It 'leaves alone what another session is writing' {
        $null = Invoke-Step 'Piece' '' (1..100)
        Invoke-Command -Session $there -ArgumentList $PID { param($Id) New-Item -ItemType Directory -Force /opt/portowner/deployed; Set-Content "/opt/portowner/deployed/portowner.$Id.partial" 'x'; Set-Content '/opt/portowner/deployed/portowner.999999999.partial' 'x' } | Out-Null
        (Invoke-Step 'Finish' ('0' * 64))[0] | Should -BeLike 'failed *'
        Get-Place | Should -Contain "/opt/portowner/deployed/portowner.$PID.partial"
        Get-Place | Should -Not -Contain '/opt/portowner/deployed/portowner.999999999.partial'
        Invoke-Command -Session $there -ArgumentList $PID { param($Id) Remove-Item "/opt/portowner/deployed/portowner.$Id.partial" }
        Invoke-Step 'Remove' | Should -Be '#End'
        Get-Place | Should -BeNullOrEmpty
    }

    It 'a machine that says nothing when the copy begins is one error, and holds up none' {
        # The first session answers what is there; the second one, for the copy, says nothing.
        Set-Content -LiteralPath "$folder/second" -Value '#!/bin/sh', "if mkdir $folder/first 2>/dev/null; then exec $pwsh; else exec sleep 600; fi"
        chmod +x "$folder/second"
        $second = Start-Daemon 'second' "$folder/second" -Apart
        $began = Get-Date
        try {
            $rows = @(Get-PortOwner $port -SSHConnection (New-Connection $second '127.0.0.2'), (New-Connection $recorded '127.0.0.3') -Deploy -OperationTimeout 20 -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore)
            $rows.PSComputerName | Should -Be '127.0.0.3'
            @($problems).Count | Should -Be 1
            "$problems" | Should -BeLike '127.0.0.2 could not be queried: it took longer than 20 seconds*'
            # It would be silent for ten minutes.
            ((Get-Date) - $began).TotalSeconds | Should -BeLessThan 300
            Wait-Until { -not (Get-Below $daemons.second.Id) } | Should -BeTrue
        } finally {
            $null = Invoke-Step 'Remove'
        }
    }

    It 'leaves nothing of a copy that does not have the right hash, or breaks off' {
        Invoke-Step 'Piece' '' (1..100) | Should -Be '#End'
        Get-Place | Should -BeNullOrEmpty
        (Invoke-Step 'Finish' ('0' * 64))[0] | Should -BeLike 'failed the copy has the SHA-256 hash *instead of 0000*'
        Get-Place | Should -BeNullOrEmpty
    }

    It 'leaves nothing where the disk is full' {
        $full = Start-Daemon 'full' $pwsh -Apart -Size 1m
        $session = New-PSSession -HostName 127.0.0.1 -Port $full -UserName root -KeyFilePath "$folder/user" -Options ($options + @{ LogLevel = 'QUIET' })
        try {
            $null = Invoke-Step 'Piece' '' (New-Object byte[] 4MB) $session
            (Invoke-Step 'Finish' ('0' * 64) $null $session)[0] | Should -BeLike 'failed *space*'
            Invoke-Command -Session $session { Get-ChildItem -LiteralPath /opt -Recurse -Force | ForEach-Object FullName } | Should -BeNullOrEmpty
        } finally {
            Remove-PSSession $session
        }
    }

    It 'keeps what was there where a copy fails' {
        $bytes = [System.Text.Encoding]::ASCII.GetBytes('before')
        $hash = (Get-FileHash -InputStream ([System.IO.MemoryStream]::new($bytes))).Hash
        $null = Invoke-Step 'Piece' '' $bytes
        Invoke-Step 'Finish' $hash | Should -Be '#End'
        $null = Invoke-Step 'Piece' '' (1..100)
        (Invoke-Step 'Finish' ('0' * 64))[0] | Should -BeLike 'failed *'
        Invoke-Command -Session $there -ArgumentList $deployed { param($Path) Get-Content -LiteralPath $Path -Raw } | Should -Be 'before'
        Invoke-Step 'Remove' | Should -Be '#End'
        Get-Place | Should -BeNullOrEmpty
    }

    It 'refuses a folder that others can change: <_>' -ForEach 'mkdir -m 777 /opt/portowner', 'mkdir -p /opt/portowner/deployed && chown 65534 /opt/portowner/deployed', 'mkdir /opt/a && ln -s a /opt/portowner' {
        try {
            Invoke-Command -Session $there -ArgumentList $_ { /bin/sh -c $args[0] }
            $before = Get-Place
            Get-PortOwner $port -Session $there -Deploy -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
            $problems.FullyQualifiedErrorId | Should -Be 'PO3007,Get-PortOwner'
            "$problems" | Should -Match 'users other than root can write to|root does not own|is behind a link'
            Get-Place | Should -Be $before
        } finally {
            Invoke-Command -Session $there { /bin/sh -c 'grep -q "^portowner-test /opt tmpfs " /proc/mounts && rm -rf /opt/portowner /opt/a' }
        }
    }

    It 'is one error about a machine where it cannot be, and the others answer' {
        $machines = @{ ordinary = $ordinary; constrained = $constrained; jea = $jea; bare = $bare }
        foreach ($name in $machines.Keys) {
            $rows = @(Get-PortOwner $port -SSHConnection (New-Connection $machines[$name] '127.0.0.2') -Deploy -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore)
            $rows | Should -BeNullOrEmpty
            @($problems).Count | Should -Be 1 -Because $name
            $said = "$problems $($problems[0].ErrorDetails.RecommendedAction)"
            switch ($name) {
                'ordinary' { $said | Should -BeLike '*is not an administrator there (root on Linux)*' }
                'constrained' { $said | Should -BeLike '*has the language mode ConstrainedLanguage*' }
                'jea' { $said | Should -BeLike '*the endpoint of 127.0.0.2*runs no scripts*' }
                'bare' { $said | Should -BeLike '*need a PowerShell session*' }
            }
        }
        $rows = @(Get-PortOwner $port -SSHConnection (New-Connection $dead '127.0.0.3'), (New-Connection $constrained '127.0.0.4') -Undeploy -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore)
        $rows.PSComputerName | Should -Be '127.0.0.4'
        $problems.FullyQualifiedErrorId | Should -Be 'PSSessionStateBroken,Get-PortOwner'
    }

    It 'says that there is no executable for a platform' {
        Set-Content -LiteralPath "$folder/uname" -Value '#!/bin/sh', 'echo Linux aarch64'
        chmod +x "$folder/uname"
        $arm = Start-Daemon 'arm' $pwsh -Apart -Before "mount --bind $folder/uname /usr/bin/uname"
        $null = Get-PortOwner $port -SSHConnection (New-Connection $arm) -Deploy -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore
        "$problems" | Should -BeLike '*the module has no portowner for Linux aarch64*'
    }

    It 'is asked about where the function asks' {
        $one = Start-NodeListener
        try {
            $null = Stop-PortOwner $one.Port -Session $there -Deploy -WhatIf -WarningAction Ignore
            Get-Place | Should -BeNullOrEmpty
        } finally {
            $one.Kill()
        }
    }
}

# Machines say what they like: as output, as errors, and to the host that asks them.
Describe 'A hostile machine' -Skip:([bool] $no) {
    BeforeAll {
        $evil = "`e]0;owned`a", "`e[31m", "line1`nline2", "$([char] 0x202e)gpj", "$([char] 0x85)x"
        $scripts = @{
            throws  = "throw `"bad `e]0;owned`a line1``nline2 $([char] 0x202e)gpj`""
            writes  = "`$Host.UI.WriteLine(`"`e]0;owned`a`"); Write-Progress `"`e[31mx`" -Status `"`e[31mx`"; Write-Warning `"`e[31mx`"; Write-Host `"`e[31mx`"; exit"
            prompts = '$Host.UI.ReadLine(); $Host.UI.PromptForCredential("a", "b", "c", "d")'
            answers = "'#PortOwner.Collection 1 plain'; '@machine'; ' platform linux'; `" name x`e]0;owned`a`"; '@evil'; `"!Failed `e[31mx`"; '#End'"
            denies  = "Write-Error `"x`e]0;owned`a`" -ErrorId `"E`e[31m`" -Category PermissionDenied"
        }
        $hostile = @{}
        foreach ($name in $scripts.Keys) {
            # The collector calls it first.
            Set-Content -LiteralPath "$folder/hostile-$name.ps1" -Value "function global:Get-Variable { $($scripts[$name]) }; Set-Alias -Name Get-Variable -Value Get-Variable -Scope Global -ErrorAction Ignore"
            Set-Content -LiteralPath "$folder/hostile-$name.pssc" -Value "@{ SchemaVersion = '2.0.0.0'; GUID = '$([guid]::NewGuid())'; SessionType = 'Default'; ScriptsToProcess = '$folder/hostile-$name.ps1' }"
            $hostile[$name] = Start-Daemon "hostile-$name" "$pwsh -ConfigurationFile $folder/hostile-$name.pssc"
        }
    }

    It 'sends nothing to the host, and its errors are plain: <_>' -ForEach 'throws', 'writes', 'prompts', 'answers', 'denies' {
        $script = @"
Import-Module '$moduleFolder'
`$connection = @{ HostName = '127.0.0.1'; Port = $($hostile[$_]); UserName = 'root'; KeyFilePath = '$folder/user'; Options = @{ StrictHostKeyChecking = 'no'; UserKnownHostsFile = '/dev/null' } }
`$ErrorView = 'NormalView'
Get-PortOwner $port -SSHConnection `$connection -Verbose -OperationTimeout 60
`$Error | ForEach-Object { `$_.FullyQualifiedErrorId; "`$(`$_.CategoryInfo)"; `$_.ErrorDetails.RecommendedAction; "`$(`$_.TargetObject)" }
'end'
"@
        # What the test's PowerShell colors itself is taken away by Invoke-Shell, but also what these machines color.
        $said = @(Invoke-Shell ($script -replace '^', "`$PSStyle.OutputRendering = 'PlainText'`n") -Raw)
        $said[-1] | Should -Be 'end'
        "$said" | Should -BeLike '*127.0.0.1*'
        foreach ($line in $said) { $line | Should -Not -Match '[\p{Cc}\p{Cf}]' }
    }

    It 'does not stop the others' {
        $rows = @(Get-PortOwner $port -SSHConnection (@($hostile.Keys | Sort-Object | ForEach-Object { New-Connection $hostile[$_] "127.0.0.2" }) + @(New-Connection $main)) -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore)
        $rows.PSComputerName | Should -Be '127.0.0.1'
        @($problems).Count | Should -BeGreaterOrEqual 4
    }
}

Describe 'Every function' -Skip:([bool] $no) {
    BeforeAll { Push-Location $TestDrive }
    AfterAll { Pop-Location }

    It 'names the machine in each row, as itself and as the user does: <_>' -ForEach @(
        'Get-PortOwner', 'Get-PortOwner -All', 'Get-PortRange', 'Get-PortConflict', 'Get-FreePort 2', 'Get-FreePort 3000-3010 -Explain', 'Test-PortBinding $port, 1', 'Test-PortBinding -ErrorText "bind :$port failed"'
        'New-PortBaseline rows.yaml -Force', 'Update-PortBaseline rows.yaml -Force', 'Compare-PortSnapshot empty.json', 'Stop-PortOwner $one.Port -Confirm:$false'
        'Invoke-PortAudit -PolicyPath $policy', 'Invoke-PortAudit -PolicyPath $policy -StorePath rows.db', 'Invoke-PortAudit -PolicyPath $policy -ReportPath rows.csv', 'Invoke-PortAudit -PolicyPath $policy -ReportPath rows.json, rows.html -StorePath rows2.db'
    ) {
        $one = Start-NodeListener
        try {
            if ($_ -like 'Update-*' -and -not (Test-Path rows.yaml)) { $null = New-PortBaseline rows.yaml -Force -Session $session -WarningAction Ignore }
            if ($_ -like 'Compare-*') {
                Save-PortSnapshot empty.json -Session $session -WarningAction Ignore
                $facts = Get-Content empty.json -Raw | ConvertFrom-Json
                $facts.sections.sockets.data = @()
                $facts | ConvertTo-Json -Depth 20 | Set-Content empty.json
            }
            $own = [System.Net.Dns]::GetHostName()
            $far = New-Connection $main '127.0.0.2'
            $calls = @("$_ -Session `$session"; if ($_ -like 'Invoke-*') { "$_ -SSHConnection (New-Connection `$main), `$far" })
            foreach ($call in $calls) {
                $rows = @(& ([scriptblock]::Create("$call -WarningAction Ignore 6>`$null")) | Where-Object { $_ })
                if ($_ -notlike 'Update-*' -and $_ -notlike '*Conflict') { $rows.Count | Should -BeGreaterOrEqual 1 }
                $names = if ($call -like '*$far') { '127.0.0.1', '127.0.0.2' } else { '127.0.0.1' }
                if ($rows) { $rows | ForEach-Object PSComputerName | Sort-Object -Unique | Should -Be $names }
                foreach ($row in $rows) {
                    $row.PSComputerName | Should -BeIn $names
                    # Machines with one name of their own are told apart by those that the user gave.
                    $row.ComputerName | Should -BeIn $(if ($call -like '*$far*' -and $call -match 'ReportPath|StorePath') { $names } else { $own })
                    if ($row.ComputerName -ne $own) { $row.ComputerName | Should -Be $row.PSComputerName }
                }
            }
        } finally {
            if (-not $one.HasExited) { $one.Kill() }
        }
    }

    It 'names the machine also where its own name is not asked for' {
        $rows = @(Invoke-PortAudit -PolicyPath $policy -ReportPath columns.csv -Column Kind, Endpoint -SSHConnection (New-Connection $main), (New-Connection $main '127.0.0.2') -WarningAction Ignore 6>$null)
        $rows.PSComputerName | Should -Be '127.0.0.1', '127.0.0.2'
        $rows[0].PSObject.Properties.Name | Should -Be 'Kind', 'Endpoint', 'PSComputerName'
    }

    It 'keeps machines that share an address apart in a report and in a store' {
        $machines = (New-Connection $main), (New-Connection $counted)
        $rows = @(Invoke-PortAudit -PolicyPath $policy -ReportPath same.csv -StorePath same.db -SSHConnection $machines -WarningAction Ignore 6>$null)
        $rows.PSComputerName | Should -Be '127.0.0.1', '127.0.0.1'
        Import-Csv same.csv | Where-Object Kind -eq 'Forbidden' | ForEach-Object ComputerName | Sort-Object | Should -Be '127.0.0.1', '127.0.0.1-1'
        Get-PortAudit -StorePath same.db -WarningAction Ignore | ForEach-Object ComputerName | Sort-Object -Unique | Should -Be '127.0.0.1', '127.0.0.1-1'
    }

    It 'says that nothing was tried there' {
        $row = Test-PortBinding $port -Session $session -WarningAction Ignore
        $row.CanBind | Should -BeFalse
        "$($row.Evidence)" | Should -BeLike '*No attempt was made*'
        (Test-PortBinding -ErrorText "bind 127.0.0.1:$port failed" -Session $session -WarningAction Ignore).Owner | Should -Be $row.Owner
    }

    It 'keeps, compares and audits what was told' {
        (Save-PortSnapshot far.json -Session $session -PassThru -WarningAction Ignore).Name | Should -Be 'far.json'
        (Get-PortOwner $port -FromSnapshot far.json -WarningAction Ignore).OwningProcess | Should -Be $PID
        Save-PortSnapshot . -Session $session -PassThru -WarningAction Ignore | ForEach-Object Name | Should -Be '127.0.0.1.json'
        { Save-PortSnapshot one.json -ComputerName localhost, elsewhere } | Should -Throw -ErrorId 'PO1005,Save-PortSnapshot'
        Compare-PortSnapshot far.json -Session $session -WarningAction Ignore 6>$null | Should -BeNullOrEmpty
        @(New-PortBaseline far.yaml -Force -Session $session -WarningAction Ignore).LocalAddress.Count | Should -BeGreaterThan 1
        # A baseline takes a program's dynamic ports together, and something here may have some: this one is below them.
        $more = $null
        while (-not $more) {
            try { ($more = New-Object System.Net.Sockets.TcpListener ([System.Net.IPAddress]::Loopback), (Get-Random -Minimum 20000 -Maximum 30000)).Start() } catch { $more = $null }
        }
        try {
            $found = @(Invoke-PortAudit -BaselinePath far.yaml -StorePath far.db -Session $session -WarningAction Ignore 6>$null)
            # Other programs of the machine may have closed a port.
        $found.Kind | Should -Contain 'Opened'
            $null = Invoke-PortAudit -BaselinePath far.yaml -ReportPath far.csv -SSHConnection (New-Connection $main), (New-Connection $main '127.0.0.2') -WarningAction Ignore 6>$null
            Import-Csv far.csv | ForEach-Object ComputerName | Where-Object { $_ } | Sort-Object -Unique | Should -Be '127.0.0.1', '127.0.0.2'
        } finally {
            $more.Stop()
        }
    }
}

Describe 'Stop-PortOwner on another machine' -Skip:([bool] $no) {
    BeforeAll {
        # Puts a process into the control group of a unit, as systemd would. Throws if none can be made.
        function Enter-TestUnit($Process) {
            $tree = if (Test-Path /sys/fs/cgroup/systemd) { '/sys/fs/cgroup/systemd' } else { '/sys/fs/cgroup' }
            $own = "$tree/portowner-test/web.service"
            $null = & mkdir -p $own 2>&1
            $Process.Id > "$own/cgroup.procs"
            $own
        }

        function Exit-TestUnit($Own) {
            $null = Wait-Until { -not (Get-Content -LiteralPath "$Own/cgroup.procs") }
            rmdir $Own (Split-Path -Path $Own)
        }

        # Puts beside a stand-in of systemctl the script that stops, which finds it first.
        function Set-StopTool($Tools) {
            chmod +x "$Tools/systemctl"
            $script = (Get-Content -LiteralPath (Join-Path $moduleFolder 'Collector/Stop.ps1') -Raw) -replace "'/usr/sbin', ", "'$Tools', '/usr/sbin', "
            Set-Content -LiteralPath "$Tools/Stop.ps1" -Value $script
        }
    }

    BeforeEach { $one = Start-NodeListener }
    AfterEach { if (-not $one.HasExited) { $one.Kill() } }

    It 'stops a port, after asking here' {
        Stop-PortOwner $one.Port -Session $session -WhatIf -WarningAction Ignore | Should -BeNullOrEmpty
        $one.HasExited | Should -BeFalse
        $row = Stop-PortOwner $one.Port -Session $session -Confirm:$false -WarningAction Ignore
        $row.Result | Should -Be 'Stopped'
        $row.PSComputerName | Should -Be '127.0.0.1'
        $one.WaitForExit(5000) | Should -BeTrue
    }

    It 'stops the owner of a row, in the way the machine was queried' {
        $row = Get-PortOwner $one.Port -SSHConnection (New-Connection $main '127.0.0.3') -WarningAction Ignore
        ($row | Stop-PortOwner -Confirm:$false -WarningAction Ignore).Result | Should -Be 'Stopped'
        $one.WaitForExit(5000) | Should -BeTrue
    }

    It 'sends a row back through the very connection that it came through, however it was passed on' {
        $two = Start-NodeListener
        try {
            # Two machines that have one name.
            $rows = @(Get-PortOwner $one.Port -SSHConnection (New-Connection $main 'localhost') -WarningAction Ignore) + @(Get-PortOwner $two.Port -SSHConnection (New-Connection $counted 'localhost') -WarningAction Ignore)
            $rows.PSComputerName | Should -Be 'localhost', 'localhost'
            $passed = [ordered]@{
                'as it is'          = { $rows }
                'sorted'            = { $rows | Sort-Object LocalPort | Where-Object LocalPort }
                'selected'          = { $rows | Select-Object * }
                'chosen properties' = { $rows | Select-Object Protocol, LocalAddress, LocalPort, OwningProcess, StartTime, ComputerName, PSComputerName }
                'another object'    = { $rows | ForEach-Object { Add-Member -InputObject ($_ | Select-Object Protocol, LocalAddress, LocalPort, OwningProcess, StartTime, ComputerName) -NotePropertyName PSComputerName -NotePropertyValue $_.PSComputerName -PassThru } }
            }
            $sessions = { @(Get-Content -LiteralPath "$folder/count" | Where-Object { $_ -eq '+' }).Count }
            foreach ($way in $passed.Keys) {
                foreach ($process in $one, $two) {
                    $before = & $sessions
                    & $passed[$way] | Where-Object LocalPort -eq $process.Port | Stop-PortOwner -WhatIf -WarningAction Ignore | Should -BeNullOrEmpty
                    & $sessions | Should -Be ($before + [int] ($process -eq $two)) -Because $way
                }
            }
            # Both at once.
            ($rows | Stop-PortOwner -Confirm:$false -WarningAction Ignore).Result | Should -Be 'Stopped', 'Stopped'
            foreach ($process in $one, $two) { $process.WaitForExit(5000) | Should -BeTrue }
        } finally {
            if (-not $two.HasExited) { $two.Kill() }
        }
    }

    It 'keeps a row to its session, though a newer one has its name' {
        $other = New-PSSession -HostName 127.0.0.1 -Port $counted -UserName root -KeyFilePath "$folder/user" -Options ($options + @{ LogLevel = 'QUIET' })
        try {
            $row = Get-PortOwner $one.Port -Session $other -WarningAction Ignore
            $null = Get-PortOwner $one.Port -Session $session -WarningAction Ignore
        } finally {
            Remove-PSSession $other
        }
        $row | Stop-PortOwner -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
        "$problems" | Should -BeLike '127.0.0.1 could not be queried: *'
        $one.HasExited | Should -BeFalse
        # The user can name another way to it.
        ($row | Stop-PortOwner -Session $session -Confirm:$false -WarningAction Ignore).Result | Should -Be 'Stopped'
    }

    It 'does not mix rows of two machines that have one name and one given way' {
        $rows = @(Get-PortOwner $one.Port -SSHConnection (New-Connection $main) -WarningAction Ignore) + @(Get-PortOwner $one.Port -SSHConnection (New-Connection $counted) -WarningAction Ignore)
        $rows | Stop-PortOwner -Session $session -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
        @($problems).FullyQualifiedErrorId | Select-Object -Unique | Should -Be 'PO4105,Stop-PortOwner'
        "$problems" | Should -BeLike '*different machines with the name 127.0.0.1*'
        $rows[0] | Stop-PortOwner -Session $session, (New-PSSession -HostName 127.0.0.1 -Port $counted -UserName root -KeyFilePath "$folder/user" -Options ($options + @{ LogLevel = 'QUIET' }) -OutVariable other) -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
        $other | Remove-PSSession
        "$problems" | Should -BeLike '*several of the specified machines have that name*'
        $one.HasExited | Should -BeFalse
    }

    It 'refuses a row from a file, unless the call names the way: <_>' -ForEach 'CLIXML', 'JSON' {
        $row = Get-PortOwner $one.Port -SSHConnection (New-Connection $main 'localhost') -WarningAction Ignore
        $row = if ($_ -eq 'CLIXML') {
            $row | Export-Clixml "$TestDrive/row.clixml"
            Import-Clixml "$TestDrive/row.clixml"
        } else {
            $row | ConvertTo-Json | ConvertFrom-Json
        }
        $row | Stop-PortOwner -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $problems[0].ErrorDetails.RecommendedAction | Should -BeLike '*session*'
        $one.HasExited | Should -BeFalse
        if ($_ -eq 'JSON') { return }
        ($row | Stop-PortOwner -SSHConnection (New-Connection $main 'localhost') -Confirm:$false -WarningAction Ignore).Result | Should -Be 'Stopped'
    }

    It 'stops rows from a job, and in a job: <_>' -ForEach 'row', 'stop', 'both', 'given' {
        $parameters = @{ SSHConnection = New-Connection $main; WarningAction = 'Ignore' }
        $row = if ($_ -in 'row', 'both', 'given') { Get-PortOwner $one.Port @parameters -AsJob | Receive-Job -Wait -AutoRemoveJob } else { Get-PortOwner $one.Port @parameters }
        $result = switch ($_) {
            'row' { $row | Stop-PortOwner -Confirm:$false -WarningAction Ignore }
            'given' { $row | Stop-PortOwner @parameters -Confirm:$false -AsJob | Receive-Job -Wait -AutoRemoveJob }
            default { $row | Stop-PortOwner -Confirm:$false -WarningAction Ignore -AsJob | Receive-Job -Wait -AutoRemoveJob }
        }
        $result.Result | Should -Be 'Stopped'
        $one.WaitForExit(5000) | Should -BeTrue
    }

    It 'stops rows from another process only where the call names the way' {
        $text = "Import-Module '$moduleFolder'; Get-PortOwner $($one.Port) -SSHConnection @{ HostName = '127.0.0.1'; Port = $main; UserName = 'root'; KeyFilePath = '$folder/user'; Options = @{ StrictHostKeyChecking = 'no'; UserKnownHostsFile = '/dev/null' } } -WarningAction Ignore"
        $row = Start-Job ([scriptblock]::Create($text)) | Receive-Job -Wait -AutoRemoveJob
        $row | Stop-PortOwner -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $one.HasExited | Should -BeFalse
    }

    It 'refuses what plain ssh reached before it asks' {
        $row = Get-PortOwner $one.Port -SSHConnection (New-Connection $bare) -WarningAction Ignore
        foreach ($stop in { $row | Stop-PortOwner -WhatIf }, { Stop-PortOwner $one.Port -SSHConnection (New-Connection $bare) -WhatIf }) {
            # What would be done is not said either.
            $null = Start-Transcript -LiteralPath "$TestDrive/asked"
            try { $said = @(& { $ErrorActionPreference = 'Continue'; & $stop } 2>&1) } finally { $null = Stop-Transcript }
            "$said" | Should -BeLike 'Nothing is stopped on 127.0.0.1: it has no PowerShell session*'
            Get-Content -LiteralPath "$TestDrive/asked" -Raw | Should -Not -BeLike '*What if:*'
        }
        $one.HasExited | Should -BeFalse
    }

    It 'sends a row back in constrained language, too, and refuses it where a name is ambiguous' {
        $script = @"
`$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'
Import-Module '$moduleFolder'
`$o = @{ StrictHostKeyChecking = 'no'; UserKnownHostsFile = '/dev/null' }
`$row = Get-PortOwner $($one.Port) -SSHConnection @{ HostName = '127.0.0.1'; Port = $main; UserName = 'root'; KeyFilePath = '$folder/user'; Options = `$o } -WarningAction Ignore
`$null = Get-PortOwner $($one.Port) -SSHConnection @{ HostName = '127.0.0.1'; Port = $counted; UserName = 'root'; KeyFilePath = '$folder/user'; Options = `$o } -WarningAction Ignore
`$row | Stop-PortOwner -Confirm:`$false -WarningAction Ignore -ErrorAction SilentlyContinue -ErrorVariable problems
`$problems | ForEach-Object FullyQualifiedErrorId
Import-Module '$moduleFolder' -Force
`$row = Get-PortOwner $($one.Port) -SSHConnection @{ HostName = '127.0.0.1'; Port = $main; UserName = 'root'; KeyFilePath = '$folder/user'; Options = `$o } -WarningAction Ignore
(`$row | Stop-PortOwner -Confirm:`$false -WarningAction Ignore).Result
"@
        Invoke-Shell $script | Should -Be 'PO4105,Write-Problem', 'Stopped'
    }

    It 'refuses a row whose process was replaced, and one of a machine that nobody knows the way to' {
        $row = Get-PortOwner $one.Port -Session $session -WarningAction Ignore
        $row.StartTime = $row.StartTime.AddSeconds(-5)
        ($row | Stop-PortOwner -Confirm:$false -WarningAction Ignore -ErrorAction SilentlyContinue).Result | Should -Be 'Refused'
        $row.PSComputerName = 'elsewhere'
        $row | Stop-PortOwner -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $one.HasExited | Should -BeFalse
    }

    It 'refuses objects that name no machine, whose process ID is one of this machine' {
        foreach ($object in (Get-Process -Id $one.Id), [pscustomobject]@{ LocalAddress = '127.0.0.1'; LocalPort = $one.Port; OwningProcess = $one.Id; State = 'Listen' }) {
            $object | Stop-PortOwner -Session $session -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
            $one.HasExited | Should -BeFalse
        }
    }

    It 'looks there again right before: <What>' -ForEach @{ What = 'another start'; Process = 'own'; Second = -5; Port = 'own'; Result = 'Refused' }, @{ What = 'another process'; Process = 'other'; Second = 0; Port = 'own'; Result = 'Refused' }, @{ What = 'no such listener'; Process = 'own'; Second = 0; Port = 'closed'; Result = 'Gone' } {
        $start = (Get-PortOwner $one.Port -WarningAction Ignore).StartTime.ToUniversalTime().AddSeconds($Second).ToString('o')
        $id = if ($Process -eq 'own') { $one.Id } else { $PID }
        $where = if ($Port -eq 'own') { $one.Port } else { Get-ClosedPort }
        $said = & (Join-Path $moduleFolder 'Collector/Stop.ps1') -Identity "TCP/127.0.0.1:$where;$id;$start;x" -Force $true -TimeoutSec 1
        $said[0] | Should -BeLike "$Result`t*"
        $said[1] | Should -Be '#End'
        $one.HasExited | Should -BeFalse
    }

    It 'stops a service through its manager only if the process is in that very unit: <Name> in <Group>' -ForEach @(
        @{ Name = 'web.service'; Group = '/portowner-test/web.service'; Result = 'Stopped' }
        @{ Name = 'web.service'; Group = '/portowner-test'; Result = 'Stopped' }
        @{ Name = 'web.service'; Group = '/portowner-test/web.servic'; Result = 'NotStopped' }
        @{ Name = 'web.service'; Group = '/portowner-test/web.service2'; Result = 'NotStopped' }
        @{ Name = 'web.service'; Group = '/portowner-test/user/web.service'; Result = 'NotStopped' }
        @{ Name = 'web.service'; Group = ''; Result = 'NotStopped' }
        @{ Name = 'w*.service'; Group = '/portowner-test/web.service'; Result = 'NotStopped' }
    ) {
        try {
            $own = Enter-TestUnit $one
        } catch {
            Set-ItResult -Skipped -Because "no control group can be made: $_"
            return
        }
        $tools = (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))).FullName
        Set-Content -LiteralPath "$tools/systemctl" -Value '#!/bin/sh', "case `"`$1`" in show) echo 'ControlGroup=$Group' ;; stop) kill $($one.Id) ;; esac"
        Set-StopTool $tools
        $start = (Get-PortOwner $one.Port -WarningAction Ignore).StartTime.ToUniversalTime().ToString('o')
        $said = & "$tools/Stop.ps1" -Identity "TCP/127.0.0.1:$($one.Port);$($one.Id);$start;x;service=$([uri]::EscapeDataString($Name))" -Force $false -TimeoutSec 5
        $said[0] | Should -BeLike "$Result`t*"
        if ($Result -eq 'Stopped') { $said[0] | Should -BeLike "*`tsystemctl stop web.service`t" } else { $one.HasExited | Should -BeFalse }
        if (-not $one.HasExited) { $one.Kill() }
        Exit-TestUnit $own
    }

    It 'names the socket unit for which systemd listens again' {
        try {
            $own = Enter-TestUnit $one
        } catch {
            Set-ItResult -Skipped -Because "no control group can be made: $_"
            return
        }
        $tools = (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))).FullName
        # In place of systemd, something else has the port at once.
        $again = "$tools/again.cjs"
        Set-Content -LiteralPath $again -Value "require('net').createServer().listen($($one.Port), '127.0.0.1'); setTimeout(() => process.exit(), 10000)"
        Set-Content -LiteralPath "$tools/systemctl" -Value '#!/bin/sh', "case `"`$*`" in *ControlGroup*) echo 'ControlGroup=/portowner-test/web.service' ;; *TriggeredBy*) echo 'TriggeredBy=web.socket web.timer' ;; stop*) kill $($one.Id); while kill -0 $($one.Id) 2>/dev/null; do sleep 0.05; done; '$node' '$again' >/dev/null 2>&1 & sleep 1 ;; esac"
        Set-StopTool $tools
        $start = (Get-PortOwner $one.Port -WarningAction Ignore).StartTime.ToUniversalTime().ToString('o')
        $said = & "$tools/Stop.ps1" -Identity "TCP/127.0.0.1:$($one.Port);$($one.Id);$start;x;service=web.service" -Force $false -TimeoutSec 5
        $said[0] | Should -BeLike "Retaken`tsystemctl stop web.service`tit ended, but TCP 127.0.0.1 port $($one.Port) is in use again: systemd listens for web.socket *run there: systemctl stop -- web.socket"
        Exit-TestUnit $own
    }

    It 'sends no signal to a process that has another start time by then: <Signal>' -ForEach @{ Signal = 'TERM'; Looks = 2 }, @{ Signal = 'KILL'; Looks = 4 } {
        # The clock of the process changes between two looks, as if its ID went to another one.
        $script = (Get-Content -LiteralPath (Join-Path $moduleFolder 'Collector/Stop.ps1') -Raw) -replace 'function Test-Same\(', "`$global:looks = 0`nfunction Test-Same([hashtable] `$Wanted) { `$global:looks++; `$global:looks -lt $Looks -and (Test-SameThere `$Wanted) }`nfunction Test-SameThere("
        $file = Join-Path $TestDrive "Stop-$Signal.ps1"
        Set-Content -LiteralPath $file -Value $script
        # It ignores SIGTERM.
        $deaf = Join-Path $TestDrive 'deaf.cjs'
        Set-Content -LiteralPath $deaf -Value "process.on('SIGTERM', () => {}); require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })"
        $begin = New-Object System.Diagnostics.ProcessStartInfo $node, $deaf
        $begin.RedirectStandardOutput = $true
        $process = [System.Diagnostics.Process]::Start($begin)
        try {
            $where = $process.StandardOutput.ReadLine()
            $time = (Get-PortOwner $where -WarningAction Ignore).StartTime.ToUniversalTime().ToString('o')
            $null = & $file -Identity "TCP/127.0.0.1:$where;$($process.Id);$time;x" -Force $true -TimeoutSec 0
            Start-Sleep -Milliseconds 200
            $process.HasExited | Should -BeFalse
        } finally {
            $process.Kill()
        }
    }

    It 'sees that a program starts it again' {
        # It takes the port itself a while after its child ended.
        $script = @'
const { spawn } = require('child_process');
const child = spawn(process.execPath, ['-e', 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>console.log(s.address().port))']);
child.stdout.once('data', (port) => {
  console.log(`${child.pid} ${String(port).trim()}`);
  child.on('exit', () => setTimeout(() => require('net').createServer().listen(Number(port), '127.0.0.1'), 500));
});
'@
        $file = Join-Path $TestDrive 'again.cjs'
        Set-Content -LiteralPath $file -Value $script
        $start = New-Object System.Diagnostics.ProcessStartInfo $node, $file
        $start.RedirectStandardOutput = $true
        $parent = [System.Diagnostics.Process]::Start($start)
        try {
            $id, $where = $parent.StandardOutput.ReadLine() -split ' '
            $time = (Get-PortOwner $where -WarningAction Ignore).StartTime.ToUniversalTime().ToString('o')
            $said = & (Join-Path $moduleFolder 'Collector/Stop.ps1') -Identity "TCP/127.0.0.1:$where;$id;$time;x" -Force $false -TimeoutSec 5
            $said[0] | Should -BeLike "Retaken`tSIGTERM`tit ended, but another program listens on TCP 127.0.0.1 port $where now*"
        } finally {
            $parent.Kill()
        }
    }

    It 'never stops what the session runs in' {
        (Stop-PortOwner $main -Session $session -Confirm:$false -Force -ErrorAction SilentlyContinue -WarningAction Ignore).Result | Should -Be 'Refused'
    }

    It 'stops nothing where there is no session' {
        $null = Stop-PortOwner $one.Port -SSHConnection (New-Connection $bare) -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore
        $problems.FullyQualifiedErrorId | Should -Be 'PO4105,Stop-PortOwner'
        $one.HasExited | Should -BeFalse
    }
}
