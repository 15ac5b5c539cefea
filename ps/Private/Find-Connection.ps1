# The connections through which rows of other machines came, by the very text object that these rows have as PSComputerName:
# different machines can have the same name. An entry lives as long as the rows do. Jobs of this process share the table.
# Constrained language cannot tell objects apart: there, a name has the connections that were used, and must have only one.
$script:Connections = $null

# A name that is an object of its own.
function New-ConnectionName {
    param([string] $Name)

    # Substring alone may return the same object.
    ("$Name ").Substring(0, $Name.Length)
}

function Initialize-Connection {
    if ($null -ne $script:Connections) { return }
    $script:Connections = if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { @{} } else { New-Object -TypeName 'System.Runtime.CompilerServices.ConditionalWeakTable[string,object]' }
}

# Remembers how a machine was reached, for the rows that have its name.
function Add-Connection {
    param([string] $Name, $Target)

    Initialize-Connection
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
        $script:Connections[$Name] = @(@($script:Connections[$Name]) | Where-Object { $_ -and -not (Test-SameConnection $_ $Target) }) + @($Target)
        return
    }
    $null = $script:Connections.Remove($Name)
    $script:Connections.Add($Name, $Target)
}

# How the machine of a row was reached; nothing if that is unknown, such as for a row that was read from a file.
function Find-Connection {
    param($Name)

    if ($null -eq $script:Connections -or $Name -isnot [string]) { return }
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
        $known = @($script:Connections[$Name])
        if ($known.Count -eq 1) { $known[0] }
        return
    }
    $found = $null
    if ($script:Connections.TryGetValue($Name, [ref] $found)) { $found }
}

# Whether two ways to a machine are the same: the same session, or the same parameters.
function Test-SameConnection {
    param($One, $Other)

    if ($One -is [System.Collections.IDictionary]) {
        if ($Other -isnot [System.Collections.IDictionary] -or $One.Count -ne $Other.Count) { return $false }
        if ($One.Keys -contains 'Arguments') { return Test-SameConnection $One['Arguments'] $Other['Arguments'] }
        foreach ($key in $One.Keys) { if (-not (Test-SameConnection $One[$key] $Other[$key])) { return $false } }
        return $true
    }
    $One -ceq $Other
}
