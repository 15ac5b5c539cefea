# Does a call of Invoke-Executable for each machine that it is about: what a machine says is asked for there, as one
# text, and answered here.
function Invoke-Remote {
    param($Call)

    $cmdlet = $Call['Cmdlet']
    $bound = $Call['Bound']
    # The call as it is about this machine.
    $plain = Get-Question $bound
    $targets = @(Get-Target -Cmdlet $cmdlet -Bound $bound)
    if ($bound['AsJob']) {
        Start-BackgroundCall -Call $Call
        return
    }
    $folder = $null
    $isThere = $false
    $files = @{}
    $connections = @{}
    $names = @{}
    if ($null -ne $plain['Path']) { $files = Get-MachineFile -Cmdlet $cmdlet -Target $targets -Path $plain['Path'] -Function $Call['Function'] }
    # Each machine's report would replace that of the one before, and in the store, machines that call themselves the same
    # would be one.
    $together = ($null -ne $plain['ReportPath'] -or $null -ne $plain['StorePath']) -and $targets.Count -gt 1
    try {
        if ($together) {
            $folder = New-PrivateFolder
            foreach ($name in (Get-CommandTable)[$Call['Function']].Paths) {
                if ($null -ne $plain[$name]) { $plain[$name] = @(Resolve-FilePath -Cmdlet $cmdlet -Path $plain[$name]) }
            }
        }
        $reading = @{ Cmdlet = $cmdlet; Target = $targets; Bound = $bound; CommandLine = [bool] $plain['IncludeCommandLine'] -or $plain['Column'] -contains 'CommandLine' }
        if ($Call['Function'] -eq 'Test-PortBinding') { $reading.Question = Get-FarCall -Call $Call -Bound $plain }
        Read-Machine @reading | ForEach-Object {
            $machine = $_
            # For rows of it that are piped to Stop-PortOwner.
            if (-not $machine['IsHere']) {
                $reached = @($targets | Where-Object { $_.Id -eq $machine.Id })[0]
                $reached['IsPlain'] = [bool] $machine['Path']
                Add-Connection -Name $machine.Name -Target $reached
            }
            if ($together) {
                $name = Get-FileName $machine.Name
                # One address can be several machines, through other ports or sessions.
                # Whichever of them answers first, it has the same name in the store every time.
                $first = @($targets | Where-Object { (Get-FileName $_.Name) -eq $name })[0]
                if ($first.Id -ne $machine.Id) { $name = "$name-$($machine.Id)" }
                $names[$name] = if (-not $machine['IsHere']) { $machine.Name }
                $connections[$name] = if ($machine['Connection']) { $machine.Connection } else { $machine.Name }
                Save-Collection -Cmdlet $cmdlet -Machine $machine -Path (Join-Path -Path $folder -ChildPath $name)
                return
            }
            $own = $plain
            if ($files[$machine.Id]) {
                $own = $plain.Clone()
                $own['Path'] = $files[$machine.Id]
            }
            $Call['Bound'] = $own
            # A slow answer follows lines with only #. What follows comes from that machine's programs, which can have any name.
            $isAnswer = $reading['Question'] -and $machine['Text'] -match '\A(?:#?[ \t\r]*\n|#PortOwner\.Way [^\n]*\n)*#PortOwner\.Answer 1\r?(?:\n|\z)'
            if ($isAnswer) { Receive-FarAnswer -Cmdlet $cmdlet -Machine $machine } else { Invoke-Executable @Call -Machine $machine }
            if ($plain['PassThru']) { Get-Item -LiteralPath (Resolve-FilePath -Cmdlet $cmdlet -Path $own['Path']) }
        }
        if ($together) {
            $Call['Bound'] = $plain
            # Machines that call themselves the same are told apart by the names of the files.
            Push-Location -LiteralPath $folder
            $isThere = $true
            $read = @(Get-ChildItem -LiteralPath $folder | ForEach-Object { $_.Name })
            if ($read) { Invoke-Executable @Call -Machine @{ Name = $null; Path = $read; Names = @($read | ForEach-Object { $names[$_] }); Connection = @($read | ForEach-Object { $connections[$_] }) } }
        }
    } finally {
        if ($isThere) { Pop-Location }
        if ($folder) { Remove-Item -LiteralPath $folder -Recurse -Force -WhatIf:$false -Confirm:$false }
    }
}

