# The computer that a piped item says it comes from, unless it is this one. -WithOwn: another one can have its name, such as
# localhost with a port that leads elsewhere.
function Get-FarComputer {
    param($InputObject, [switch] $WithOwn)

    foreach ($name in 'PSComputerName', 'MachineName') {
        $property = $InputObject.PSObject.Properties[$name]
        if ($null -ne $property -and $property.Value -and ($WithOwn -or $property.Value -notin '.', 'localhost', $env:COMPUTERNAME)) { return $property.Value }
    }
}

# Whether a piped item is a row of this module, or what Select-Object left of one, that is not live: of a snapshot, a
# file or another computer. Its process ids are other processes' here.
function Test-RecordedRow {
    param($InputObject)

    return @($InputObject.PSTypeNames -match '^(?:Deserialized\.|Selected\.)*PortOwner\.').Count -gt 0 -and $null -eq $InputObject.PSObject.Properties['Id']
}

# What a piped item asks for, in the executable's words: a port expression, or pid:NUMBER.
# Read explicitly: bound by property name, a parameter would take the whole object where it also binds by value.
function ConvertTo-Operand {
    param($Cmdlet, $InputObject)

    foreach ($item in $InputObject) {
        if ($null -eq $item) { continue }
        if ($item -is [string] -or $item -is [ValueType]) {
            "$item"
            continue
        }
        $found = $null
        foreach ($name in 'LocalPort', 'OwningProcess', 'Id') {
            $property = $item.PSObject.Properties[$name]
            if ($null -eq $property -or $null -eq $property.Value) { continue }
            $found = "$($property.Value)"
            if ($name -ne 'LocalPort') { $found = "pid:$found" }
            break
        }
        $computer = if ($found -like 'pid:*') { Get-FarComputer $item }
        if ($computer -or ($found -like 'pid:*' -and (Test-RecordedRow $item))) {
            if (-not $computer) { $computer = 'a recorded row' }
            Write-Problem -Cmdlet $Cmdlet -Problem @{
                Severity    = 'Error'
                Code        = 'PO1002'
                Message     = "'$item' identifies a process on $computer, and no port: here, that process ID belongs to a different process."
                Hint        = 'Run the query in a session on that computer, or use a snapshot of it.'
                Target      = $item
                Category    = 'InvalidArgument'
                Terminating = $false
            }
        } elseif ($found) {
            $found
        } else {
            Write-Problem -Cmdlet $Cmdlet -Problem @{
                Severity    = 'Error'
                Code        = 'PO1002'
                Message     = "'$item' is not a port, and has no LocalPort, OwningProcess, or Id."
                Hint        = 'Pipe ports, or objects with one of these properties.'
                Target      = $item
                Category    = 'InvalidArgument'
                Terminating = $false
            }
        }
    }
}

# The ports that a piped item asks for, where a process cannot be asked about.
function ConvertTo-PortOperand {
    param($Cmdlet, $InputObject, [string] $Hint = 'Pipe ports, or objects that have this property.')

    foreach ($item in $InputObject) {
        foreach ($text in ConvertTo-Operand -Cmdlet $Cmdlet -InputObject $item) {
            if ($text -notlike 'pid:*') {
                $text
                continue
            }
            Write-Problem -Cmdlet $Cmdlet -Problem @{
                Severity    = 'Error'
                Code        = 'PO1002'
                Message     = "'$item' is not a port, and has no LocalPort."
                Hint        = $Hint
                Target      = $item
                Category    = 'InvalidArgument'
                Terminating = $false
            }
        }
    }
}
