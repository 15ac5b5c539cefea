# The executable that was last found runnable, with its mode: the question starts a process.
$script:Runnable = ''

# The path of the executable: what PORTOWNER_EXE says, else the one in the module's own folder, and no other. It is a
# program that may be run: PowerShell would have the desktop open anything else.
function Find-Executable {
    param($Cmdlet)

    $onWindows = $PSVersionTable.PSVersion.Major -lt 6 -or $IsWindows
    $path = $env:PORTOWNER_EXE
    $own = -not $path
    $place = 'which the environment variable PORTOWNER_EXE names'
    if ($own) {
        $name = 'portowner'
        if ($onWindows) { $name = 'portowner.exe' }
        $path = Join-Path -Path (Join-Path -Path $PSScriptRoot -ChildPath 'bin') -ChildPath $name
        $place = 'which belongs to this module'
    }
    $hint = 'Install the module for this operating system, or set PORTOWNER_EXE to the path of portowner.'
    # Not everything that has a path is a file: Env:PATH and a folder have one, too.
    $file = Get-Item -LiteralPath $path -Force -ErrorAction Ignore
    if ($file -isnot [System.IO.FileInfo] -or -not (Test-Path -LiteralPath $path -PathType Leaf)) {
        $message = "There is no executable $path, $place."
    } elseif ($onWindows -and $file.Extension -notin '.exe', '.com', '.cmd', '.bat') {
        $message = "$path, $place, is no program: expected a file whose name ends with .exe."
    } elseif (-not $onWindows -and $file.Extension -eq '.ps1') {
        $message = "$path, $place, is a PowerShell script: expected the program portowner."
    } else {
        $path = $file.FullName
        $state = 'runnable'
        if (-not $onWindows) { $state = Enable-Executable -File $file -Own:$own }
        if ($state -eq 'runnable') { return $path }
        $message = "The executable $path, $place, is not marked as executable for this user."
        $hint = "As the owner of the file or as root, run: chmod +x '$($path -replace "'", "'\''")'"
        if ($state -eq 'forbidden') {
            $message = "The executable $path, $place, cannot be run: its file system allows no programs (mount option noexec)."
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

# Whether this user may run a file on Linux: runnable, unmarked, or forbidden whatever its mode. A package leaves the
# module's own executable without the mark, which is set here where that is allowed.
function Enable-Executable {
    param($File, [switch] $Own)

    $mode = $File.PSObject.Properties['UnixFileMode']
    $known = $File.FullName
    if ($mode) { $known += " $($mode.Value)" }
    if ($known -ceq $script:Runnable) { return 'runnable' }

    $ErrorActionPreference = 'Continue'
    $PSNativeCommandUseErrorActionPreference = $false
    $PSNativeCommandArgumentPassing = 'Standard'
    $null = $PSNativeCommandUseErrorActionPreference, $PSNativeCommandArgumentPassing
    $exitCode = Get-Variable -Name LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore
    $script = '[ -x "$1" ] && exit 0; [ "$2" = module ] && /bin/chmod +x -- "$1" 2>/dev/null || exit 1; [ -x "$1" ] || exit 2'
    $owner = 'user'
    if ($Own) { $owner = 'module' }
    try {
        & /bin/sh -c $script sh $File.FullName $owner
        $status = $LASTEXITCODE
    } finally {
        Set-Variable -Name LASTEXITCODE -Scope Global -Value $exitCode -WhatIf:$false -Confirm:$false
    }
    if ($status -eq 2) { return 'forbidden' }
    if ($status -ne 0) { return 'unmarked' }
    $script:Runnable = $known
    return 'runnable'
}
