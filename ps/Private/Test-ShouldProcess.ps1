# Asks the user, or tells what would be done, as -Confirm and -WhatIf want it. Constrained language forbids the method
# that does so: there -WhatIf is told in words, and -Confirm, which could not ask, forbids.
function Test-ShouldProcess {
    param($Cmdlet, [string] $Target, [string] $Action, [string] $Impact = 'Medium')

    Use-CallerPreference -Cmdlet $Cmdlet
    if ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') { return $Cmdlet.ShouldProcess($Target, $Action) }
    if ($WhatIfPreference) {
        Write-Information -MessageData "What if: $Action : $Target" -InformationAction Continue
        return $false
    }
    $asked = $ConfirmPreference -eq 'Low' -or ($Impact -eq 'High' -and $ConfirmPreference -ne 'None')
    if ($asked) { Write-Warning -Message "Constrained language cannot ask, so this is not done: $Action : $Target" }
    return -not $asked
}
