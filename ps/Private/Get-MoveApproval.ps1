# Converts the parameters of Set-PortConfiguration, and what is piped to it, to the parameters of one move.
function ConvertTo-MoveRequest {
    param($Cmdlet, $Bound)

    $request = @{}
    foreach ($name in $Bound.Keys) {
        if ($name -notin 'InputObject', 'WhatIf', 'Confirm') { $request[$name] = $Bound[$name] }
    }
    if ($Bound.Keys -contains 'Port') { return $request }
    $item = $Bound['InputObject']
    if ($null -eq $item) { return }
    $value = @{}
    foreach ($name in 'Port', 'LocalPort', 'Application', 'IsEffective', 'File', 'ComputerName') {
        $property = $item.PSObject.Properties[$name]
        $value[$name] = if ($null -ne $property) { $property.Value }
    }
    $port = if ($item -is [string] -or $item -is [ValueType]) { $item } elseif ($null -ne $value.Port) { $value.Port } else { $value.LocalPort }
    $computer = if ($item -isnot [string]) { Get-FarComputer $item }
    $message = $null
    if ($computer) {
        $message = "'$item' is on $computer, not on this computer."
    } elseif ("$port" -notmatch '^[1-9][0-9]{0,4}\z' -or [int] "$port" -gt 65535) {
        $message = "'$item' is not a port, and has no Port or LocalPort."
    } elseif ($false -eq $value.IsEffective) {
        $message = "Another setting overrides the one of port $port, so there is nothing to move."
    }
    if ($message) {
        Write-Problem -Cmdlet $Cmdlet -Problem @{
            Severity    = 'Error'
            Code        = 'PO1002'
            Message     = $message
            Hint        = 'Pipe the rows of Get-PortConfiguration on this computer.'
            Target      = $item
            Category    = 'InvalidArgument'
            Terminating = $false
        }
        return
    }
    $request['Port'] = [int] "$port"
    # That of an endpoint is the program, which is no kind of server.
    $isConfiguration = @($item.PSTypeNames -match '^(?:Deserialized\.|Selected\.)*PortOwner\.Configuration\z').Count -gt 0
    if ($isConfiguration -and $value.Application -and -not $request['Application']) { $request['Application'] = $value.Application }
    if ($isConfiguration -and $value.File -and -not $request['Path']) { $request['Path'] = $value.File }
    if ($value.ComputerName) { $request['RowComputer'] = "$($value.ComputerName)" }
    return $request
}

# Plans a move, shows it, and asks. Returns the row of the plan if it is approved. Adds what it would change to Seen.
function Get-MoveApproval {
    param($Cmdlet, $Bound, $Computer, $Seen)

    $plan = $null
    foreach ($row in Invoke-Executable -Cmdlet $Cmdlet -Function 'Set-PortConfiguration' -Bound $Bound -Extra '--dry-run') { $plan = $row }
    if ($null -eq $plan) { return }
    if ($Computer -and $Computer -ne $plan.ComputerName) {
        Write-Problem -Cmdlet $Cmdlet -Problem @{
            Severity    = 'Error'
            Code        = 'PO1002'
            Message     = "The row of port $($plan.Port) is of $Computer, not of this computer ($($plan.ComputerName))."
            Hint        = 'Pipe the rows of Get-PortConfiguration on this computer.'
            Target      = $Bound['Port']
            Category    = 'InvalidArgument'
            Terminating = $false
        }
        return
    }
    foreach ($change in $plan.Changes) { $Seen[$change] = $true }
    if ($WhatIfPreference -or $ConfirmPreference -ne 'None') {
        # A tab is what it is in the file.
        $lines = @("$($plan.Difference)" -split "`t" | ForEach-Object { ConvertTo-SafeText -Multiline $_ }) -join "`t"
        $text = @($lines) + @($plan.SideEffects | Where-Object { $_ } | ForEach-Object { "not changed: $(ConvertTo-SafeText $_)" })
        Write-Information -MessageData ($text -join "`n") -InformationAction Continue
    }
    $action = "Move to port $($plan.NewPort): $($plan.Changes -join '; ') ($($plan.Restart))"
    if (Test-ShouldProcess -Cmdlet $Cmdlet -Target "$($plan.Application) on port $($plan.Port)" -Action $action -Impact 'High') { return $plan }
}
