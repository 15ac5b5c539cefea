# What the tests share. The module under test is the built one; PORTOWNER_TEST_NODE is a Node.js for helpers.
$ErrorActionPreference = 'Stop'
$env:POWERSHELL_TELEMETRY_OPTOUT = '1'
$env:PORTOWNER_EXE = $null
$moduleFolder = $env:PORTOWNER_TEST_MODULE
if (-not $moduleFolder) { $moduleFolder = Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'dist/PortOwner' }
$moduleFolder = Convert-Path -LiteralPath $moduleFolder
$node = $env:PORTOWNER_TEST_NODE
$onWindows = $PSVersionTable.PSVersion.Major -lt 6 -or $IsWindows
$underWine = $onWindows -and (Test-Path -LiteralPath 'HKCU:\Software\Wine')
$executable = Join-Path $moduleFolder (Join-Path 'bin' $(if ($onWindows) { 'portowner.exe' } else { 'portowner' }))
# What starts this PowerShell again: a program and its first arguments. As a .NET tool its process is dotnet.
$shell = @((Get-Process -Id $PID).Path)
if ((Split-Path -Leaf $shell[0]) -match '^dotnet(\.exe)?$') { $shell += [System.Environment]::GetCommandLineArgs()[0] }

Get-Module PortOwner | Remove-Module
Import-Module $moduleFolder

# Ends a test of what Wine cannot show, with its reason: the closing lines of a test run have it.
function Skip-UnderWine([string] $Because) {
    if ($underWine) { Set-ItResult -Skipped -Because "Wine $Because" }
}

# A TCP listener on a port that was free.
function New-Listener([string] $Address = '127.0.0.1') {
    $listener = New-Object System.Net.Sockets.TcpListener ([System.Net.IPAddress]::Parse($Address)), 0
    $listener.Start()
    $listener | Add-Member -NotePropertyName Port -NotePropertyValue $listener.LocalEndpoint.Port -PassThru
}

# A port that nobody has: one that was free a moment ago.
function Get-ClosedPort {
    $listener = New-Listener
    $listener.Stop()
    $listener.Port
}

# A process called node that listens; ends when its standard input does.
function Start-NodeListener {
    $start = New-Object System.Diagnostics.ProcessStartInfo $node, '-e "const s=require(''net'').createServer().listen(0,''127.0.0.1'',()=>require(''fs'').writeSync(1,s.address().port+''\n''));process.stdin.resume().on(''end'',()=>process.exit())"'
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $true
    # On Windows it has a console of its own: alone on one, it can be asked to end.
    $start.CreateNoWindow = $true
    $start.RedirectStandardOutput = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $process | Add-Member -NotePropertyName Port -NotePropertyValue ([int]$process.StandardOutput.ReadLine()) -PassThru
}

# A program that prints a text, as if it were the executable, then the lines of Say on standard error, and notes each
# start in a file. First and Then are lines of a Unix shell, for tests that run on Linux alone.
function New-Stub([string] $Folder, [string] $Content, [string] $First = '', [string] $Then = '', [string[]] $Say, [int] $ExitCode = 0) {
    $null = New-Item -ItemType Directory -Path $Folder -Force
    $data, $words = (Join-Path $Folder 'data'), (Join-Path $Folder 'words')
    [System.IO.File]::WriteAllText($data, $Content)
    [System.IO.File]::WriteAllText($words, -join @($Say | Where-Object { $_ } | ForEach-Object { "$_`n" }))
    if ($onWindows) {
        $path = Join-Path $Folder 'stub.cmd'
        $lines = '@echo off', "echo start>>`"$Folder\starts`"", "type `"$data`"", $(if ($Say) { "type `"$words`" >&2" }), "exit /b $ExitCode"
        [System.IO.File]::WriteAllText($path, -join @($lines | Where-Object { $_ } | ForEach-Object { "$_`r`n" }))
    } else {
        $path = Join-Path $Folder 'stub'
        [System.IO.File]::WriteAllText($path, "#!/bin/sh`necho start >> '$Folder/starts'`n$First`ncat '$data'`ncat '$words' >&2`n$Then`nexit $ExitCode`n")
        chmod +x $path
    }
    $path
}

