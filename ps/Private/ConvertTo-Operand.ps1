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
        if ($found) {
            $found
        } else {
            Write-Problem -Cmdlet $Cmdlet -Problem @{
                Severity    = 'Error'
                Code        = 'PO1002'
                Message     = "'$item' is no port, and has no LocalPort, OwningProcess or Id."
                Hint        = 'Pipe in ports, or objects that have one of these properties.'
                Target      = $item
                Category    = 'InvalidArgument'
                Terminating = $false
            }
        }
    }
}
