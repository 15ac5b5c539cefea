# Asks machines side by side, and gives what each of them said as soon as it is there: a hashtable with its Id, its Name,
# and the Text or the Path of the file that has it, or neither for this machine. What goes wrong with one is one error about
# it. However this ends, nothing goes on there. With -Question, a portowner there may answer itself: Calls and their Text.
function Read-Machine {
    param($Cmdlet, $Target, $Bound, [switch] $CommandLine, $Question, [string] $Script = 'Collect.ps1', [object[]] $ArgumentList)

    $limit = if ($Bound['ThrottleLimit']) { $Bound['ThrottleLimit'] } else { 32 }
    $seconds = if ($Bound['OperationTimeout']) { $Bound['OperationTimeout'] } else { 180 }
    $isQuestion = $Script -eq 'Collect.ps1'
    if ($isQuestion) {
        $shell = Get-Content -LiteralPath (Join-Path -Path (Join-Path -Path $PSScriptRoot -ChildPath 'Collector') -ChildPath 'collect.sh') -Raw
        $calls, $text = if ($Question) { $Question.Calls, $Question.Text }
        $ArgumentList = [bool] $CommandLine, $shell, $factsVersion, $calls, $executableVersion, $text
    }
    $work = @{ Cmdlet = $Cmdlet; Script = $Script; ArgumentList = $ArgumentList; CommandLine = $CommandLine; Deploy = $isQuestion -and $Bound['Deploy']; Undeploy = $isQuestion -and $Bound['Undeploy'] }
    $running = @()
    $folders = @(Start-SshLog -Target $Target)
    $waiting = @($Target)
    $ended = 0
    try {
        while ($waiting.Count -gt 0 -or $running.Count -gt 0) {
            while ($running.Count -lt $limit) {
                # A name server that does not answer holds up nobody else.
                $one = $waiting | Where-Object { -not $_['Lookup'] -or $_.Lookup.IsCompleted } | Select-Object -First 1
                if (-not $one) { break }
                $waiting = @($waiting | Where-Object { $_.Id -ne $one.Id })
                Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Verbose'; Message = "$($one.Name): querying $($one.Way)."; Hint = $null }
                if ($null -eq $one['Arguments']) {
                    $ended++
                    @{ Id = $one.Id; Name = $one.Name; IsHere = $true }
                } else {
                    $failure = $null
                    try {
                        $failure = Get-SshFailure $one
                        if (-not $failure) { $running += Start-Work -Target $one -Work $work }
                    } catch {
                        # Such as a system without WinRM, an invalid name, or a key file that does not exist.
                        if ($_.FullyQualifiedErrorId -like 'PO[0-9]*') { throw }
                        $ended++
                        $problem = @{ Severity = 'Error'; Hint = $null; Target = $one.Name; Terminating = $false }
                        Write-Problem -Cmdlet $Cmdlet -Problem (Add-SessionError -Problem $problem -Record $_ -Target $one)
                    }
                    if ($failure) {
                        $ended++
                        Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Error'; Code = 'PSSessionStateBroken'; Message = "$($one.Name) could not be queried: $failure"; Hint = $null; Target = $one.Name; Category = 'OpenError'; Terminating = $false }
                    }
                }
            }
            if ($running.Count -eq 0) {
                if ($waiting) { Start-Sleep -Milliseconds 50 }
                continue
            }
            Show-Waiting -Running $running -Ended $ended -Count $Target.Count
            Wait-Work -Running $running
            $left = @()
            # They are in hand until they are dealt with.
            foreach ($one in $running) {
                $isOver = Test-Over $one
                if (-not $isOver -and ((Get-Date) - $one.Began).TotalSeconds -lt $seconds) { $left += $one; continue }
                $said = if ($isOver -and $one['Opening']) { Receive-Link $one } elseif ($isOver) { Receive-Collection $one } else { @{ Text = ''; Problem = Get-Late $one $seconds } }
                Remove-Work $one
                if (-not $isQuestion) { $next = $null } else { $next = Start-Next -One $one -Said $said -Work $work }
                if ($next -and ($next['Job'] -or $next['Opening'])) {
                    foreach ($name in $next.Keys) { $one[$name] = $next[$name] }
                    $left += $one
                    continue
                }
                Close-Link $one
                if ($next) { $said = $next }
                $ended++
                if ($one.File) { $folders += $one.File }
                if ($said['Problem']) { Write-Problem -Cmdlet $Cmdlet -Problem $said.Problem }
                else {
                    Write-Way -Cmdlet $Cmdlet -Name $one.Target.Name -Text $said['Text'] -Deployed $one['Deployed']
                    @{ Id = $one.Target.Id; Name = $one.Target.Name; Connection = $one.Target['Connection']; Text = $said['Text']; Path = $said['Path'] }
                }
            }
            $running = $left
        }
    } finally {
        foreach ($one in $running) {
            Remove-Work $one
            Close-Link $one
            if ($one.File) { $folders += $one.File }
        }
        foreach ($folder in $folders) { Remove-Item -LiteralPath $folder -Recurse -Force -ErrorAction Ignore -WhatIf:$false -Confirm:$false }
        Write-Progress -Activity 'PortOwner' -Id 1 -Completed
    }
}

