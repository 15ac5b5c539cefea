# A script's own $ErrorActionPreference and its like do not reach a module's functions, as they reach cmdlets: this
# takes them over into the function that calls it.
function Use-CallerPreference {
    param($Cmdlet)

    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { return }
    $bound = $Cmdlet.MyInvocation.BoundParameters
    $preferences = @{
        ErrorAction    = 'ErrorActionPreference'
        WarningAction  = 'WarningPreference'
        Verbose        = 'VerbosePreference'
        ProgressAction = 'ProgressPreference'
        WhatIf         = 'WhatIfPreference'
        Confirm        = 'ConfirmPreference'
    }
    foreach ($parameter in $preferences.Keys) {
        if ($bound.ContainsKey($parameter)) { continue }
        $value = $Cmdlet.GetVariableValue($preferences[$parameter])
        if ($null -ne $value) { Set-Variable -Scope 1 -Name $preferences[$parameter] -Value $value -WhatIf:$false -Confirm:$false }
    }
}
