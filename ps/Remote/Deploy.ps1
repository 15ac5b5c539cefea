# Copies the executable to other machines with Collector/Deploy.ps1, and removes it.

# A piece of a copy, in bytes: WinRM takes 10 MB for an object and 50 MB for a command by default, and text is a third larger.
$pieceSize = 2MB

# The executables that were packed for copying, by platform: Hash, and Bytes, which are gzip.
$packages = @{}

# Which platform an executable is for, by its header: linux-x64, win-x64, win-arm64, or nothing.
function Get-ExecutablePlatform {
    param([string] $Path)

    $bytes = New-Object -TypeName byte[] -ArgumentList 4096
    $file = [System.IO.File]::OpenRead($Path)
    try { $null = $file.Read($bytes, 0, $bytes.Length) } finally { $file.Dispose() }
    if ([System.BitConverter]::ToUInt32($bytes, 0) -eq 0x464c457f) {
        if ([System.BitConverter]::ToUInt16($bytes, 18) -eq 0x3e) { 'linux-x64' }
        return
    }
    $header = [System.BitConverter]::ToUInt32($bytes, 60)
    if ([System.BitConverter]::ToUInt16($bytes, 0) -ne 0x5a4d -or $header -gt 4000) { return }
    switch ([System.BitConverter]::ToUInt16($bytes, $header + 4)) { 0x8664 { 'win-x64' } 0xaa64 { 'win-arm64' } }
}

