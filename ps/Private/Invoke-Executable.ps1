# The runspace without a host through which other machines are reached.
$script:Hostless = $null
# Whether its ssh is Collector/ssh.sh.
$script:HasSshProgram = $false

# Runs the executable once for a call of a function: its rows go to the pipeline as they come, its problems to the
# streams of that function. What is bound is passed on by the table in Commands.ps1; a function that reads its operands
# itself says with -Operand what stands there instead, with -Each that each of them is a call, and with -InputText what
# standard input has. -Machine is what another machine said, as Read-Machine gives it.
function Invoke-Executable {
    param($Cmdlet, [string] $Function, $Bound, [string[]] $Operand, [switch] $Each, [string[]] $Extra, [switch] $ThroughInput, [string] $InputText, $Machine)

    Use-CallerPreference -Cmdlet $Cmdlet
    if ($null -eq $Machine -and (Test-Remote $Bound)) {
        # Read only now: most calls are about this machine.
        . (Join-Path -Path $PSScriptRoot -ChildPath 'Remote.ps1')
        Invoke-Remote -Call $PSBoundParameters
        return
    }
    if ($null -eq $Machine) { Assert-Machine -Cmdlet $Cmdlet -Bound $Bound }
    if ($Each -and $Operand.Count -gt 1) {
        $call = @{ Cmdlet = $Cmdlet; Function = $Function; Bound = $Bound; InputText = $InputText; Machine = $Machine }
        foreach ($one in $Operand) { Invoke-Executable @call -Operand $one }
        return
    }
    $command = (Get-CommandTable)[$Function]
    $path = Find-Executable -Cmdlet $Cmdlet
    $arguments = @(ConvertTo-Argument -Cmdlet $Cmdlet -Command $command -Bound $Bound)
    if ($Extra) { $arguments += $Extra }
    $own = @(foreach ($parameter in $command['Operand']) { Get-BoundValue -Cmdlet $Cmdlet -Command $command -Bound $Bound -Parameter $parameter })
    if ($Machine -and -not $Machine['IsHere'] -and $command.Always -contains '--format=clixml') { $arguments += @($Machine['Connection'] | Where-Object { $_ } | ForEach-Object { "--connection=$_" }) }
    $line = $InputText
    $from = @(if ($Machine -and -not $Machine['IsHere']) { if ($Machine['Path']) { $Machine.Path } else { '-' } })
    if ($from -and $Function -eq 'Compare-PortSnapshot') { $own += $from }
    elseif ($from) { $arguments += @($from | ForEach-Object { "--from=$_" }) }
    if ($own -and $command['Paths'] -contains @($command['Operand'])[0]) {
        # A path may have a comma.
        $arguments += @('--') + $own
    } elseif ($Operand -or $own) {
        if (-not $Operand) { $Operand = $own }
        $list = @($Operand -join ',')
        # A URL may have commas of its own.
        if ("$list".Contains('://')) { $list = $Operand }
        # On Windows a command line has no more than 32,767 characters: a long list goes through standard input.
        if ($ThroughInput -or "$list".Length -gt 8000) {
            $line = $list -join "`n"
            $list = @('@-')
        }
        $arguments += @('--') + $list
    }
    $file = $null
    if ($from -contains '-' -and $line) {
        # Standard input has one use.
        $file = New-TemporaryFile -WhatIf:$false -Confirm:$false
        Set-Content -LiteralPath $file.FullName -Value $Machine.Text -Encoding UTF8 -WhatIf:$false -Confirm:$false
        $arguments = @($arguments -replace '^--from=-$', "--from=$($file.FullName -replace '\$', '$$$$')")
    } elseif ($from -contains '-') {
        $line = $Machine.Text
    }
    Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Verbose'; Message = "$path $arguments"; Hint = $null }

    $exitCode = Get-Variable -Name LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore
    # What arrives besides rows: text, whether progress was shown, whether there was an answer, and whether it was complete.
    $told = @{ Text = @(); Progress = $false; Answer = $false; End = $false; Machine = $(if ($from) { $Machine['Name'] }); Names = $(if ($from) { , @($Machine['Names']) }) }
    try {
        Start-Executable -Path $path -Argument $arguments -Line $line | Receive-Output -Cmdlet $Cmdlet -Told $told
        $status = $LASTEXITCODE
        Write-ExecutableFailure -Cmdlet $Cmdlet -ExitCode $status -Text ($told.Text -join "`n") -Ended:$told.End
        if ($status -eq 69 -and -not $told.Answer) {
            Write-Problem -Cmdlet $Cmdlet -Problem @{
                Severity    = 'Error'
                Code        = 'PO3001'
                Message     = 'Cannot tell: some of the required facts could not be read.'
                Hint        = 'If you query files, make sure that they contain TCP and UDP sockets.'
                Target      = $null
                Category    = 'ResourceUnavailable'
                Terminating = $false
            }
        }
    } catch [System.Management.Automation.ApplicationFailedException] {
        Write-Problem -Cmdlet $Cmdlet -Problem @{
            Severity    = 'Error'
            Code        = 'PO3005'
            Message     = "The executable $path cannot be started: $($_.Exception.Message)"
            Hint        = 'Make sure that it is for this operating system, that no policy blocks it, and on Linux that it is executable (chmod +x).'
            Target      = $path
            Category    = 'NotInstalled'
            Terminating = $true
        }
    } finally {
        if ($told.Progress) { Write-Progress -Activity 'PortOwner' -Completed }
        if ($file) { Remove-Item -LiteralPath $file.FullName -Force -WhatIf:$false -Confirm:$false }
        Set-Variable -Name LASTEXITCODE -Scope Global -Value $exitCode -WhatIf:$false -Confirm:$false
    }
}