# Waits until something has happened on a machine, or for a moment.
function Wait-Work {
    param($Running)

    if (@($Running | Where-Object { $_['Opening'] })) { Start-Sleep -Milliseconds 100; return }
    $null = Wait-Job -Job @($Running | ForEach-Object { $_.Job }) -Any -Timeout 1 -ErrorAction Ignore
}

function Test-Over {
    param($One)

    if ($One['Opening']) { return $One.Opening.Result.IsCompleted }
    $One.Job.State -notin 'NotStarted', 'Running', 'Stopping'
}

# Ends what runs for a machine, if it still does.
function Remove-Work {
    param($One)

    $isFar = $One.Job -and -not $One.File -and $ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage'
    if ($isFar) { $null = Invoke-Hostless 'Remove-Job' @{ Job = $One.Job; Force = $true } }
    elseif ($One.Job) { Remove-Job -Job $One.Job -Force -WhatIf:$false -Confirm:$false }
    if ($One['Opening']) { Stop-Opening $One }
    $One.Job = $null
}

# Begins with a machine: by deploying to it, or with the script itself.
function Start-Work {
    param($Target, $Work)

    $first = if ($Work.Deploy) { Start-Deployment -Cmdlet $Work.Cmdlet -Target $Target }
    if ($first) { $first } else { Start-Script -Target $Target -Script $Work.Script -ArgumentList (Get-WorkArgument -Target $Target -Work $Work) }
}

# The arguments of the script for a machine: a portowner there advises with the connection to it.
function Get-WorkArgument {
    param($Target, $Work)

    $list = @($Work.ArgumentList)
    if ($Work.Script -eq 'Collect.ps1' -and $list[3]) {
        $list[3] = @($list[3] -replace '(?<=\t)--connection=@(?=\t|$)', "--connection=$($Target.Connection -replace '\$', '$$$$')")
    }
    , $list
}

# What follows for a machine that has said something: what runs there next, what it said in the end, or a problem. Nothing,
# if what it said is the end.
function Start-Next {
    param($One, $Said, $Work)

    $cmdlet = $Work.Cmdlet
    if ($One['Step'] -eq 'Remove') {
        $problem = if ($Said['Problem']) { $Said.Problem } else { Get-RemoveProblem -One $One -Text $Said.Text }
        if ($problem) { Write-Problem -Cmdlet $cmdlet -Problem $problem }
        return $One.Said
    }
    if ($Said['Problem']) {
        $reason = Get-SshReason -Target $One.Target -Problem $Said.Problem
        if ($reason) {
            # Plain ssh would say the same.
            $Said.Problem.Message = "$($One.Target.Name) could not be queried: $reason"
            return
        }
        if (-not $Work.Deploy -and -not $Work.Undeploy) { return Start-PlainSsh -Cmdlet $cmdlet -CommandLine:$Work.CommandLine -Failed $One -Problem $Said.Problem }
        if ($One.Target['Ssh'] -and $One['Step'] -ne 'Open' -and -not $Said.Problem['Hint']) { $Said.Problem.Hint = '-Deploy and -Undeploy need a PowerShell session there: over SSH, sshd needs a line "Subsystem powershell ...".' }
        return
    }
    if ($One['Step']) {
        $next = Get-NextStep -Cmdlet $cmdlet -One $One -Text $Said.Text
        if ($next) { return $next }
        Close-Link $One
        $next = Start-Script -Target $One.Target -Script $Work.Script -ArgumentList (Get-WorkArgument -Target $One.Target -Work $Work)
        $next.Step = $null
        return $next
    }
    if (-not $Work.Undeploy -or -not (Test-FarChange -Cmdlet $cmdlet -Target $One.Target -Action 'Remove the deployed portowner executable')) { return }
    $next = Start-Script -Target $One.Target -Script 'Deploy.ps1' -ArgumentList 'Remove'
    $next.Step = 'Remove'
    $next.Said = $Said
    $next
}

