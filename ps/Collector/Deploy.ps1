# Puts a portowner into a folder of this machine that only administrators can change, or removes it. The module runs it, a
# step at a time: Look says what is there; Piece keeps a part of the compressed file, as base64, in the memory of the
# session, so that nothing is left where a copy breaks off; Finish writes, checks and renames the file; and Remove removes
# the file, and its folders if they are empty. Lines of "key value" say what it found.
param([string] $Step, [string] $Hash, [string] $Piece)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Set-StrictMode -Off
# Not by a variable of the environment, which a user can set; Windows PowerShell has no $IsWindows.
$onWindows = $PSVersionTable.PSVersion.Major -lt 6 -or $IsWindows
$language = "$($ExecutionContext.SessionState.LanguageMode)"
$linuxTools = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin; LC_ALL=C; export PATH LC_ALL; '

# The build puts the functions Get-ProgramFolder, Get-OpenRight and Get-Distrust of Collect.ps1 here.

$untrusted = @'
# The build puts the function untrusted of collect.sh here.
'@

# Runs lines of a shell on Linux, with $1.
function Invoke-Shell([string] $Lines, [string] $Argument) {
    $ErrorActionPreference = 'Continue'
    $said = & /bin/sh -c "$linuxTools$Lines" sh $Argument 2>&1
    if ($LASTEXITCODE -ne 0) { throw "sh ended with exit code $LASTEXITCODE. $said" }
    "$said"
}

function Get-Folder {
    if (-not $onWindows) { return '/opt/portowner/deployed' }
    "$(Get-ProgramFolder)\PortOwner\Deployed"
}