# The calls that a portowner on another machine can answer in place of this one, with tabs between their words, and their
# input: a bind can only be tried there. Nothing if a word would not arrive there as it is.
function Get-FarCall {
    param($Call, $Bound)

    $command = (Get-CommandTable)[$Call['Function']]
    $words = @(ConvertTo-Argument -Cmdlet $Call['Cmdlet'] -Command $command -Bound $Bound | Where-Object { $_ -ne '--stream' })
    # A shell there gets them in one word of at most 128 KB.
    $far = @{ Calls = @(); Text = "$($Call['InputText'])" }
    foreach ($operand in @($Call['Operand'] | Where-Object { $_ }) + @(if (-not $Call['Operand']) { $null })) {
        # The name and the parameters of each machine replace the last word.
        $line = @($words) + '--connection=@' + @(if ($operand) { '--', $operand })
        if ($line -match '[\t\r\n"]') { return }
        $far.Calls += $line -join "`t"
    }
    if ("$($far.Calls)".Length + $far.Text.Length -gt 30000) { return }
    $far
}

# What a portowner on another machine answered: rows and problems, as the executable here writes them.
function Receive-FarAnswer {
    param($Cmdlet, $Machine)

    foreach ($answer in @($Machine.Text -split '\n@answer\n' | Select-Object -Skip 1)) {
        $document = @($answer -split '\n' | Where-Object { $_ -like ' <*' }) -replace '^ ' -join "`n"
        $told = @{ Text = @(); Progress = $false; Answer = $false; End = $false; Machine = $Machine.Name }
        $file = New-TemporaryFile -WhatIf:$false -Confirm:$false
        try {
            Set-Content -LiteralPath $file.FullName -Value $document -Encoding UTF8 -WhatIf:$false -Confirm:$false
            Import-Clixml -LiteralPath $file.FullName | Receive-Output -Cmdlet $Cmdlet -Told $told
        } catch [System.Xml.XmlException] {
            $told.End = $false
        } finally {
            Remove-Item -LiteralPath $file.FullName -Force -WhatIf:$false -Confirm:$false
        }
        if (-not $told.End) {
            Write-Problem -Cmdlet $Cmdlet -Problem @{
                Severity    = 'Error'
                Code        = 'PO3006'
                Message     = "$($Machine.Name) could not be queried: the answer of the portowner there is not complete."
                Hint        = $null
                Target      = $Machine.Name
                Category    = 'InvalidData'
                Terminating = $false
            }
        }
    }
}

# The file of each machine, by the number of its target: the path that was given for one, or a file in that folder.
function Get-MachineFile {
    param($Cmdlet, $Target, [string] $Path, [string] $Function)

    $files = @{}
    $isFolder = Test-Path -LiteralPath (Resolve-FilePath -Cmdlet $Cmdlet -Path $Path) -PathType Container
    if (-not $isFolder) {
        if ($Target.Count -gt 1) {
            Write-Problem -Cmdlet $Cmdlet -Problem @{
                Severity    = 'Error'
                Code        = 'PO1005'
                Message     = "-Path $Path is one file, but there are $($Target.Count) machines."
                Hint        = 'Specify an existing folder: each machine gets its own file there.'
                Target      = $Path
                Category    = 'InvalidArgument'
                Terminating = $true
            }
        }
        return $files
    }
    $extension = if ($Function -eq 'Save-PortSnapshot') { '.json' } else { '.yaml' }
    $taken = @{}
    foreach ($one in $Target) {
        $name = Get-FileName $one.Name
        $taken[$name] = 1 + [int] $taken[$name]
        if ($taken[$name] -gt 1) { $name = "$name-$($taken[$name])" }
        $files[$one.Id] = Join-Path -Path $Path -ChildPath "$name$extension"
    }
    return $files
}