# Says which way a machine was asked, and which programs there were not used.
function Write-Way {
    param($Cmdlet, [string] $Name, [string] $Text, [string] $Deployed)

    $used = $null
    foreach ($line in $Text -split '\n(?=#)' | Where-Object { $_ -like '#PortOwner.Way *' } | Select-Object -Unique) {
        $way, $what = ($line.Trim() -replace '^#PortOwner\.Way ') -split ' ', 2
        if ($way -eq 'used') { $used = $what } else { Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = $(if ($Deployed -and $what -like "$($Deployed): *") { 'Warning' } else { 'Verbose' }); Message = "$Name`: $way $what."; Hint = $null } }
    }
    if ($used) { $message = "answered by $used there." } elseif ($Text -like '*#PortOwner.Collection*') { $message = 'answered by the collector, since there is no portowner that can be used.' } else { return }
    Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Verbose'; Message = "$Name`: $message"; Hint = $null }
}

function Show-Waiting {
    param($Running, [int] $Ended, [int] $Count)

    $names = @($Running | Select-Object -First 5 | ForEach-Object { ConvertTo-SafeText $_.Target.Name })
    $more = if ($Running.Count -gt 5) { ' ...' } else { '' }
    Write-Progress -Activity 'PortOwner' -Id 1 -Status "$Ended of $Count machines answered; waiting for $($names -join ', ')$more" -PercentComplete (100 * $Ended / $Count)
}

# Starts a script of the folder Collector on a machine.
function Start-Script {
    param($Target, [string] $Script, [object[]] $ArgumentList)

    # Not -FilePath: over SSH that takes no port and no options.
    $path = Join-Path -Path (Join-Path -Path $PSScriptRoot -ChildPath 'Collector') -ChildPath $Script
    $arguments = $Target.Arguments.Clone()
    $arguments['AsJob'] = $true
    $arguments['ScriptBlock'] = (Get-Command -Name $path).ScriptBlock
    $arguments['ArgumentList'] = $ArgumentList
    $job = if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { Invoke-Command @arguments } else {
        if ($Target['Log'] -and $arguments['Options'] -and $arguments.Options['LogLevel'] -eq 'QUIET') {
            $arguments['Options'] = $arguments.Options.Clone()
            $arguments.Options.Remove('LogLevel')
            # For Collector/ssh.sh.
            $arguments.Options['PortOwnerLog'] = $Target.Log
        }
        Invoke-Hostless 'Invoke-Command' $arguments
    }
    @{ Target = $Target; Job = $job; Began = Get-Date; File = $null; Before = $null }
}

# Runs a cmdlet where there is no host. A machine may ask its caller's host for anything: to write, even what a terminal
# obeys, to show progress, or to prompt for a password. (Of a session that the user opened, the host is the user's.)
function Invoke-Hostless {
    param([string] $Cmdlet, $Arguments)

    Initialize-Hostless
    $shell = [powershell]::Create()
    try {
        $shell.Runspace = $script:Hostless
        $null = $shell.AddCommand($Cmdlet).AddParameters($Arguments)
        $shell.Invoke()
        if ($shell.Streams.Error.Count -gt 0) { throw $shell.Streams.Error[0] }
    } catch {
        # As if it had run here.
        $inner = $_.Exception.InnerException
        if ($inner -and $inner.PSObject.Properties['ErrorRecord']) { throw $inner.ErrorRecord }
        throw
    } finally {
        $shell.Dispose()
    }
}

function Initialize-Hostless {
    if ($null -eq $script:Hostless) { $script:Hostless = New-Hostless }
}