$separator = if ($onWindows) { '\' } else { '/' }
$folder = Get-Folder
$path = if ($onWindows) { "$folder\portowner.exe" } else { "$folder/portowner" }

# Why others than administrators could change what is put into a place; nothing if they cannot. Of a folder that does not
# exist, the one that it would be made in counts.
function Get-PlaceProblem([string] $Place) {
    while ($Place -and -not (Test-Path -LiteralPath $Place)) { $Place = $Place -replace '[\\/][^\\/]+$' }
    if (-not $Place) { $Place = '/' }
    if ($onWindows) { return Get-Distrust $Place }
    Invoke-Shell ($untrusted + "`n" + '[ "$(readlink -f "$1")" = "$1" ] || { echo "$1 is behind a link"; exit; }; untrusted "$1"') $Place
}

function Test-Administrator {
    if (-not $onWindows) { return (Invoke-Shell 'id -u') -eq '0' }
    $ErrorActionPreference = 'Continue'
    $system = "$((Get-ItemProperty -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion').SystemRoot)\System32"
    "$(& "$system\whoami.exe" /groups /fo csv /nh 2>$null)" -match 'S-1-16-(12288|16384)'
}

function Get-FarPlatform {
    if (-not $onWindows) {
        $machine = Invoke-Shell 'uname -sm'
        if ($machine -eq 'Linux x86_64') { return 'linux-x64' }
        return $machine
    }
    $architecture = if ($env:PROCESSOR_ARCHITEW6432) { $env:PROCESSOR_ARCHITEW6432 } else { $env:PROCESSOR_ARCHITECTURE }
    switch ($architecture) { 'AMD64' { 'win-x64' } 'ARM64' { 'win-arm64' } default { "Windows $architecture" } }
}

function Get-Look {
    "language $language"
    if ($language -ne 'FullLanguage') { return }
    "platform $(Get-FarPlatform)"
    "administrator $(Test-Administrator)"
    "path $path"
    $problem = if (Test-Path -LiteralPath $path) { Get-PlaceProblem $path }
    if ((Test-Path -LiteralPath $path -PathType Leaf) -and -not $problem) { "hash $((Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash)" }
    "problem $(Get-PlaceProblem $folder)"
}

# A folder, or a file, that administrators can change and others can read and run. -Inherited: what is made in it as well.
function Protect-Place([string] $Place, [bool] $IsFolder) {
    if (-not $onWindows) {
        $null = Invoke-Shell 'chown 0:0 "$1" && chmod 755 "$1"' $Place
        return
    }
    $flags = if ($IsFolder) { 'OICI' } else { '' }
    $descriptor = Get-Acl -LiteralPath $Place
    $descriptor.SetSecurityDescriptorSddlForm("O:BAG:BAD:PAI(A;$flags;FA;;;SY)(A;$flags;FA;;;BA)(A;$flags;0x1200a9;;;BU)")
    Set-Acl -LiteralPath $Place -AclObject $descriptor
}

function New-ProtectedFolder {
    $place = ''
    foreach ($part in $folder -split '[\\/]') {
        $place = if ($place -or -not $onWindows) { "$place$separator$part" -replace '^//', '/' } else { $part }
        if (Test-Path -LiteralPath "$place$separator") { continue }
        # Another session may make it at the same moment.
        try { $null = New-Item -ItemType Directory -Path $place } catch { if (-not (Test-Path -LiteralPath $place)) { throw } }
        Protect-Place $place $true
    }
}

# What an attempt that was ended in the middle left, and replaced files that ran until now; not what another session is
# writing at this moment.
function Remove-Rest {
    foreach ($file in Get-ChildItem -LiteralPath $folder -Force -ErrorAction SilentlyContinue) {
        if ($file.Name -notmatch '^portowner\.(\d+)\.(partial|old)$') { continue }
        if ([int] $Matches[1] -ne $PID -and (Get-Process -Id $Matches[1] -ErrorAction SilentlyContinue)) { continue }
        Remove-Item -LiteralPath $file.FullName -Force -ErrorAction SilentlyContinue
    }
}

# Whether the file is there with this hash, such as from another session that copied it meanwhile.
function Test-Copied {
    (Test-Path -LiteralPath $path -PathType Leaf) -and (Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash -eq $Hash
}

function Complete-Copy {
    $problem = Get-PlaceProblem $folder
    if ($problem) { throw $problem }
    if ((Test-Copied) -and -not (Get-PlaceProblem $path)) {
        $global:PortOwnerPieces = $null
        return
    }
    New-ProtectedFolder
    Remove-Rest
    $partial = "$folder${separator}portowner.$PID.partial"
    try {
        $memory = New-Object -TypeName System.IO.MemoryStream
        foreach ($text in $global:PortOwnerPieces) {
            $bytes = [System.Convert]::FromBase64String($text)
            $memory.Write($bytes, 0, $bytes.Length)
        }
        $memory.Position = 0
        $packed = New-Object -TypeName System.IO.Compression.GZipStream -ArgumentList $memory, ([System.IO.Compression.CompressionMode]::Decompress)
        $file = New-Object -TypeName System.IO.FileStream -ArgumentList $partial, 'CreateNew', 'Write', 'None'
        try { $packed.CopyTo($file) } finally { $file.Dispose() }
        # Nobody else can change it after it was checked.
        Protect-Place $partial $false
        $found = (Get-FileHash -LiteralPath $partial -Algorithm SHA256).Hash
        if ($found -ne $Hash) { throw "the copy has the SHA-256 hash $found instead of $Hash" }
        # Windows renames a program that runs, but does not replace it.
        if ($onWindows -and (Test-Path -LiteralPath $path)) { Move-Item -LiteralPath $path -Destination "$folder\portowner.$PID.old" }
        try { Move-Item -LiteralPath $partial -Destination $path -Force } catch { if (-not (Test-Copied)) { throw } }
    } finally {
        $global:PortOwnerPieces = $null
        $old = "$folder\portowner.$PID.old"
        if ($onWindows -and -not (Test-Path -LiteralPath $path) -and (Test-Path -LiteralPath $old)) { Move-Item -LiteralPath $old -Destination $path }
        if (Test-Path -LiteralPath $partial) { Remove-Item -LiteralPath $partial -Force }
        if (-not (Test-Path -LiteralPath $path)) { Remove-Deployed }
        Remove-Rest
    }
    $problem = Get-PlaceProblem $path
    if ($problem) { throw $problem }
}

function Remove-Deployed {
    if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Force }
    Remove-Rest
    foreach ($place in $folder, ($folder -replace '[\\/][^\\/]+$')) {
        if ((Test-Path -LiteralPath $place -PathType Container) -and -not (Get-ChildItem -LiteralPath $place -Force)) { Remove-Item -LiteralPath $place -Force }
    }
}

try {
    switch ($Step) {
        'Look' { Get-Look }
        'Piece' {
            if ($null -eq $global:PortOwnerPieces) { $global:PortOwnerPieces = New-Object -TypeName System.Collections.ArrayList }
            $null = $global:PortOwnerPieces.Add($Piece)
        }
        'Finish' { Complete-Copy }
        'Remove' { Remove-Deployed }
    }
} catch {
    "failed $("$_" -replace '\s+', ' ')"
}
'#End'
