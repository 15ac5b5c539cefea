# Runs the executable for people instead of for objects: in the console, where it draws a screen, or with -AsText as lines
# in the pipeline.
function Show-View {
    param($Cmdlet, [string] $Function, $Bound, [string[]] $Operand, [switch] $AsText)

    Use-CallerPreference -Cmdlet $Cmdlet
    $command = (Get-CommandTable)[$Function].Clone()
    $command['Always'] = @()
    $path = Find-Executable -Cmdlet $Cmdlet
    $arguments = @(ConvertTo-Argument -Cmdlet $Cmdlet -Command $command -Bound $Bound) -ne '--stream'
    if ($AsText -and $arguments -notcontains '--plain') { $arguments += '--plain' }
    if ($Operand) { $arguments += @('--') + $Operand }
    Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Verbose'; Message = "$path $arguments"; Hint = $null }
    $exitCode = Get-Variable -Name LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore
    try {
        if ($AsText) {
            $errors = @()
            Start-Executable -Path $path -Argument $arguments | ForEach-Object { if ($_ -is [string]) { $_ } else { $errors += "$_" } }
            Write-ExecutableFailure -Cmdlet $Cmdlet -ExitCode $LASTEXITCODE -Text ($errors -join "`n") -Ended
            return
        }
        # In a pipeline, the executable would have no console to draw on.
        $WhatIfPreference = $false
        $null = $WhatIfPreference
        $quoted = @($arguments | ForEach-Object { if ($_ -match '[\s"]') { "`"$($_ -replace '"', '\"')`"" } else { $_ } })
        Start-Process -FilePath $path -ArgumentList $quoted -NoNewWindow -Wait
    } finally {
        Set-Variable -Name LASTEXITCODE -Scope Global -Value $exitCode -WhatIf:$false -Confirm:$false
    }
}

# Whether a call can draw on the console: nothing reads its output, and a person can press keys.
function Test-Console {
    param($Invocation)

    if ($Invocation.PipelinePosition -lt $Invocation.PipelineLength) { return $false }
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { return $false }
    try { return -not ([Console]::IsOutputRedirected -or [Console]::IsInputRedirected) } catch { return $false }
}

# The option for the width of the window, if a person reads the rows of a call on a console that is wide. Nothing, if not.
function Get-WidthArgument {
    param($Invocation, $Bound)

    foreach ($name in 'Column', 'Redact', 'Tree', 'Resolve', 'ResolveTimeoutSec', 'Firewall') { if ($Bound.Keys -contains $name) { return } }
    if ((Test-Remote $Bound) -or $Invocation.PipelinePosition -lt $Invocation.PipelineLength) { return }
    $width = Get-WindowWidth
    if ($width -ge 120) { "--width=$width" }
}

# The width of the console window; 0 if nothing is shown there.
function Get-WindowWidth {
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { return 0 }
    try { if ([Console]::IsOutputRedirected) { 0 } else { $Host.UI.RawUI.BufferSize.Width } } catch { 0 }
}