# Where ssh runs behind Collector/ssh.sh, gives each machine a file, its Log, into which ssh writes its own errors; returns
# the folder of these files.
function Start-SshLog {
    param($Target)

    $machines = @($Target | Where-Object { $_['Ssh'] })
    if (-not $machines -or $ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { return }
    Initialize-Hostless
    if (-not $script:HasSshProgram) { return }
    $folder = New-PrivateFolder
    foreach ($one in $machines) { $one['Log'] = Join-Path -Path $folder -ChildPath $one.Id }
    $folder
}

# Why ssh did not reach a machine, or was rejected there, in its own words; nothing if it wrote no such line.
function Get-SshReason {
    param($Target, $Problem)

    if (-not $Target['Log'] -or $Problem['HasBegun'] -or $Problem.Code -ne 'PSSessionStateBroken') { return }
    $lines = @(Get-Content -LiteralPath $Target.Log -TotalCount 100 -ErrorAction Ignore)
    $last = $lines -match '^(?:ssh: (?:connect to host|Could not resolve hostname) |Host key verification failed|[^ ]+: Permission denied \()' | Select-Object -Last 1
    if (-not $last) { return }
    $text = $last.Trim()
    if ($text.Length -gt 300) { "$($text.Substring(0, 300)) ..." } else { $text }
}

# A runspace without a host. On Linux, its ssh is Collector/ssh.sh, whose end cannot end PowerShell.
function New-Hostless {
    $runspace = [runspacefactory]::CreateRunspace([initialsessionstate]::CreateDefault2())
    $runspace.Open()
    if ($PSVersionTable.PSVersion.Major -lt 7 -or $IsWindows) { return $runspace }
    $path = Get-SshProgram
    $ssh = Get-Item -LiteralPath $path -Force -ErrorAction Ignore
    $state = if ($ssh) { Enable-Executable -File $ssh -Own } else { 'missing' }
    if ($state -ne 'runnable') {
        Write-Warning -Message "PowerShell itself can end if ssh breaks off, because $(ConvertTo-SafeText $path) cannot run ($state)."
        return $runspace
    }
    $shell = [powershell]::Create()
    try {
        $shell.Runspace = $runspace
        $find = {
            param([string] $Path)
            $global:PortOwnerSsh = Get-Command -Name $Path -CommandType Application
            $ExecutionContext.InvokeCommand.PreCommandLookupAction = {
                param($Name, $Lookup)
                if ($Name -ne 'ssh') { return }
                $Lookup.Command = $global:PortOwnerSsh
                $Lookup.StopSearch = $true
            }
        }
        $null = $shell.AddScript($find).AddArgument($ssh.FullName).Invoke()
        $script:HasSshProgram = $true
    } finally {
        $shell.Dispose()
    }
    $runspace
}

# What a job brought: the text, or what went wrong.
function Receive-Collection {
    param($One)

    if ($One.File) { return Receive-PlainSsh $One }
    $name = $One.Target.Name
    $problem = @{ Severity = 'Error'; Code = 'PO3006'; Hint = $null; Target = $name; Category = 'ResourceUnavailable'; Terminating = $false; HasBegun = $true }
    if ($One.Job.State -eq 'Blocked') {
        $problem.Message = "$name could not be queried: its session asks for input."
        return @{ Problem = $problem }
    }
    $lines = @($One.Job.ChildJobs[0].Output)
    if ($lines.Count -gt 0 -and "$($lines[-1])" -eq '#End') { return @{ Text = $lines -join "`n" } }
    $problem.HasBegun = $lines.Count -gt 0
    $record = Get-JobError $One.Job
    if ($record) { return @{ Problem = Add-SessionError -Problem $problem -Record $record -Target $One.Target } }
    $problem.Message = "$name could not be queried: $(if ($lines) { 'its answer was cut off' } else { 'it sent nothing' })."
    @{ Problem = $problem }
}

# The first error of a job: only Receive-Job tells it.
function Get-JobError {
    param($Job)

    $ErrorActionPreference = 'Continue'
    $ProgressPreference = 'SilentlyContinue'
    $null = $ProgressPreference
    $all = @(Receive-Job -Job $Job 2>&1 3>$null 4>$null 5>$null 6>$null | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] })
    if ($all) { $all[0] }
}

# Says in a problem what an error of a session is. Its text may come from the machine: it is one line, and no long one.
function Add-SessionError {
    param($Problem, $Record, $Target)

    $name = $Target.Name
    $Problem.Code = $Record.FullyQualifiedErrorId -replace ',.*'
    $Problem.Category = "$($Record.CategoryInfo.Category)"
    $text = ("$Record" -replace '\s+', ' ').Trim() -replace '^\[[^\]]*\] '
    $isJea = $Record.FullyQualifiedErrorId -match '^ScriptsNotAllowed|^InvalidScriptBlockInDataSection|^CommandNotFound|^ScriptBlockNotAllowed|NotAllowed'
    $longest = if ($isJea) { 300 } else { 1000 }
    if ($text.Length -gt $longest) { $text = "$($text.Substring(0, $longest)) ..." }
    $Problem.Message = "$name could not be queried: $text"
    if ($isJea) {
        $endpoint = if ($Target['Endpoint']) { "the endpoint $($Target.Endpoint) of $name" } else { "the endpoint of $name" }
        $Problem.Category = 'PermissionDenied'
        $Problem.Message = "$name could not be queried: $endpoint runs no scripts (a session without a language, such as JEA): $text"
        $Problem.Hint = 'Use another endpoint with -ConfigurationName, or run PortOwner there.'
    } elseif ($Target.Arguments.Keys -contains 'ComputerName' -and $PSVersionTable.PSVersion.Major -ge 6 -and -not $IsWindows -and $text -match 'WSMan|PSRP|MI client') {
        $Problem.Message = "$name could not be queried: PowerShell on this system has no client for WinRM, which -ComputerName uses."
        $Problem.Hint = "Use SSH: -HostName $name."
    }
    $Problem
}