# Items as one CLIXML document, which says at its end that it is whole. Each is a hashtable of texts and numbers; Type is
# its type name.
function ConvertTo-Document([System.Collections.IDictionary[]] $Item, [switch] $Torn) {
    if (-not $Torn) { $Item += New-Problem 'End' }
    $objects = foreach ($one in $Item) {
        $properties = foreach ($name in $one.Keys) {
            if ($name -eq 'Type') { continue }
            $value = $one[$name]
            if ($null -eq $value) { "<Nil N=`"$name`" />" }
            elseif ($value -is [bool]) { "<B N=`"$name`">$("$value".ToLower())</B>" }
            elseif ($value -is [int]) { "<I32 N=`"$name`">$value</I32>" }
            else { "<S N=`"$name`">$([System.Security.SecurityElement]::Escape($value))</S>" }
        }
        "<Obj><TN RefId=`"0`"><T>$($one.Type)</T><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS>$(-join $properties)</MS></Obj>" -replace 'RefId="0"', "RefId=`"$([array]::IndexOf($Item, $one))`""
    }
    "#< CLIXML`n<Objs Version=`"1.1.0.1`" xmlns=`"http://schemas.microsoft.com/powershell/2004/04`">$(-join $objects)</Objs>`n"
}

function New-Problem([string] $Severity, [string] $Code, [string] $Message, [string] $Category = 'NotSpecified', $Hint, $Target, [bool] $Terminating = $false) {
    [ordered]@{ Type = 'PortOwner.Problem'; Severity = $Severity; Code = $Code; Message = $Message; Hint = $Hint; Target = $Target; Category = $Category; Terminating = $Terminating }
}

# A snapshot with this many connections, made from one that was taken.
function New-LargeSnapshot([string] $Path, [int] $Count) {
    $listener = New-Listener
    try { Save-PortSnapshot $Path -WarningAction Ignore } finally { $listener.Stop() }
    $script = @'
const fs = require('fs');
const [path, port, count] = process.argv.slice(2);
const facts = JSON.parse(fs.readFileSync(path, 'utf8'));
const { sockets } = facts.sections;
const one = sockets.data.find((socket) => socket.localPort === Number(port));
sockets.data = Array.from({ length: Number(count) }, (_, i) => ({ ...one, state: 'Established', localPort: 1024 + i % 60000, remoteAddress: `10.0.${i >> 8 & 255}.${i & 255}`, remotePort: 443 }));
fs.writeFileSync(path, JSON.stringify(facts));
'@
    [System.IO.File]::WriteAllText("$Path.cjs", $script)
    & $node "$Path.cjs" $Path $listener.Port $Count
}

# Runs a script in a PowerShell of its own and gives the lines that it prints, with -Raw including their colors. It ends
# after a quarter of an hour, where there is a program for that.
function Invoke-Shell([string] $Script, [hashtable] $Environment = @{}, [switch] $Raw) {
    $file = Join-Path ([System.IO.Path]::GetTempPath()) "portowner-$([guid]::NewGuid()).ps1"
    [System.IO.File]::WriteAllText($file, $Script, (New-Object System.Text.UTF8Encoding $true))
    $old = @{}
    try {
        foreach ($name in $Environment.Keys) {
            $old[$name] = [System.Environment]::GetEnvironmentVariable($name)
            [System.Environment]::SetEnvironmentVariable($name, $Environment[$name])
        }
        $ErrorActionPreference = 'Continue'
        $program, $before = @(if (-not $onWindows -and (Test-Path -LiteralPath /usr/bin/timeout)) { '/usr/bin/timeout', '-k', '10', '900' }) + $shell
        & $program @before -NoProfile -NonInteractive -ExecutionPolicy Bypass -File $file 2>&1 | ForEach-Object { if ($Raw) { "$_" } else { "$_" -replace '\x1b\[[0-9;]*m' } }
    } finally {
        foreach ($name in $old.Keys) { [System.Environment]::SetEnvironmentVariable($name, $old[$name]) }
        Remove-Item -LiteralPath $file
    }
}
