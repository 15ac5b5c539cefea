# Converts a piped item to an operand of the executable: a port expression, pid:NUMBER, or, if the item describes one
# listener, exactly that listener: its endpoint, process, start time, and computer. A row of a snapshot is refused: here,
# its process ID belongs to a different process. Rows of other machines are added to -Far, by the connection that they came
# through or, where that is unknown, by the name of the machine: a hashtable with that Name, the Connection, and Operands.
# With -Redact, errors name nothing that the object contains. With -IsElsewhere, another machine is asked, where the process
# ID of an object that names no machine is another process.
function ConvertTo-StopOperand {
    param($Cmdlet, $InputObject, $Far, [switch] $IsElsewhere, [switch] $Redact)

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
        $shown = if ($Redact) { 'The piped object' } else { "'$item'" }
        foreach ($name in 'Identity', 'LocalPort', 'LocalAddress', 'Protocol', 'State', 'OwningProcess', 'Id', 'StartTime', 'ComputerName', 'AddressScope') {
            $property = $item.PSObject.Properties[$name]
            $value[$name] = if ($null -ne $property) { $property.Value }
        }
        $operand = $null
        $connection = Get-RowConnection $item
        $computer = if ($connection) { $connection.Name } elseif ($item -isnot [string]) { Get-FarComputer $item -WithOwn:($IsElsewhere -and (Test-RecordedRow $item)) }
        # Of a process alone, nobody could tell that it is still the same.
        $isFar = $connection -or ($computer -and @($item.PSTypeNames -like '*PortOwner.*').Count -gt 0)
        if ($item -is [string]) {
            $message = "'$item' is not a port."
        } elseif ($isFar) {
            $operand = if ($value.Identity -or $null -ne $value.StartTime) { Get-RowIdentity $value }
            if ($operand -and $operand -notmatch '[,\p{Cc}]') {
                $key = if ($connection) { $connection.Key } else { "$computer" }
                if (-not $Far[$key]) { $Far[$key] = @{ Name = "$computer"; Connection = $connection; Operands = [ordered]@{} } }
                $Far[$key].Operands[$operand] = $true
                continue
            }
            $operand = $null
            $message = "$shown is on $(if ($Redact) { 'another computer' } else { $computer }), and does not identify a listener there: $(if ($null -eq $value.StartTime) { 'the start time of its process is unknown' } else { 'it has no LocalAddress, LocalPort, and OwningProcess' })."
        } elseif ($computer) {
            $message = "$shown is on $(if ($Redact) { 'another computer' } else { $computer }), not on this computer."
        } elseif ($value.Identity) {
            $operand = $value.Identity
        } elseif ($null -eq $value.Id -and ((Test-RecordedRow $item) -or ($value.ComputerName -and $null -ne $value.LocalPort))) {
            $of = if ($null -eq $value.LocalPort) { '' } else { " of port $($value.LocalPort)" }
            $message = "The row$of has no Id: it is not a live row with its OwningProcess, or its owner cannot be stopped through a process."
        } elseif ($IsElsewhere -and ($null -ne $value.OwningProcess -or $null -ne $value.Id)) {
            $message = "$shown names no computer: its process ID is not one of another machine."
        } elseif ($null -ne $value.LocalPort -and $null -ne $value.OwningProcess -and $value.LocalAddress) {
            $protocol = $value.Protocol
            # Get-NetTCPConnection's objects have a State, Get-NetUDPEndpoint's have none.
            if (-not $protocol) { $protocol = if ($null -ne $item.PSObject.Properties['State']) { 'TCP' } else { 'UDP' } }
            $value.Protocol = $protocol
            # Get-PortOwner -Redact replaces the name of this machine, and an address of its own.
            $isRedacted = "$($value.ComputerName)" -match '^MACHINE\d+\z' -and $null -ne $value.Id
            if ($isRedacted) { $value.ComputerName = $null }
            if ($isRedacted -and $value.AddressScope -notin 'Any', 'Loopback') {
                $message = "The row of port $($value.LocalPort) is redacted: it does not contain the address of the listener."
            } elseif ($value.State -and "$($value.State)" -notin 'Listen', 'Bound', '2', '100') {
                $message = "Port $($value.LocalPort) is the local port of a connection ($($value.State)): only listeners are stopped."
            } else {
                $operand = Get-RowIdentity $value
            }
        } elseif ($null -ne $value.LocalPort) {
            $operand = "$($value.LocalPort)"
        } elseif ($null -ne $value.OwningProcess) {
            $operand = "pid:$($value.OwningProcess)"
        } elseif ($null -ne $value.Id) {
            $operand = "pid:$($value.Id)"
        } else {
            $message = "$shown is not a port, and has no LocalPort, OwningProcess, or Id."
        }
        # One object is one target: none of its values may end that and begin another one.
        if ($operand -match '[,\p{Cc}]') {
            $message = "$(if ($Redact) { $shown } else { "'$operand'" }) is neither a port nor a target."
            $operand = $null
        }
        if ($operand) {
            $operand
            continue
        }
        $code = 'PO4105'
        $category = 'PermissionDenied'
        $hint = 'Stop it in a session on that computer; for a snapshot, query again: Get-PortOwner PORT | Stop-PortOwner, or Stop-PortOwner PORT.'
        if ($message -match 'is redacted:') { $hint = "Use Stop-PortOwner $($value.LocalPort) -Redact." }
        if ($message -match 'is not a port|is neither a port') {
            $code = 'PO1002'
            $category = 'InvalidArgument'
            $hint = 'Pipe ports, or objects with one of these properties.'
        }
        Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Error'; Code = $code; Message = $message; Hint = $hint; Target = $(if (-not $Redact) { $item }); Category = $category; Terminating = $false }
    }
}

# How the machine of a piped item was reached; nothing if that is unknown, or if the item is of this machine.
function Get-RowConnection {
    param($InputObject)

    if ($InputObject -is [string] -or $InputObject -is [ValueType]) { return }
    $name = $InputObject.PSObject.Properties['PSComputerName']
    if ($null -ne $name) { Find-Connection $name.Value }
}

# Returns the identity of the listener that a row describes, as the executable writes it; nothing if the row is from
# another machine and could be mistaken for a different process.
function Get-RowIdentity {
    param($Value)

    if ($Value.Identity) { return $Value.Identity }
    if ($null -eq $Value.LocalPort -or $null -eq $Value.OwningProcess -or -not $Value.LocalAddress) { return }
    $address = $Value.LocalAddress
    if ("$address".Contains(':')) { $address = "[$address]" }
    $start = $Value.StartTime
    if ($start -is [datetime]) { $start = $start.ToUniversalTime().ToString('o') }
    "$($Value.Protocol)/${address}:$($Value.LocalPort);$($Value.OwningProcess);$start;$($Value.ComputerName)"
}