# The executable for a platform, packed; nothing if the module has none.
function Get-Package {
    param($Cmdlet, [string] $Platform)

    if ($packages[$Platform]) { return $packages[$Platform] }
    $folder = Join-Path -Path $PSScriptRoot -ChildPath 'bin'
    $own = @(Find-Executable -Cmdlet $Cmdlet) + @('portowner', 'portowner.exe', 'portowner-arm64.exe' | ForEach-Object { Join-Path -Path $folder -ChildPath $_ })
    foreach ($path in $own) {
        if (-not (Test-Path -LiteralPath $path -PathType Leaf) -or (Get-ExecutablePlatform $path) -ne $Platform) { continue }
        Write-Progress -Activity 'PortOwner' -Id 1 -Status "compressing $path"
        $memory = New-Object -TypeName System.IO.MemoryStream
        $packed = New-Object -TypeName System.IO.Compression.GZipStream -ArgumentList $memory, ([System.IO.Compression.CompressionLevel]::Optimal), $true
        $file = [System.IO.File]::OpenRead($path)
        try { $file.CopyTo($packed) } finally {
            $file.Dispose()
            $packed.Dispose()
        }
        $packages[$Platform] = @{ Hash = (Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash; Bytes = $memory.ToArray() }
        return $packages[$Platform]
    }
}

# Whether a machine may be changed: confirmed if the function has -WhatIf and -Confirm.
function Test-FarChange {
    param($Cmdlet, $Target, [string] $Action)

    $Cmdlet.MyInvocation.MyCommand.Parameters.Keys -notcontains 'WhatIf' -or (Test-ShouldProcess -Cmdlet $Cmdlet -Target $Target.Name -Action $Action)
}

# Begins to deploy to a machine: asks what is there. Where the user declines, the machine is only queried: nothing then.
function Start-Deployment {
    param($Cmdlet, $Target)

    if (-not (Test-FarChange -Cmdlet $Cmdlet -Target $Target -Action 'Deploy the portowner executable')) { return }
    $one = Start-Script -Target $Target -Script 'Deploy.ps1' -ArgumentList 'Look'
    $one.Step = 'Look'
    $one
}

function Get-DeployProblem {
    param($One, [string] $Why, [string] $Hint, [string] $Category = 'ResourceUnavailable', [string] $Code = 'PO3007')

    @{ Problem = @{ Severity = 'Error'; Code = $Code; Message = "portowner could not be deployed on $($One.Target.Name): $Why."; Hint = $Hint; Target = $One.Target.Name; Category = $Category; Terminating = $false; HasBegun = $true } }
}

# What a step of Deploy.ps1 said: its lines by their first word.
function Get-StepAnswer {
    param([string] $Text)

    $told = @{}
    foreach ($line in $Text -split '\r?\n' -notlike '#*' -ne '') {
        $key, $value = $line -split ' ', 2
        $told[$key] = $value
    }
    $told
}

# What follows a step that has ended: the next one, which runs; nothing, where the machine can be queried; or the problem.
function Get-NextStep {
    param($Cmdlet, $One, [string] $Text)

    $told = Get-StepAnswer $Text
    if ($told.Keys -contains 'failed') { return Get-DeployProblem -One $One -Why ($told['failed'] -replace '\.$') }
    switch ($One.Step) {
        'Look' { return Get-FirstPiece -Cmdlet $Cmdlet -One $One -Told $told }
        'Open' { return Start-Piece -One $One }
        'Piece' { return Start-Piece -One $One }
        'Finish' { Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Verbose'; Message = "$($One.Target.Name): portowner was deployed to $($One.Path) ($($One.Package.Bytes.Length) bytes, compressed)."; Hint = $null } }
    }
}

function Get-RemoveProblem {
    param($One, [string] $Text)

    $told = Get-StepAnswer $Text
    if ($told.Keys -notcontains 'failed') { return }
    @{ Severity = 'Error'; Code = 'PO3007'; Message = "The deployed portowner could not be removed from $($One.Target.Name): $($told['failed'])"; Hint = $null; Target = $One.Target.Name; Category = 'ResourceUnavailable'; Terminating = $false }
}

function Get-FirstPiece {
    param($Cmdlet, $One, $Told)

    $name = $One.Target.Name
    if ($Told['language'] -ne 'FullLanguage') { return Get-DeployProblem -One $One -Why "its session has the language mode $($Told['language'])" -Hint 'Use an endpoint with the full language, or omit -Deploy.' -Category 'PermissionDenied' }
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { return Get-DeployProblem -One $One -Why "this session has the language mode $($ExecutionContext.SessionState.LanguageMode)" -Hint 'Use a session with the full language, or omit -Deploy.' -Category 'PermissionDenied' }
    if ($Told['administrator'] -ne 'True') { return Get-DeployProblem -One $One -Why 'the account is not an administrator there (root on Linux)' -Hint 'Use an account that is one, or omit -Deploy.' -Category 'PermissionDenied' }
    if ($Told['problem']) { return Get-DeployProblem -One $One -Why $Told['problem'] -Hint 'Only administrators may be able to write there: correct its owner and its permissions.' -Category 'PermissionDenied' }
    $package = Get-Package -Cmdlet $Cmdlet -Platform $Told['platform']
    if (-not $package) { return Get-DeployProblem -One $One -Why "the module has no portowner for $($Told['platform'])" -Hint "Copy it from a release to $(Join-Path -Path $PSScriptRoot -ChildPath 'bin'): portowner (Linux x64), portowner.exe (Windows x64), or portowner-arm64.exe (Windows ARM64)." -Category 'NotInstalled' }
    $One.Deployed = $Told['path']
    if ($Told['hash'] -eq $package.Hash) {
        Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Verbose'; Message = "$name`: $($Told['path']) is the same portowner already, and nothing is copied."; Hint = $null }
        return
    }
    $One.Package = $package
    $One.Path = $Told['path']
    $One.Sent = 0
    if (-not $One.Target.Arguments['Session']) { return Start-Opening -One $One }
    $One.Link = $One.Target.Arguments['Session']
    Start-Piece -One $One
}

# Begins to open the session of a copy. In the background: a machine may not answer, and the others go on meanwhile.
function Start-Opening {
    param($One)

    $shell = [powershell]::Create()
    $shell.Runspace = New-Hostless
    $null = $shell.AddCommand('New-PSSession').AddParameters($One.Target.Arguments).AddParameter('ErrorAction', 'Stop')
    @{ Target = $One.Target; Job = $null; Opening = @{ Shell = $shell; Result = $shell.BeginInvoke() }; Began = Get-Date; File = $null; Before = $null; Step = 'Open'; Package = $One.Package; Path = $One.Path; Sent = 0; Deployed = $One.Deployed }
}

# The session that was opened for a copy, as the Link of a machine; or why there is none.
function Receive-Link {
    param($One)

    try {
        $One.Link = @($One.Opening.Shell.EndInvoke($One.Opening.Result))[0]
        @{ Text = '' }
    } catch {
        $reason = $_.Exception
        while ($reason.InnerException) { $reason = $reason.InnerException }
        Get-DeployProblem -One $One -Why ("$($reason.Message)" -replace '\s+', ' ' -replace '^\[[^\]]*\] ' -replace '\.$') -Code 'PSSessionOpenFailed'
    }
}

# Ends the opening of a session, which it does not wait for.
function Stop-Opening {
    param($One)

    $shell = $One.Opening.Shell
    # The session that it opened lives as long as it does.
    if ($One.Opening.Result.IsCompleted) { $One.Opener = $shell } else { $null = $shell.BeginStop($null, $null) }
    $One.Opening = $null
}

# Sends the next piece, or ends the copy.
function Start-Piece {
    param($One)

    $bytes = $One.Package.Bytes
    $arguments = @('Finish', $One.Package.Hash)
    if ($One.Sent -lt $bytes.Length) {
        $length = [math]::Min($pieceSize, $bytes.Length - $One.Sent)
        # A text travels four times as fast as bytes do.
        $arguments = @('Piece', '', [System.Convert]::ToBase64String($bytes, $One.Sent, $length))
        $One.Sent += $length
    }
    Write-Progress -Activity (ConvertTo-SafeText $One.Target.Name) -Id (2 + $One.Target.Id) -ParentId 1 -Status "copying portowner: $([int] ($One.Sent / 1MB)) of $([int] ($bytes.Length / 1MB)) MB" -PercentComplete (100 * $One.Sent / $bytes.Length)
    $next = Start-Script -Target @{ Arguments = @{ Session = $One.Link } } -Script 'Deploy.ps1' -ArgumentList $arguments
    $next.Step = $arguments[0]
    foreach ($name in 'Target', 'Package', 'Path', 'Sent', 'Link', 'Opener') { $next[$name] = $One[$name] }
    $next
}

# Closes the session of a copy, or of the user's own takes what the copy left in it.
function Close-Link {
    param($One)

    if (-not $One['Link']) { return }
    Write-Progress -Activity (ConvertTo-SafeText $One.Target.Name) -Id (2 + $One.Target.Id) -ParentId 1 -Completed
    if ($One.Target.Arguments['Session'] -ne $One.Link) {
        Remove-PSSession -Session $One.Link -WhatIf:$false -Confirm:$false
        if ($One['Opener']) {
            $One.Opener.Runspace.Dispose()
            $One.Opener.Dispose()
        }
    }
    elseif ("$($One.Link.Availability)" -eq 'Available' -and $One.Step -eq 'Piece') {
        $null = Invoke-Command -Session $One.Link -ScriptBlock { $global:PortOwnerPieces = $null } -ErrorAction Ignore
    }
    $One.Link = $null
}
