# Returns the drive that a path names, if any. Ends the function if a path is on a drive that does not exist, or not in the file system, such as Env:x: it would
# become a file in the current folder with that name.
function Assert-FilePath {
    param($Cmdlet, [string] $Path, [switch] $Output)

    $name = $null
    if ($Path -match '::') { return }
    if ($Path -match '^([^\\/:]+):') {
        $name = $Matches[1]
        # A script's own drives are only in its scope.
        $drive = $(if ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') {
                try { $Cmdlet.SessionState.Drive.Get($name) } catch { Write-Debug "$_" }
            } else { Get-PSDrive -LiteralName $name -ErrorAction Ignore })
        if (-not $drive) { $because = "there is no drive $name`:" }
        elseif ($drive.Provider.Name -ne 'FileSystem') { $because = "the drive $name`: is not in the file system" }
        else { return $drive }
    } elseif ($Path -match '^[\\/]' -or (Get-Location).Provider.Name -eq 'FileSystem') {
        return
    } else {
        $because = "the current location $(Get-Location) is not in the file system"
    }
    Write-Problem -Cmdlet $Cmdlet -Problem @{
        Severity    = 'Error'
        Code        = $(if ($Output) { 'PO2004' } else { 'PO2001' })
        Message     = "cannot $(if ($Output) { 'write' } else { 'read' }) $Path`: $because"
        Hint        = 'Use the path of a file.'
        Target      = $Path
        Category    = 'ObjectNotFound'
        Terminating = $true
    }
}

# Full paths in the file system: the executable does not know PowerShell's drives and current location. What does not
# exist is passed on, for the executable to complain about.
function Resolve-FilePath {
    param($Cmdlet, [string[]] $Path, [switch] $Literal)

    foreach ($item in $Path) {
        $full = $null
        $drive = Assert-FilePath -Cmdlet $Cmdlet -Path $item -Output:$Literal
        if ($drive -and -not (Get-PSDrive -LiteralName $drive.Name -ErrorAction Ignore)) {
            # A script's own drive, which this module does not see.
            $rest = $item -replace '^[^:]+:'
            if ($rest -notmatch '^[\\/]' -and $drive.CurrentLocation) { $rest = Join-Path -Path "$($drive.CurrentLocation)" -ChildPath $rest }
            $item = Join-Path -Path $drive.Root -ChildPath $rest
        }
        if (Test-Path -LiteralPath $item) {
            $full = Convert-Path -LiteralPath $item
        } elseif (-not $Literal -and $item -match '[*?]' -and (Test-Path -Path $item)) {
            $full = Convert-Path -Path $item
        } elseif ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') {
            try { $full = $Cmdlet.GetUnresolvedProviderPathFromPSPath($item) } catch { $full = $item }
        } elseif (Split-Path -Path $item -IsAbsolute) {
            $full = $item
        } else {
            $full = Join-Path -Path (Get-Location -PSProvider FileSystem).ProviderPath -ChildPath $item
        }
        # Windows PowerShell would pass "C:\a folder\" on as one argument with what follows it.
        $full -replace '(?<=[^:\\/])[\\/]+$'
    }
}

# The full path of a file to write, which must be possible: this is checked before the rows arrive, which can take long.
function Resolve-OutputFile {
    param($Cmdlet, [string] $Path, [string[]] $Ending, [switch] $NoClobber)

    $problem = @{ Severity = 'Error'; Code = 'PO1001'; Message = $null; Hint = $null; Target = $Path; Category = 'InvalidArgument'; Terminating = $true }
    $full = @()
    $place = 'FileSystem'
    if (Test-Path -LiteralPath $Path) {
        $full = @(Convert-Path -LiteralPath $Path)
        $place = (Get-Item -LiteralPath $Path -Force).PSProvider.Name
    } elseif ($Path -match '[*?]') {
        $full = @(Convert-Path -Path $Path -ErrorAction Ignore)
        if ($full.Count -ne 1) { $problem.Message = "The wildcards in -Path $Path match $($full.Count) files; expected the path of one file." }
    } elseif ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') {
        $provider = $drive = $null
        try {
            $full = @($Cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path, [ref] $provider, [ref] $drive))
            $place = $provider.Name
        } catch { $problem.Message = "-Path $Path`: $($_.Exception.GetBaseException().Message)" }
    } else {
        $full = @(Resolve-FilePath -Cmdlet $Cmdlet -Path $Path)
    }
    $one = "$full"
    if (-not $problem.Message -and $place -ne 'FileSystem') { $problem.Message = "-Path $Path is a path of the provider $place; expected a path in the file system." }
    if (-not $problem.Message -and @($Ending | Where-Object { $one -like "*$_" }).Count -eq 0) {
        $problem.Message = "cannot tell the report format from ""$one""; use $($Ending -join ', ')"
    } elseif (-not $problem.Message) {
        $problem.Code = 'PO2004'
        $problem.Category = 'WriteError'
        if (Test-Path -LiteralPath $one -PathType Container) { $problem.Message = "cannot write $one`: it is a folder" }
        elseif ($NoClobber -and (Test-Path -LiteralPath $one)) {
            $problem.Message = "cannot write $one`: it already exists, and -NoClobber was specified"
            $problem.Hint = 'Choose another file, or omit -NoClobber to replace it.'
        } elseif (-not (Test-Path -LiteralPath (Split-Path -Path $one -Parent))) {
            $problem.Message = "cannot write $one`: its folder does not exist"
            $problem.Hint = 'Create the folder first.'
        }
    }
    if ($problem.Message) { Write-Problem -Cmdlet $Cmdlet -Problem $problem }
    $one
}
