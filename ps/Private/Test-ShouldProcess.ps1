# Asks the user, or tells what would be done, as -Confirm and -WhatIf want it. Constrained language forbids the method
# that does so: there -WhatIf is told in words, and -Confirm, which could not ask, forbids.
function Test-ShouldProcess {
    param($Cmdlet, [string] $Target, [string] $Action, [string] $Impact = 'Medium')

    if ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') { return $Cmdlet.ShouldProcess($Target, $Action) }
    if ($WhatIfPreference) {
        Write-Information -MessageData "What if: $Action : $Target" -InformationAction Continue
        return $false
    }
    if ($Impact -eq 'High') { return $ConfirmPreference -eq 'None' }
    return $ConfirmPreference -ne 'Low'
}