# Whether a call is about machines that its parameters name.
function Test-Remote {
    param($Bound)

    foreach ($name in 'ComputerName', 'Session', 'HostName', 'SSHConnection') { if ($Bound.Keys -contains $name) { return $true } }
    return $false
}

# Ends the function if a parameter is about the way to other machines, and no parameter names one.
function Assert-Machine {
    param($Cmdlet, $Bound)

    foreach ($name in 'RemotingPort', 'ThrottleLimit', 'OperationTimeout', 'Deploy', 'Undeploy', 'AsJob') {
        if (-not $Bound[$name]) { continue }
        Write-Problem -Cmdlet $Cmdlet -Problem @{
            Severity    = 'Error'
            Code        = 'PO1005'
            Message     = "-$name needs a remote machine, and none is specified."
            Hint        = "Specify it with $(if ($name -eq 'RemotingPort') { '-ComputerName or -HostName' } else { '-ComputerName, -Session, -HostName, or -SSHConnection' }), or omit -$name."
            Target      = $null
            Category    = 'InvalidArgument'
            Terminating = $true
        }
    }
}

# Passes rows on, and gives problems to the streams of the function that the user called.
function Receive-Output {
    param($Cmdlet, $Told)

    begin {
        $rename = $ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage'
        $type = ''
        $count = 0
        $names = @()
        $live = $null
        $machine = $Told.Machine
        # The machine of the rows that follow: of several, the executable says which one.
        $name = if ($machine) { $machine } elseif (@($Told['Names']).Count -eq 1) { @($Told.Names)[0] }
    }

    process {
        $types = $_.PSTypeNames
        if ($types[0] -ne $type -or $types.Count -ne $count) {
            if ($_ -is [string] -or $_ -is [System.Management.Automation.ErrorRecord]) {
                $Told.Text += "$_"
                return
            }
            if ($types[0] -eq 'Deserialized.PortOwner.Problem') {
                if ($_.Severity -eq 'End') {
                    $Told.End = $true
                    return
                }
                if ($_.Severity -eq 'Machine') {
                    if ($Told['Names']) { $name = $Told.Names[[int] $_.Message] }
                    return
                }
                if ($_.Severity -eq 'Progress') { $Told.Progress = $true }
                if ($_.Severity -in 'Error', 'Warning') { $Told.Answer = $true }
                # What is wrong with the question is so for all machines.
                if ($machine -and $_.Code -notlike 'PO1*') {
                    $_.Message = "$machine`: $($_.Message)"
                    # What ends the answer of one machine ends that of no other.
                    $_.Terminating = $false
                }
                Write-Problem -Cmdlet $Cmdlet -Problem $_
                return
            }
            $Told.Answer = $true
            $type = $types[0]
            $count = $types.Count
            $names = @($types -replace '^Deserialized\.')
            # What another machine sent is not live here, whatever it says.
            if ($machine) { $names = @($names -notlike '*#Live') }
            $live = @($names -like '*#Live')
        }
        if ($rename) {
            # The rows are alive: of the types that they are called, not remains of such.
            $types.Clear()
            foreach ($one in $names) { $types.Add($one) }
        } elseif ($live) {
            # The type whose rows have an Id, on this machine and now.
            Add-Member -InputObject $_ -TypeName $live[0]
        }
        # As Invoke-Command does: the name by which the user asked for it.
        if ($name) { Add-Member -InputObject $_ -NotePropertyName 'PSComputerName' -NotePropertyValue $name -Force }
        $_
    }
}

