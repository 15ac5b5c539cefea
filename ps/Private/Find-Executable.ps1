# The path of the executable: what PORTOWNER_EXE says, else the one in the module's own folder, and no other.
function Find-Executable {
    param($Cmdlet)

    $path = $env:PORTOWNER_EXE
    $place = 'which the environment variable PORTOWNER_EXE names'
    if (-not $path) {
        $name = 'portowner'
        if ($PSVersionTable.PSVersion.Major -lt 6 -or $IsWindows) { $name = 'portowner.exe' }
        $path = Join-Path -Path (Join-Path -Path $PSScriptRoot -ChildPath 'bin') -ChildPath $name
        $place = 'which belongs to this module'
    }
    if (Test-Path -LiteralPath $path -PathType Leaf) { return Convert-Path -LiteralPath $path }

    Write-Problem -Cmdlet $Cmdlet -Problem @{
        Severity    = 'Error'
        Code        = 'PO3005'
        Message     = "There is no executable $path, $place."
        Hint        = 'Install the module for this operating system, or set PORTOWNER_EXE to the path of portowner.'
        Target      = $path
        Category    = 'NotInstalled'
        Terminating = $true
    }
}
