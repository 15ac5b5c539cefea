# Other machines, for real, over SSH: how they are named, reached, and queried.
BeforeDiscovery { . (Join-Path $PSScriptRoot 'RemoteCommon.ps1') -Discovery }

BeforeAll {
    . (Join-Path $PSScriptRoot 'RemoteCommon.ps1')
    if (-not $no) {
        $session = New-TestSession main
        $second = New-TestSession main '127.0.0.2'
    }
}

AfterAll { Remove-Daemon }

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

Describe 'In the background' {
    It 'what would be stopped is told, and nothing is: <_>' -ForEach '-WhatIf', '$WhatIfPreference' {
        $one = Start-NodeListener
        try {
            if ($_ -eq '-WhatIf') {
                $job = Stop-PortOwner $one.Port -ComputerName localhost -WhatIf -Confirm:$false -AsJob
            } else {
                $global:WhatIfPreference = $true
                try { $job = Stop-PortOwner $one.Port -ComputerName localhost -Confirm:$false -AsJob } finally { $global:WhatIfPreference = $false }
            }
            $null = $job | Complete-Job | Receive-Job -InformationVariable said 6>$null
            Remove-Job $job
            "$said" | Should -BeLike "What if: *node*:$($one.Port)*"
            # Only then does Receive-Job show it.
            $said.Tags | Should -Contain 'PSHOST'
            $one.HasExited | Should -BeFalse
        } finally {
            $one.Kill()
        }
    }

    It 'a preference not to be asked is that of the job' {
        $one = Start-NodeListener
        $ConfirmPreference = 'None'
        (Stop-PortOwner $one.Port -ComputerName localhost -Force -AsJob -WarningAction Ignore | Complete-Job | Receive-Job -Wait -AutoRemoveJob).Result | Should -Be 'Stopped'
    }

    It 'the preferences of the call are those of the job: <Name>' -ForEach @(
        @{ Name = 'none'; Preference = @{}; Warning = 1; Problem = 1; Detail = 0 }
        @{ Name = 'nothing but details'; Preference = @{ WarningAction = 'Ignore'; ErrorAction = 'Ignore'; Verbose = $true }; Warning = 0; Problem = 0; Detail = 1 }
    ) {
        $text = ConvertTo-Document (New-Problem 'Warning' 'PO3001' 'a warning'), (New-Problem 'Error' 'PO3001' 'a problem'), (New-Problem 'Verbose' $null 'a detail')
        $env:PORTOWNER_EXE = New-Stub (Join-Path $TestDrive ($Name -replace ' ')) $text
        try { $job = Get-PortOwner 1 -ComputerName localhost -AsJob @Preference | Complete-Job } finally { $env:PORTOWNER_EXE = $null }
        $streams = @($job) + @($job.ChildJobs)
        @($streams.Warning | Where-Object { "$_" -like '*a warning*' }).Count | Should -Be $Warning
        @($streams.Error | Where-Object { "$_" -like '*a problem*' }).Count | Should -Be $Problem
        @($streams.Verbose | Where-Object { "$_" -like '*a detail*' }).Count | Should -Be $Detail
        Remove-Job -Job $job
    }

    It 'what is said to a person is shown by Receive-Job, unless it is ignored' {
        $closed = Get-ClosedPort
        $null = Get-PortOwner $closed -ComputerName localhost -AsJob -WarningAction Ignore | Complete-Job | Receive-Job -Wait -AutoRemoveJob -InformationVariable said 6>$null
        "$said" | Should -BeLike "*$closed*"
        # Windows PowerShell marks what it has shown.
        @($said.Tags) -ne 'FORWARDED' | Should -Be 'PSHOST', 'PortOwner'
        $null = Get-PortOwner $closed -ComputerName localhost -AsJob -WarningAction Ignore -InformationAction Ignore | Complete-Job | Receive-Job -Wait -AutoRemoveJob -InformationVariable said 6>$null
        $said | Should -BeNullOrEmpty
    }
}