# Starts the executable, whatever the user's preferences are. What it writes comes out as objects; what it says on
# standard error, as error records.
function Start-Executable {
    param([string] $Path, [string[]] $Argument, [string] $Line)

    $ErrorActionPreference = 'Continue'
    $PSNativeCommandUseErrorActionPreference = $false
    $PSNativeCommandArgumentPassing = 'Standard'
    # Windows PowerShell begins with a byte order mark, which the executable takes for none of the text.
    $OutputEncoding = [System.Text.Encoding]::UTF8
    $null = $PSNativeCommandUseErrorActionPreference, $PSNativeCommandArgumentPassing

    # What it writes is ASCII, in which all encodings agree but those of two and four bytes.
    $encoding = [Console]::OutputEncoding
    $wide = $encoding.CodePage -in 1200, 1201, 12000, 12001 -and $ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage'
    try {
        if ($wide) { [Console]::OutputEncoding = [System.Text.Encoding]::ASCII }
        if ($Line) { $Line | & $Path @Argument 2>&1 } else { & $Path @Argument 2>&1 }
    } finally {
        if ($wide) { [Console]::OutputEncoding = $encoding }
    }
}

# Reports what the executable could not report as a row: wrong usage, a defect, or a crash.
# One that was ended by force has the exit code of whoever ended it, which may be that of an answer: the end is missing then.
function Write-ExecutableFailure {
    param($Cmdlet, $ExitCode, [string] $Text, [switch] $Ended)

    $failed = $ExitCode -notin 0, 1, 64, 69, 77 -or -not $Ended
    if (-not $Text -and -not $failed) { return }
    $code = 'PO9001'
    $message = "The executable ended with exit code $ExitCode$(if (-not $Ended) { ', before its answer was complete' }). $Text".TrimEnd()
    $hint = 'Please report it with this line.'
    if ($Text -match '(?m)^portowner: (PO\d{4}): (?!warning: )(.*)(?:\r?\n  (.*))?') {
        $failed = $true
        $code = $Matches[1]
        $message = $Matches[2]
        $hint = $Matches[3]
    }
    if (-not $failed) {
        Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Warning'; Message = $Text; Hint = $null }
        return
    }
    $category = 'NotSpecified'
    if ($ExitCode -eq 64) { $category = 'InvalidArgument' }
    Write-Problem -Cmdlet $Cmdlet -Problem @{
        Severity    = 'Error'
        Code        = $code
        Message     = $message
        Hint        = $hint
        Target      = $null
        Category    = $category
        Terminating = $true
    }
}
