# Asks the user, or tells what would be done, as -Confirm and -WhatIf want it. Constrained language forbids the method
# that does so: there -WhatIf is told in words, and -Confirm, which could not ask, forbids.
function Test-ShouldProcess {
    param($Cmdlet, [string] $Target, [string] $Action, [string] $Impact = 'Medium')

    Use-CallerPreference -Cmdlet $Cmdlet
    # The names of programs and machines may come from anybody.
    $Target = ConvertTo-SafeText $Target
    $Action = ConvertTo-SafeText $Action
    if ($WhatIfPreference -and $script:JobInformation) {
        # The host of a job is nobody's: what PowerShell tells it is lost.
        Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Information'; Message = "What if: Performing the operation ""$Action"" on target ""$Target""."; Hint = $null }
        return $false
    }
    if ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') {
        try {
            return $Cmdlet.ShouldProcess($Target, $Action)
        } catch [System.Management.Automation.MethodInvocationException] {
            # PowerShell says so in an exception of its own for each kind of host: -NonInteractive, a job, a remote session.
            Write-Problem -Cmdlet $Cmdlet -Problem @{
                Severity    = 'Error'
                Code        = 'PO4103'
                Message     = "Nothing was done, because PowerShell cannot prompt in a noninteractive session. The prompt was: $Action`: $Target"
                Hint        = 'Add -Confirm:$false to do it without a question, or -WhatIf to see what would be done.'
                Target      = $Target
                Category    = 'InvalidArgument'
                Terminating = $true
            }
        }
    }
    if ($WhatIfPreference) {
        Write-Information -MessageData "What if: $Action : $Target" -InformationAction Continue
        return $false
    }
    $asked = $ConfirmPreference -eq 'Low' -or ($Impact -eq 'High' -and $ConfirmPreference -ne 'None')
    if ($asked) { Write-Warning -Message "Constrained language mode cannot prompt, so this was not done: $Action : $Target" }
    return -not $asked
}