# A machine's name as that of a file.
function Get-FileName {
    param([string] $Name)

    $Name -replace '[^\p{L}\p{Nd}_.-]', '_'
}

# A folder for this user alone: facts of machines are nobody else's business.
function New-PrivateFolder {
    $file = New-TemporaryFile -WhatIf:$false -Confirm:$false
    $path = "$($file.FullName).portowner"
    Remove-Item -LiteralPath $file.FullName -WhatIf:$false -Confirm:$false
    $null = New-Item -ItemType Directory -Path $path -WhatIf:$false -Confirm:$false
    if ($PSVersionTable.PSVersion.Major -ge 7 -and -not $IsWindows) { & /bin/chmod 700 -- $path }
    $path
}

# What a machine said, in a file.
function Save-Collection {
    param($Cmdlet, $Machine, [string] $Path)

    if ($Machine['Text']) { Set-Content -LiteralPath $Path -Value $Machine.Text -Encoding UTF8 -WhatIf:$false -Confirm:$false }
    elseif ($Machine['Path']) { Copy-Item -LiteralPath $Machine.Path -Destination $Path -Recurse -WhatIf:$false -Confirm:$false }
    else { Invoke-Executable -Cmdlet $Cmdlet -Function 'Save-PortSnapshot' -Bound @{ Path = $Path } -Machine $Machine }
}

# Does the call in the background.
function Start-BackgroundCall {
    param($Call)

    $bound = @{}
    foreach ($name in $Call['Bound'].Keys) { if ($name -ne 'AsJob') { $bound[$name] = $Call['Bound'][$name] } }
    $isThread = [bool] (Get-Command -Name Start-ThreadJob -ErrorAction Ignore)
    $inside = @{ Function = $Call['Function']; Bound = $bound }
    foreach ($name in $Call.Keys) { if ($name -notin 'Cmdlet', 'Function', 'Bound') { $inside[$name] = $Call[$name] } }
    $work = {
        param([string] $Module, $Call, $Connections, $Common)
        & (Import-Module -Name $Module -PassThru) {
            [CmdletBinding(SupportsShouldProcess)]
            param($Call, $Connections)
            # Its rows go back from here, and rows from here go back there.
            if ($null -ne $Connections) { $script:Connections = $Connections }
            $bound = $Call.Bound
            $script:JobInformation = if ($bound['InformationAction']) { "$($bound['InformationAction'])" } else { 'Continue' }
            # What is asked on the way, such as whether to deploy, nobody can answer here.
            if ($bound['Confirm']) { $ConfirmPreference = 'Low' }
            if ($Call.Function -eq 'Stop-PortOwner') { Stop-PortOwner @bound } else { Invoke-Executable -Cmdlet $PSCmdlet @Call }
        } $Call $Connections @Common
    }
    # The job's streams are the caller's to read: what the caller ignores, the job does not write.
    $common = @{}
    foreach ($name in 'ErrorAction', 'WarningAction', 'InformationAction', 'Verbose') { if ($bound.Keys -contains $name) { $common[$name] = $bound[$name] } }
    if ($isThread) { Initialize-Connection }
    $arguments = @{ ScriptBlock = $work; ArgumentList = (Join-Path -Path $PSScriptRoot -ChildPath 'PortOwner.psd1'), $inside, $(if ($isThread) { , $script:Connections }), $common }
    if ($isThread) {
        # A thread of its own, whatever others wait.
        Start-ThreadJob @arguments -Name $Call['Function'] -ThrottleLimit 64
    } elseif ($bound['Session']) {
        Write-Problem -Cmdlet $Call['Cmdlet'] -Problem @{
            Severity    = 'Error'
            Code        = 'PO1005'
            Message     = '-AsJob with -Session needs PowerShell 7, or the module ThreadJob: a session cannot be passed to another process.'
            Hint        = 'Use -ComputerName, or omit -AsJob.'
            Target      = $null
            Category    = 'InvalidArgument'
            Terminating = $true
        }
    } else {
        Start-Job @arguments -Name $Call['Function']
    }
}
