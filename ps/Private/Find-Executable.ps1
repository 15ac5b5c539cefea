# The programs that were found runnable, with their modes: the question starts a process.
$script:Runnable = @()

# The path of the executable: what PORTOWNER_EXE says, else the one in the module's own folder, and no other. It is a
# program that may be run: PowerShell would have the desktop open anything else.
function Find-Executable {
    param($Cmdlet)

    $onWindows = $PSVersionTable.PSVersion.Major -lt 6 -or $IsWindows
    $path = $env:PORTOWNER_EXE
    $own = -not $path
    $place = 'set in the environment variable PORTOWNER_EXE'
    if ($own) {
        $name = 'portowner'
        if ($onWindows) { $name = 'portowner.exe' }
        $path = Join-Path -Path (Join-Path -Path $PSScriptRoot -ChildPath 'bin') -ChildPath $name
        $place = 'which belongs to this module'
    }
    $hint = 'Install the module for this operating system, or set PORTOWNER_EXE to the path of portowner.'
    # Not everything that has a path is a file: Env:PATH and a folder have one, too.
    $file = Get-Item -LiteralPath $path -Force -ErrorAction Ignore
    $state = 'missing'
    if ($file -is [System.IO.FileInfo]) {
        $path = $file.FullName
        $state = 'runnable'
        if (-not $onWindows) { $state = Enable-Executable -File $file -Own:$own }
        elseif ($file.Extension -notin '.exe', '.com', '.cmd', '.bat') { $state = 'other' }
    }
    switch ($state) {
        'runnable' { return $path }
        'missing' { $message = "The executable $path, $place, does not exist." }
        'other' { $message = "$path, $place, is not a program: expected $(if ($onWindows) { 'an .exe file' } else { 'the executable portowner' })." }
        'unmarked' {
            $message = "The executable $path, $place, is not marked as executable for this user."
            $programs = @($path) + @(if ($own) { Get-SshProgram })
            $hint = "As the owner of the file or as root, run: chmod +x $(($programs | ForEach-Object { "'$($_ -replace "'", "'\''")'" }) -join ' ')"
        }
        'forbidden' {
            $message = "The executable $path, $place, cannot run: its file system does not allow programs (mount option noexec)."
            $hint = 'Install the module in another folder, or set PORTOWNER_EXE to the path of portowner.'
        }
    }
    Write-Problem -Cmdlet $Cmdlet -Problem @{
        Severity    = 'Error'
        Code        = 'PO3005'
        Message     = $message
        Hint        = $hint
        Target      = $path
        Category    = 'NotInstalled'
        Terminating = $true
    }
}

# The path of the program that stands before ssh on Linux.
function Get-SshProgram {
    Join-Path -Path (Join-Path -Path $PSScriptRoot -ChildPath 'Collector') -ChildPath 'ssh.sh'
}

# Whether this user may run a file on Linux: runnable, missing, other (a script of PowerShell, which PowerShell would run
# itself), unmarked, or forbidden whatever its mode. A package leaves the module's own programs without the mark, which
# is set here where that is allowed, of all of them: whoever marks one may be the only one who can.
function Enable-Executable {
    param($File, [switch] $Own)

    $mode = $File.PSObject.Properties['UnixFileMode']
    $known = $File.FullName
    if ($mode) { $known += " $($mode.Value)" }
    if ($script:Runnable -ccontains $known) { return 'runnable' }
    if ($File.Extension -eq '.ps1') { return 'other' }

    $ErrorActionPreference = 'Continue'
    $PSNativeCommandUseErrorActionPreference = $false
    $PSNativeCommandArgumentPassing = 'Standard'
    $null = $PSNativeCommandUseErrorActionPreference, $PSNativeCommandArgumentPassing
    $exitCode = Get-Variable -Name LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore
    $owner = 'user'
    if ($Own) { $owner = 'module' }
    $script = '[ -x "$1" ] && exit 0; [ -e "$1" ] || exit 3; [ "$2" = module ] && /bin/chmod +x -- "$1" 2>/dev/null || exit 1; /bin/chmod +x -- "$3" 2>/dev/null; [ -x "$1" ] || exit 2'
    try {
        & /bin/sh -c $script sh $File.FullName $owner (Get-SshProgram)
        $status = $LASTEXITCODE
    } finally {
        Set-Variable -Name LASTEXITCODE -Scope Global -Value $exitCode -WhatIf:$false -Confirm:$false
    }
    switch ($status) {
        0 { $script:Runnable += $known; return 'runnable' }
        2 { return 'forbidden' }
        3 { return 'missing' }
        default { return 'unmarked' }
    }
}