function Get-Late {
    param($One, [int] $Seconds)

    @{ Severity = 'Error'; Code = 'PO3006'; Message = "$($One.Target.Name) could not be queried: it took longer than $Seconds seconds."; Hint = 'Increase -OperationTimeout.'; Target = $One.Target.Name; Category = 'OperationTimeout'; Terminating = $false; HasBegun = $true }
}

# Where SSH works and PowerShell is not the subsystem there, or something else is, which says what PowerShell does not
# understand (2102), the executable asks by plain ssh: it keeps what the machine said in a folder. Nothing, where that is not so.
function Start-PlainSsh {
    param($Cmdlet, $Failed, $Problem, [switch] $CommandLine)

    $ssh = $Failed.Target['Ssh']
    if ($null -eq $ssh -or $null -ne $Failed.Before -or $Problem['HasBegun'] -or $Problem.Code -notmatch '^(PSSessionStateBroken|2102$)') { return }
    $name = $Failed.Target.Name
    Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Verbose'; Message = "$name`: no PowerShell session could be opened over SSH; querying with plain ssh, and the collector for its shell."; Hint = $null }
    $folder = New-PrivateFolder
    # What the machine said, untouched: what is asked about decides what is read of it.
    $path = Join-Path -Path $folder -ChildPath 'raw'
    $words = @('snapshot', "--output=$(Join-Path -Path $folder -ChildPath 'snapshot.json')", "--raw=$path", '--problems=rows', '--stream', '--host-timeout=3600', "--host=$(if ($ssh['UserName'] -and $ssh['HostName'] -notlike '*@*') { "$($ssh['UserName'])@" })$($ssh['HostName'])")
    if ($CommandLine) { $words += '--command-lines' }
    $configuration = Get-SshConfiguration -Cmdlet $Cmdlet -Ssh $ssh
    if ($configuration) {
        $file = Join-Path -Path $folder -ChildPath 'ssh_config'
        Set-Content -LiteralPath $file -Value $configuration -WhatIf:$false -Confirm:$false
        $words += "--ssh-config=$file"
    }
    $run = {
        param([string] $Path, [string[]] $Word)
        $PSNativeCommandUseErrorActionPreference = $false
        $null = $PSNativeCommandUseErrorActionPreference
        & $Path @Word 2>&1 | ForEach-Object { if ($_ -is [string] -or $_ -is [System.Management.Automation.ErrorRecord]) { "$_" } elseif ($_.Severity -in 'Error') { $_.Message } }
    }
    $job = Start-ThreadJob -ScriptBlock $run -ArgumentList (Find-Executable -Cmdlet $Cmdlet), $words -ThrottleLimit 256
    @{ Target = $Failed.Target; Job = $job; Began = Get-Date; File = $folder; Raw = $path; Before = $Problem }
}

# What plain ssh brought. What kept the session from being opened stays the error; the words of ssh say why.
function Receive-PlainSsh {
    param($One)

    $ErrorActionPreference = 'Continue'
    $lines = @(Receive-Job -Job $One.Job 2>$null 3>$null 4>$null 5>$null 6>$null)
    if (Test-Path -LiteralPath $One.Raw) { return @{ Path = $One.Raw } }
    Remove-Item -LiteralPath $One.File -Recurse -Force -ErrorAction Ignore -WhatIf:$false -Confirm:$false
    $problem = $One.Before.Clone()
    if ($lines) { $problem.Message = "$($One.Target.Name) could not be queried: $("$lines" -replace '\s+', ' ' -replace '^\S+ could not be queried: ')" }
    @{ Problem = $problem }
}

# The connection as a configuration of ssh, before the user's own; nothing where that is enough.
function Get-SshConfiguration {
    param($Cmdlet, $Ssh)

    $lines = @()
    if ($Ssh['Port']) { $lines += "Port $($Ssh['Port'])" }
    if ($Ssh['KeyFilePath']) { $lines += "IdentityFile ""$(Resolve-FilePath -Cmdlet $Cmdlet -Path $Ssh['KeyFilePath'])""" }
    foreach ($name in $Ssh['Options'].Keys) { $lines += "$name $($Ssh['Options'][$name])" }
    if (-not $lines) { return }
    $lines
    'Include ~/.ssh/config'
    if ($IsWindows) { "Include ""$($env:ProgramData -replace '\\', '/')/ssh/ssh_config""" } else { 'Include /etc/ssh/ssh_config' }
}
