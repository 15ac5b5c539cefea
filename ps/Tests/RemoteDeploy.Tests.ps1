# A portowner on other machines, and how it gets there.
BeforeDiscovery { . (Join-Path $PSScriptRoot 'RemoteCommon.ps1') -Discovery }

BeforeAll { . (Join-Path $PSScriptRoot 'RemoteCommon.ps1') }

AfterAll { Remove-Daemon }

# The places where a portowner is looked for are real ones: the daemon has a /opt of its own.
Describe 'A portowner on the other machine' -Skip:([bool] ($no + $noApart)) {
    BeforeAll {
        Start-Daemon 'apart' $pwsh -Apart
        $there = New-TestSession apart
        function Get-Verbose([object[]] $Row) { @($Row | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }) -join "`n" }
        Invoke-Command -Session $there -ArgumentList $executable { mkdir -p /opt/portowner && cp $args[0] /opt/portowner/portowner && chown root:root /opt/portowner/portowner && chmod 755 /opt/portowner/portowner }
    }
    AfterAll { if ($there) { Remove-PSSession $there } }

    It 'answers, if only root can change it' {
        $rows = @(Get-PortOwner $port -Session $there -Verbose -WarningAction Ignore 4>&1)
        ($rows | Where-Object LocalPort).OwningProcess | Should -Be $PID
        Get-Verbose $rows | Should -BeLike '*127.0.0.1: answered by /opt/portowner/portowner there.*'
    }

    It 'can take longer than the collector waits between two signs of life' {
        Invoke-Command -Session $there {
            mv /opt/portowner/portowner /opt/portowner/slow
            [IO.File]::WriteAllText('/opt/portowner/portowner', "#!/bin/sh`nsleep 3`nexec /opt/portowner/slow `"`$@`"`n")
            chmod 755 /opt/portowner/portowner
        }
        try {
            $row = Test-PortBinding $port -Session $there -WarningAction Ignore
            "$($row.Evidence)" | Should -BeLike '*attempt to bind TCP*'
        } finally { Invoke-Command -Session $there { mv -f /opt/portowner/slow /opt/portowner/portowner } }
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
        Start-Daemon 'recorded' (New-Program 'recorded' "tee -a $folder/wire | $pwsh") -Apart
        Start-Daemon 'ordinary' (New-Program 'ordinary' 'export HOME=/tmp', "exec setpriv --reuid=65534 --regid=65534 --clear-groups $pwsh") -Apart
        $deployed = '/opt/portowner/deployed/portowner'
        $there = New-TestSession recorded
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
        $rows = @(Get-PortOwner $port -SSHConnection (New-Connection recorded) -Deploy -Verbose -WarningAction Ignore 4>&1)
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

    # The executable that is copied has 6 MB instead of 120; the one that answers here is the usual one.
    Context 'in pieces' {
        BeforeAll {
            $small = "$folder/small/PortOwner"
            $null = New-Item -ItemType Directory -Path "$small/bin" -Force
            Get-ChildItem -LiteralPath $moduleFolder -Exclude bin | Copy-Item -Destination $small -Recurse
            $bytes = New-Object byte[] 6MB
            (New-Object System.Random 1).NextBytes($bytes)
            # What shows that it is an executable for Linux x64.
            [System.BitConverter]::GetBytes([uint32] 0x464c457f).CopyTo($bytes, 0)
            [System.BitConverter]::GetBytes([uint16] 0x3e).CopyTo($bytes, 18)
            [System.IO.File]::WriteAllBytes("$small/bin/portowner", $bytes)
            $env:PORTOWNER_EXE = New-Program 'portowner-here' "exec '$executable' `"`$@`""
            Get-Module PortOwner | Remove-Module
            Import-Module $small
        }
        AfterAll {
            $env:PORTOWNER_EXE = $null
            Get-Module PortOwner | Remove-Module
            Import-Module $moduleFolder
        }

        It 'two at once both succeed' {
            $jobs = 1..2 | ForEach-Object { Get-PortOwner $port -SSHConnection (New-Connection recorded "127.0.0.$_") -Deploy -WarningAction Ignore -AsJob }
            $said = @($jobs | Complete-Job | ForEach-Object { Receive-Job -Job $_ -ErrorVariable +problems -ErrorAction SilentlyContinue })
            $jobs | Remove-Job
            "$problems" | Should -BeNullOrEmpty
            @($said | Where-Object LocalPort).OwningProcess | Should -Be $PID, $PID
            Get-Place | Should -Be '/opt/portowner', '/opt/portowner/deployed', $deployed
            (Invoke-Command -Session $there -ArgumentList $deployed { param($Path) Get-FileHash -LiteralPath $Path }).Hash | Should -Be (Get-FileHash -LiteralPath "$small/bin/portowner").Hash
            Invoke-Step 'Remove' | Should -Be '#End'
            Get-Place | Should -BeNullOrEmpty
        }

        It 'a machine that says nothing when the copy begins is one error, and holds up none' {
            # The first session answers what is there; the second one, for the copy, says nothing.
            Start-Daemon 'second' (New-Program 'second' "if mkdir $folder/first 2>/dev/null; then exec $pwsh; else touch $folder/silent; exec sleep 600; fi") -Apart
            $job = Get-PortOwner $port -SSHConnection (New-Connection second '127.0.0.2'), (New-Connection recorded '127.0.0.3') -Deploy -OperationTimeout 600 -WarningAction Ignore -AsJob
            try {
                Wait-Until { (Test-Path -LiteralPath "$folder/silent") -and $job.Output.Count -gt 0 } 300 | Should -BeTrue
                $job.Output.PSComputerName | Should -Be '127.0.0.3'
                $job.State | Should -Be 'Running'
                Stop-Job -Job $job
                Wait-Until { -not (Get-Below $daemons.second.Id) } | Should -BeTrue
            } finally {
                Remove-Job -Job $job -Force
                $null = Invoke-Step 'Remove'
            }
            Remove-Item -LiteralPath "$folder/first"
            Get-PortOwner $port -SSHConnection (New-Connection second) -Deploy -OperationTimeout 15 -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
            "$problems" | Should -Be '127.0.0.1 could not be queried: it took longer than 15 seconds.'
            Wait-Until { -not (Get-Below $daemons.second.Id) } | Should -BeTrue
        }

        It 'an ssh that dies during a copy is one error for each machine, does not end PowerShell, and leaves nothing there' {
            $null = New-Program "$TestDrive/ssh" 'case "$1" in -G) exec /usr/bin/ssh "$@" ;; esac', 'exec 3<&0', '/usr/bin/ssh "$@" <&3 3<&- &', 'while read -r name count < /proc/$!/io && [ $count -lt 4000000 ]; do sleep 0.05; done', 'kill -9 $! $$'
            $said = @(Invoke-Shell "Import-Module '$small'; Get-PortOwner 1 -SSHConnection $(Get-ConnectionText recorded '127.0.0.2'), $(Get-ConnectionText recorded '127.0.0.3') -Deploy -ErrorVariable problems -ErrorAction SilentlyContinue; `$problems | ForEach-Object { `"`$_`" }; 'alive'" @{ PATH = "${TestDrive}:$env:PATH" })
            $said.Count | Should -Be 3 -Because "$said"
            $said[0..1] | Sort-Object | Should -BeLike '127.0.0.* could not be queried: *'
            $said[-1] | Should -Be 'alive'
            Get-Place | Should -BeNullOrEmpty
        }
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

    It 'leaves nothing of a copy that does not have the right hash, or breaks off' {
        Invoke-Step 'Piece' '' (1..100) | Should -Be '#End'
        Get-Place | Should -BeNullOrEmpty
        (Invoke-Step 'Finish' ('0' * 64))[0] | Should -BeLike 'failed the copy has the SHA-256 hash *instead of 0000*'
        Get-Place | Should -BeNullOrEmpty
    }

    It 'leaves nothing where the disk is full' {
        Start-Daemon 'full' $pwsh -Apart -Size 1m
        $session = New-TestSession full
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
        $expected = @{
            ordinary    = '*is not an administrator there (root on Linux)*'
            constrained = '*has the language mode ConstrainedLanguage*'
            jea         = '*the endpoint of 127.0.0.*runs no scripts*'
            bare        = '*need a PowerShell session*'
        }
        $at = 1
        $addresses = @{}
        $machines = foreach ($name in $expected.Keys) {
            $addresses[$name] = "127.0.0.$((++$at))"
            New-Connection $name $addresses[$name]
        }
        Get-PortOwner $port -SSHConnection (@($machines) + @(New-Connection dead '127.0.0.9')) -Deploy -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore | Should -BeNullOrEmpty
        @($problems).Count | Should -Be 5
        foreach ($name in $expected.Keys) {
            $problem = @($problems | Where-Object { $_.TargetObject -eq $addresses[$name] })
            $problem.Count | Should -Be 1 -Because $name
            "$($problem[0]) $($problem[0].ErrorDetails.RecommendedAction)" | Should -BeLike $expected[$name]
        }
        $rows = @(Get-PortOwner $port -SSHConnection (New-Connection dead '127.0.0.3'), (New-Connection constrained '127.0.0.4') -Undeploy -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore)
        $rows.PSComputerName | Should -Be '127.0.0.4'
        $problems.FullyQualifiedErrorId | Should -Be 'PSSessionStateBroken,Get-PortOwner'
    }

    It 'says that there is no executable for a platform' {
        Start-Daemon 'arm' $pwsh -Apart -Before "mount --bind $(New-Program 'uname' 'echo Linux aarch64') /usr/bin/uname"
        $null = Get-PortOwner $port -SSHConnection (New-Connection arm) -Deploy -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore
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