Describe 'Over SSH' -Skip:([bool] $no) {
    It 'a machine answers as this one does, and nothing stays there' {
        $row = Get-PortOwner $port -IncludeCommandLine -SSHConnection (New-Connection main) -WarningAction Ignore
        $here = Get-PortOwner $port -IncludeCommandLine -WarningAction Ignore
        $row.PSComputerName | Should -Be '127.0.0.1'
        foreach ($name in 'LocalPort', 'OwningProcess', 'Owner', 'Path', 'CommandLine', 'UserName', 'ComputerName') { $row.$name | Should -Be $here.$name }
        $row.PSTypeNames | Should -Contain 'PortOwner.Endpoint'
        $row.PSObject.Properties.Name | Should -Not -Contain 'Id'
        Get-Job | Should -BeNullOrEmpty
    }

    It 'a dead machine and a slow one are one error and one answer among ten that live' {
        $machines = @(New-Connection dead '127.0.1.1') + @(New-Connection slow '127.0.1.2') + @(1..10 | ForEach-Object { New-Connection main "127.0.0.$_" })
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

    It 'a machine that cannot be asked at all is an error of its own: <_>' -ForEach 'a key file that does not exist', 'an invalid name', 'a name that is an option', 'a port that is not a number' {
        $bad = New-Connection main '127.0.1.3'
        switch -Wildcard ($_) {
            'a key*' { $bad.KeyFilePath = "$folder/nowhere" }
            'an invalid*' { $bad.HostName = 'a b' }
            'a name*' { $bad.HostName = '-oProxyCommand=id' }
            'a port*' { $bad.Port = 'abc' }
        }
        $rows = @(Get-PortOwner $port -SSHConnection $bad, (New-Connection main) -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore)
        $rows.OwningProcess | Should -Be $PID
        @($problems | Where-Object { "$_" -like "$($bad.HostName) could not be queried: *" }).Count | Should -Be 1
    }

    It 'many machines that ssh cannot reach do not end PowerShell: <What>' -ForEach @{ What = 'without an address'; Name = 'server$_.invalid'; Count = 40 }, @{ What = 'that refuse'; Name = '127.0.1.$_'; Count = 10 } {
        $names = @(1..$Count | ForEach-Object { "'$($Name -replace '\$_', $_)'" }) -join ', '
        $said = @(Invoke-Shell "Import-Module '$moduleFolder'; Get-PortOwner 1 -HostName $names -RemotingPort $(Get-DaemonPort dead) -ThrottleLimit 40 -ErrorVariable problems -ErrorAction SilentlyContinue; `$problems | ForEach-Object FullyQualifiedErrorId | Select-Object -Unique; `$problems.Count; `"`$(`$problems[0])`"")
        $said[0..1] | Should -Be 'PSSessionStateBroken,Get-PortOwner', "$Count"
        $said[2] | Should -BeLike $(if ($What -like 'without*') { 'server1.invalid could not be queried: ssh: Could not resolve hostname server1.invalid*' } else { '127.0.1.* could not be queried: ssh: connect to host *Connection refused' })
    }

    # Whatever ssh does: PowerShell's own transport would end with it, or wait for nothing.
    It 'an ssh that ends at once is one error for each machine' {
        $cases = @(
            @{ Count = 1; What = 'silent'; Code = 3; Script = '' }
            @{ Count = 6; What = 'silent'; Code = 3; Script = '' }
            @{ Count = 1; What = 'noise'; Code = 0; Script = 'echo hello world; echo noise' }
            @{ Count = 4; What = 'noise'; Code = 0; Script = 'echo hello world; echo noise' }
            @{ Count = 2; What = 'ends while PowerShell writes'; Code = 255; Script = 'head -c 1000 >/dev/null' }
            @{ Count = 2; What = 'alone in the PATH'; Code = 3; Script = '' }
            @{ Count = 2; What = 'killed'; Code = 0; Script = 'kill -9 $$' }
            @{ Count = 2; What = 'errors'; Code = 255; Script = 'echo no >&2' }
            @{ Count = 2; What = 'closes its output first'; Code = 1; Script = 'exec >&- 2>&-; sleep 0.2' }
            @{ Count = 2; What = 'many lines'; Code = 1; Script = 'head -c 3000000 /dev/zero | tr "\0" x' }
        )
        # One PowerShell for all: it has to outlive each of them.
        $script = "Import-Module '$moduleFolder'`n"
        foreach ($case in $cases) {
            $tools = (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))).FullName
            # The question for its settings is answered.
            $null = New-Program "$tools/ssh" 'case "$1" in -G) exec /usr/bin/ssh "$@" ;; esac', $case.Script, "exit $($case.Code)"
            $names = @(1..$case.Count | ForEach-Object { "'127.0.1.$_'" }) -join ', '
            $path = if ($case.What -like 'alone*') { $tools } else { "${tools}:$env:PATH" }
            $script += "`$env:PATH = '$path'; Get-PortOwner 1 -HostName $names -RemotingPort $(Get-DaemonPort dead) -ThrottleLimit 40 -ErrorVariable problems -ErrorAction SilentlyContinue; `"`$(`$problems.Count) `$(@(`$problems | ForEach-Object { `"`$_`" -replace '127\.0\.1\.\d+', 'HOST' -replace 'port \d+', 'port N' } | Select-Object -Unique) -join '|') `$(@(Get-Job).Count)`"`n"
        }
        $said = @(Invoke-Shell $script)
        # Plain ssh, which is asked then, is the system's.
        $expected = foreach ($case in $cases) { "$($case.Count) HOST could not be queried: ssh: connect to host HOST port N: Connection refused 0" }
        $said | Should -Be $expected
    }

    It 'what ssh says of a machine that it does not reach is the error, and no executable starts: <What>' -ForEach @(
        @{ What = 'refused'; Text = 'ssh: connect to host 127.0.0.1 port * Connection refused' }
        @{ What = 'another key'; Text = 'root@127.0.0.1: Permission denied (publickey*' }
        @{ What = 'an unknown host key'; Text = 'Host key verification failed.' }
    ) {
        $connection = New-Connection $(if ($What -eq 'refused') { 'dead' } else { 'main' })
        if ($What -eq 'another key') {
            ssh-keygen -q -t ed25519 -N '' -f "$TestDrive/other"
            $connection.KeyFilePath = "$TestDrive/other"
            $connection.Options = $options + @{ IdentitiesOnly = 'yes'; IdentityAgent = 'none' }
        }
        if ($What -eq 'an unknown host key') { $connection.Options = @{ StrictHostKeyChecking = 'yes'; UserKnownHostsFile = '/dev/null'; GlobalKnownHostsFile = '/dev/null' } }
        $stub = New-Stub (Join-Path $TestDrive ([guid]::NewGuid())) ''
        # Other programs may have files in the usual folder.
        $usual, $env:TMPDIR = $env:TMPDIR, (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))).FullName
        $here, $env:PORTOWNER_EXE = $env:TMPDIR, $stub
        try {
            foreach ($deploy in $false, $true) {
                $null = Get-PortOwner 1 -SSHConnection $connection -Deploy:$deploy -ErrorVariable problems -ErrorAction SilentlyContinue
                $problems.FullyQualifiedErrorId | Should -Be 'PSSessionStateBroken,Get-PortOwner'
                "$problems" | Should -BeLike "127.0.0.1 could not be queried: $Text"
                $problems[0].ErrorDetails.RecommendedAction | Should -BeNullOrEmpty
            }
        } finally {
            $env:TMPDIR, $env:PORTOWNER_EXE = $usual, $null
        }
        Test-Path -LiteralPath (Join-Path (Split-Path $stub) 'starts') | Should -BeFalse
        Get-ChildItem -LiteralPath $here -Filter '*.portowner' | Should -BeNullOrEmpty
    }

    It 'a machine that drops what is sent to it is waited for no longer than by the executable' {
        # Nobody accepts, and one connection waits: the system drops the others.
        $full = New-Object System.Net.Sockets.Socket InterNetwork, Stream, Tcp
        $waiting = 1..4 | ForEach-Object { New-Object System.Net.Sockets.TcpClient }
        try {
            $full.Bind((New-Object System.Net.IPEndPoint ([System.Net.IPAddress]::Loopback), 0))
            $full.Listen(0)
            $ports['full'] = $full.LocalEndPoint.Port
            foreach ($one in $waiting) { $null = $one.ConnectAsync('127.0.0.1', $full.LocalEndPoint.Port) }
            $null = Get-PortOwner $port -SSHConnection (New-Connection full) -OperationTimeout 120 -ErrorVariable problems -ErrorAction SilentlyContinue
            # Without a limit of its own, ssh waits for more than two minutes.
            $problems.FullyQualifiedErrorId | Should -Be 'PSSessionStateBroken,Get-PortOwner'
            "$problems" | Should -BeLike '127.0.0.1 could not be queried: ssh: connect to host *timed out'
        } finally {
            foreach ($one in $waiting) { $one.Dispose() }
            $full.Dispose()
        }
    }

    It 'a name server that does not answer holds up no other machine' {
        $silent = New-Object System.Net.Sockets.UdpClient (New-Object System.Net.IPEndPoint ([System.Net.IPAddress]::Parse('127.0.0.9')), 53)
        Set-Content -LiteralPath "$TestDrive/resolv.conf" -Value 'nameserver 127.0.0.9', 'options timeout:30 attempts:5'
        Set-Content -LiteralPath "$TestDrive/nsswitch.conf" -Value 'hosts: files dns'
        $script = "Import-Module '$moduleFolder'; Get-PortOwner $port -SSHConnection @{ HostName = 'server1.invalid' }, @{ HostName = 'server2.invalid' }, $(Get-ConnectionText main) -WarningAction Ignore 2>&1 | ForEach-Object { if (`$_ -is [System.Management.Automation.ErrorRecord]) { `"`$_`" } else { `$_.OwningProcess } }"
        Set-Content -LiteralPath "$TestDrive/names.ps1" -Value $script
        try {
            $said = @(& /usr/bin/timeout 900 unshare -m /bin/sh -c 'mount --bind "$0/resolv.conf" "$(readlink -f /etc/resolv.conf)" && mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf && exec "$@"' "$TestDrive" $shell -NoProfile -NonInteractive -File "$TestDrive/names.ps1" 2>&1 | ForEach-Object {
                    # The machine with an address has answered: the next question to the name server is refused.
                    $silent.Dispose()
                    $_
                })
        } finally {
            $silent.Dispose()
        }
        # Nothing is asked twice, and both names at once.
        $said[0] | Should -Be "$PID" -Because "$said"
        $said[1..2] | Sort-Object | Should -BeLike 'server?.invalid could not be queried: ssh: Could not resolve hostname server?.invalid'
    }

    It 'says that there is no ssh' {
        $usual, $env:PATH = $env:PATH, "$TestDrive"
        try { Get-PortOwner 1 -HostName 127.0.0.1, 127.0.0.2 -ErrorVariable problems -ErrorAction SilentlyContinue } finally { $env:PATH = $usual }
        @($problems).Count | Should -Be 2
        "$($problems[0])" | Should -Be '127.0.0.1 could not be queried: there is no ssh in the folders of the PATH; install the OpenSSH client.'
    }

    It 'a user that PowerShell would pass to ssh as several arguments is refused: <_>' -ForEach 'a -oProxyCommand=false', 'a"b', "a`nb" {
        { Get-PortOwner 1 -SSHConnection @{ HostName = 'server7'; UserName = $_ } } | Should -Throw -ErrorId 'PO1005,Get-PortOwner'
    }

    It 'a name that only the configuration of ssh knows, or its proxy, is queried: <_>' -ForEach 'HostName', 'ProxyCommand' {
        $connection = New-Connection main 'server7.invalid'
        $connection.Options = $options + $(if ($_ -eq 'HostName') { @{ HostName = '127.0.0.1' } } else { @{ ProxyCommand = "/usr/bin/ssh -q -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i $folder/user -p $(Get-DaemonPort main) -W 127.0.0.1:$(Get-DaemonPort main) root@127.0.0.1" } })
        (Get-PortOwner $port -SSHConnection $connection -WarningAction Ignore).OwningProcess | Should -Be $PID
    }

    It 'a host can have its user and its port in its name: <Name>, by <Way>' -ForEach @(
        @{ Name = 'root@127.0.0.1:{0}'; Way = 'a session' }, @{ Name = 'root@[::ffff:127.0.0.1]:{0}'; Way = 'a session' }
        @{ Name = 'root@127.0.0.1:{0}'; Way = 'plain ssh' }, @{ Name = 'root@[::ffff:127.0.0.1]:{0}'; Way = 'plain ssh' }
        @{ Name = '::ffff:127.0.0.1'; Way = 'a session' }, @{ Name = 'root@::ffff:127.0.0.1'; Way = 'plain ssh' }
    ) {
        $there = Get-DaemonPort $(if ($Way -eq 'a session') { 'main' } else { 'bare' })
        $name = $Name -f $there
        $row = Get-PortOwner $port -SSHConnection @{ HostName = $name; Port = $(if ($Name -notlike '*{0}') { $there }); UserName = $(if ($Name -notlike '*@*') { 'root' }); KeyFilePath = "$folder/user"; Options = $options } -WarningAction Ignore
        $row.OwningProcess | Should -Be $PID
        $row.PSComputerName | Should -Be $name
    }

    It 'an error ends the call where the caller says so' {
        { Get-PortOwner $port -SSHConnection (New-Connection dead) -ErrorAction Stop } | Should -Throw -ErrorId 'PSSessionStateBroken,Get-PortOwner'
    }

    It 'what is wrong with the question is said once' {
        { Get-PortOwner $port -Address x -Session $session } | Should -Throw -ErrorId 'PO1004,Get-PortOwner'
    }

    It 'no more are asked at once than -ThrottleLimit says: by <_>' -ForEach 'a session', 'plain ssh' {
        $count = if ($_ -eq 'plain ssh') { "$folder/plain-count" } else { "$folder/count" }
        $there = 'counted'
        if ($_ -eq 'plain ssh') {
            $there = 'plain'
            Start-Daemon 'plain' '' "ForceCommand $(New-Program 'plain' "echo + >>$count", 'sh -c "$SSH_ORIGINAL_COMMAND"', "echo - >>$count")"
        }
        $rows = @(Get-PortOwner $port -SSHConnection @(1..4 | ForEach-Object { New-Connection $there "127.0.0.$_" }) -ThrottleLimit 2 -WarningAction Ignore)
        $rows.Count | Should -Be 4
        $null = Wait-Until { @(Get-Content -LiteralPath $count).Count -eq 8 }
        $now, $most = 0, 0
        foreach ($line in Get-Content -LiteralPath $count) {
            $now += if ($line -eq '+') { 1 } else { -1 }
            $most = [math]::Max($most, $now)
        }
        $now | Should -Be 0
        # One that has answered may still be ending.
        $most | Should -BeLessOrEqual 3
    }

    It 'a machine that takes too long is one error' {
        $null = Get-PortOwner $port -SSHConnection (New-Connection mute) -OperationTimeout 2 -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems.FullyQualifiedErrorId | Should -Be 'PO3006,Get-PortOwner'
        "$problems" | Should -BeLike '*took longer than 2 seconds*'
        Wait-Until { -not (Get-Below $daemons.mute.Id) } | Should -BeTrue
    }

    It 'a machine that dies in the middle is one error, and the other answers' {
        $rows = @(Get-PortOwner $port -SSHConnection (New-Connection dying '127.0.0.9'), (New-Connection main) -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore)
        $rows.PSComputerName | Should -Be '127.0.0.1'
        @($problems).Count | Should -Be 1
        "$($problems[0])" | Should -BeLike '127.0.0.9*'
    }

    It 'an early stop leaves nothing there, nor here: <_>' -ForEach 'Select-Object', 'Ctrl+C' {
        $machines = (New-Connection main), (New-Connection mute '127.0.0.2')
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

    It '-WhatIf in force keeps no answer back' {
        $global:WhatIfPreference = $true
        try {
            $row = Get-PortOwner $port -SSHConnection (New-Connection bare) -WarningAction Ignore
            $found = @(Invoke-PortAudit -PolicyPath $policy -ReportPath "$TestDrive/whatif.csv" -Session $session, $second -WarningAction Ignore 6>$null)
        } finally {
            $global:WhatIfPreference = $false
        }
        $row.OwningProcess | Should -Be $PID
        $found.PSComputerName | Should -Be '127.0.0.1', '127.0.0.2'
    }

    It 'a session without a language is one error, which names the endpoint' {
        $null = Get-PortOwner $port -SSHConnection (New-Connection jea) -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems.FullyQualifiedErrorId | Should -BeLike 'ScriptsNotAllowed*'
        "$problems" | Should -BeLike '*the endpoint of 127.0.0.1*runs no scripts*'
    }

    It 'a session in constrained language answers' {
        (Get-PortOwner $port -SSHConnection (New-Connection constrained) -WarningAction Ignore).OwningProcess | Should -Be $PID
    }

    It 'advice names the machine, by the parameters that reach it where they can be written' {
        $text = @((Test-PortBinding $port -Session $session -WarningAction Ignore).Remedy)
        $text | Where-Object { $_ -like '*Stop-PortOwner*' } | Should -BeLike "on 127.0.0.1: Stop-PortOwner $port -WhatIf  # *"
        foreach ($line in $text) { $line | Should -Match '^(# |on 127\.0\.0\.1: )' }
        # A daemon on the usual port is not needed: what is advised is made before.
        $words = Invoke-Shell "Import-Module '$moduleFolder'; & (Get-Module PortOwner) { . '$moduleFolder/Remote.ps1'; function Test-It { [CmdletBinding()] param() foreach (`$bound in @{ HostName = 'ann@web1'; KeyFilePath = '/a b/key'; RemotingPort = 2222 }, @{ ComputerName = 'web2'; UseSSL = [switch] `$true; ConfigurationName = 'My.Endpoint' }, @{ ComputerName = 'web3'; SessionOption = 'x' }, @{ SSHConnection = @{ HostName = 'web4'; Options = @{ A = 'b' } } }) { (Get-Target -Cmdlet `$PSCmdlet -Bound `$bound).Connection } }; Test-It }"
        $words | Should -Be "ann@web1 -HostName ann@web1 -KeyFilePath '/a b/key' -RemotingPort 2222", 'web2 -ComputerName web2 -UseSSL -ConfigurationName My.Endpoint', 'web3', 'web4'
        $found = Invoke-PortAudit -PolicyPath $policy -ReportPath "$TestDrive/found.csv" -Session $session, $second -WarningAction Ignore 6>$null
        $found | ForEach-Object Remedy | Should -Be "on 127.0.0.1: Get-PortOwner $port  # show the current owner", "on 127.0.0.2: Get-PortOwner $port  # show the current owner"
    }

    It 'a variable of the environment does not decide what system it is' {
        Invoke-Command -Session $session { $env:SystemRoot = '/tmp' }
        try {
            (Get-PortOwner $port -Session $session -WarningAction Ignore).OwningProcess | Should -Be $PID
            (Stop-PortOwner (Get-ClosedPort) -Session $session -Confirm:$false -WarningAction Ignore 6>&1) | Should -BeLike '*Nobody listens on port*there is nothing to stop*'
        } finally {
            Invoke-Command -Session $session { $env:SystemRoot = $null }
        }
    }

    It 'a machine without a PowerShell subsystem is queried with plain ssh' {
        # Other programs may have files in the usual folder.
        $usual, $env:TMPDIR = $env:TMPDIR, "$TestDrive"
        try { $rows = @(Get-PortOwner $port -SSHConnection (New-Connection bare) -Verbose -WarningAction Ignore 4>&1) } finally { $env:TMPDIR = $usual }
        ($rows | Where-Object LocalPort).OwningProcess | Should -Be $PID
        "$rows" | Should -BeLike '*querying with plain ssh*'
        # Its facts were in a file.
        Get-ChildItem -Path $TestDrive -Filter '*.tmp*' | Should -BeNullOrEmpty
    }

    It 'a machine whose programs have the name of an answer answers from its facts' -Skip:([bool] $noApart) {
        # There, the answer comes unpacked.
        Start-Daemon 'unpacked' $pwsh -Apart -Before 'mount --bind /dev/null /usr/bin/base64'
        Copy-Item /bin/sleep "$folder/#PortOwner.Answer 1"
        $other = Start-Process "$folder/#PortOwner.Answer 1" 600 -PassThru
        try {
            $there = New-TestSession unpacked
            $text = Invoke-Command -Session $there -FilePath "$moduleFolder/Collector/Collect.ps1" -ArgumentList $false, (Get-Content -Raw "$moduleFolder/Collector/collect.sh")
            "$text" | Should -BeLike '#PortOwner.Collection 1 plain*#PortOwner.Answer 1*'
            Remove-PSSession $there
            (Test-PortBinding $port -SSHConnection (New-Connection unpacked) -WarningAction Ignore).CanBind | Should -BeFalse
        } finally {
            $other.Kill()
        }
    }

    It '-AsJob gives a job, whose rows are the same' {
        $job = $port | Get-PortOwner -Session $session -AsJob -WarningAction Ignore
        $job | Should -BeOfType ([System.Management.Automation.Job])
        ($job | Complete-Job | Receive-Job -Wait -AutoRemoveJob).OwningProcess | Should -Be $PID
    }

    It 'constrained language here is enough' {
        $script = @"
`$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'
Import-Module '$moduleFolder'
(Get-PortOwner $port -SSHConnection $(Get-ConnectionText main) -WarningAction Ignore).OwningProcess
(Get-PortOwner $port -ComputerName localhost -WarningAction Ignore).OwningProcess
"@
        Invoke-Shell $script | Should -Be "$PID", "$PID"
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
        foreach ($name in $scripts.Keys) {
            # The collector calls it first.
            Set-Content -LiteralPath "$folder/hostile-$name.ps1" -Value "function global:Get-Variable { $($scripts[$name]) }; Set-Alias -Name Get-Variable -Value Get-Variable -Scope Global -ErrorAction Ignore"
            Set-Content -LiteralPath "$folder/hostile-$name.pssc" -Value "@{ SchemaVersion = '2.0.0.0'; GUID = '$([guid]::NewGuid())'; SessionType = 'Default'; ScriptsToProcess = '$folder/hostile-$name.ps1' }"
            Start-Daemon "hostile-$name" "$pwsh -ConfigurationFile $folder/hostile-$name.pssc"
        }
    }

    It 'sends nothing to the host, its errors are plain, and it does not stop the others' {
        $at = 1
        $connections = @(foreach ($name in $scripts.Keys | Sort-Object) { Get-ConnectionText "hostile-$name" "127.0.0.$((++$at))" }) -join ', '
        $script = @"
Import-Module '$moduleFolder'
`$PSStyle.OutputRendering = 'PlainText'
`$ErrorView = 'NormalView'
Get-PortOwner $port -SSHConnection $connections, $(Get-ConnectionText main) -Verbose | ForEach-Object { "row of `$(`$_.PSComputerName): `$(`$_.LocalPort) `$(`$_.OwningProcess)" }
`$Error | ForEach-Object { `$_.FullyQualifiedErrorId; "`$(`$_.CategoryInfo)"; `$_.ErrorDetails.RecommendedAction; "`$(`$_.TargetObject)" }
"errors: `$(`$Error.Count)"
"@
        # What the test's PowerShell colors itself is taken away by Invoke-Shell, but also what these machines color.
        $said = @(Invoke-Shell $script -Raw | Where-Object { $_ })
        $said[-1] | Should -BeLike 'errors: *' -Because "$said"
        [int] ($said[-1] -replace '\D') | Should -BeGreaterOrEqual 4
        foreach ($number in 2..$at) { "$said" | Should -BeLike "*127.0.0.$number*" }
        $said -like 'row of *' | Should -Be "row of 127.0.0.1: $port $PID"
        foreach ($line in $said) { $line | Should -Not -Match '[\p{Cc}\p{Cf}]' }
    }
}
