# What a piped item asks to stop, in the executable's words: a port expression, pid:NUMBER, or where the item tells of
# one listener, exactly that: its endpoint, process, start and computer. A row of a snapshot or of another computer is
# refused: its process id is another process's here.
function ConvertTo-StopOperand {
    param($Cmdlet, $InputObject)

    foreach ($item in $InputObject) {
        if ($null -eq $item) { continue }
        if ($item -is [string] -or $item -is [ValueType]) {
            # Operands go to the executable a line each.
            if ("$item" -notmatch '\p{Cc}') {
                "$item"
                continue
            }
        }
        $value = @{}
        $message = $null
        foreach ($name in 'Identity', 'LocalPort', 'LocalAddress', 'Protocol', 'State', 'OwningProcess', 'Id', 'StartTime', 'ComputerName') {
            $property = $item.PSObject.Properties[$name]
            $value[$name] = if ($null -ne $property) { $property.Value }
        }
        $operand = $null
        $far = if ($item -isnot [string]) { Get-FarComputer $item }
        if ($item -is [string]) {
            $message = "'$($item -replace '\p{Cc}', '?')' is not a port."
        } elseif ($far) {
            $message = "'$item' is on $far, not on this computer."
        } elseif ($value.Identity) {
            $operand = $value.Identity
        } elseif ($null -eq $value.Id -and ((Test-RecordedRow $item) -or ($value.ComputerName -and $null -ne $value.LocalPort))) {
            $of = if ($null -eq $value.LocalPort) { '' } else { " of port $($value.LocalPort)" }
            $message = "The row$of has no Id: it is not a live row with its OwningProcess, or its owner cannot be stopped through a process."
        } elseif ($null -ne $value.LocalPort -and $null -ne $value.OwningProcess -and $value.LocalAddress) {
            $protocol = $value.Protocol
            # Get-NetTCPConnection's objects have a State, Get-NetUDPEndpoint's have none.
            if (-not $protocol) { $protocol = if ($null -ne $item.PSObject.Properties['State']) { 'TCP' } else { 'UDP' } }
            $address = $value.LocalAddress
            if ("$address".Contains(':')) { $address = "[$address]" }
            $start = $value.StartTime
            if ($start -is [datetime]) { $start = $start.ToUniversalTime().ToString('o') }
            if ($value.State -and "$($value.State)" -notin 'Listen', 'Bound', '2', '100') {
                $message = "Port $($value.LocalPort) is the local port of a connection ($($value.State)): only listeners are stopped."
            } else {
                $operand = "$protocol/${address}:$($value.LocalPort);$($value.OwningProcess);$start;$($value.ComputerName)"
            }
        } elseif ($null -ne $value.LocalPort) {
            $operand = "$($value.LocalPort)"
        } elseif ($null -ne $value.OwningProcess) {
            $operand = "pid:$($value.OwningProcess)"
        } elseif ($null -ne $value.Id) {
            $operand = "pid:$($value.Id)"
        } else {
            $message = "'$item' is not a port, and has no LocalPort, OwningProcess, or Id."
        }
        # One object is one target: none of its values may end that and begin another one.
        if ($operand -match '[,\p{Cc}]') {
            $message = "'$($operand -replace '\p{Cc}', '?')' is neither a port nor a target."
            $operand = $null
        }
        if ($operand) {
            $operand
            continue
        }
        $code = 'PO4105'
        $category = 'PermissionDenied'
        $hint = 'Stop it in a session on that computer; for a snapshot, query again: Get-PortOwner PORT | Stop-PortOwner, or Stop-PortOwner PORT.'
        if ($message -match 'is not a port|is neither a port') {
            $code = 'PO1002'
            $category = 'InvalidArgument'
            $hint = 'Pipe ports, or objects with one of these properties.'
        }
        Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Error'; Code = $code; Message = $message; Hint = $hint; Target = $item; Category = $category; Terminating = $false }
    }
}
