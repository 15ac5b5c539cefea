# The value that a parameter has in a call, as the executable takes it: paths are whole.
function Get-BoundValue {
    param($Cmdlet, $Command, $Bound, [string] $Parameter)

    $value = $Bound[$Parameter]
    if ($null -eq $value) { return }
    if ($value -is [datetime] -or $value -is [System.DateTimeOffset]) { return $value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", [cultureinfo]::InvariantCulture) }
    if ($value -is [timespan]) { return '{0}s' -f $value.TotalSeconds.ToString('F3', [cultureinfo]::InvariantCulture) }
    if ($Parameter -eq 'Port') { return Get-PortText -Cmdlet $Cmdlet -Port $value }
    if ($Command['Paths'] -notcontains $Parameter) { $value; return }
    # A value of the registry, for the functions that read or change configurations.
    if ($Command.Command -in 'config', 'move' -and $value -match '^(HKLM:?|(.*Registry::)?HKEY_LOCAL_MACHINE)\\') { return $value }
    # A store in a database, and a report that is sent: the executable knows which URLs it takes, and repeats no password.
    if ($Parameter -in 'StorePath', 'ReportPath') {
        @($value) -match '^[a-z][a-z0-9+.-]+://'
        $value = @($value) -notmatch '^[a-z][a-z0-9+.-]+://'
    }
    # A file that is written has one name, which no wildcard stands for.
    Resolve-FilePath -Cmdlet $Cmdlet -Path $value -Literal:($Parameter -in 'Path', 'RawPath', 'ReportPath', 'StorePath', 'SpoolPath')
}

# Whether objects can arrive while the executable runs: Windows PowerShell reads no more than one document, at its end.
function Test-Streaming { $PSVersionTable.PSVersion.Major -ge 7 }

# The executable's arguments for a call of a function but for its operands, by the table in Commands.ps1.
function ConvertTo-Argument {
    param($Cmdlet, $Command, $Bound)

    $Command.Command
    $Command.Always
    if (Test-Streaming) { '--stream' }
    foreach ($parameter in $Command.Options.Keys) {
        $option = $Command.Options[$parameter]
        $terms = @{}
        if ($Command['Terms'] -and $Command['Terms'][$parameter]) { $terms = $Command['Terms'][$parameter] }
        foreach ($one in Get-BoundValue -Cmdlet $Cmdlet -Command $Command -Bound $Bound -Parameter $parameter) {
            if ($one -is [switch]) {
                if ($one) { $option }
            } elseif ($terms["$one"]) {
                "$option=$($terms["$one"])"
            } else {
                "$option=$one"
            }
        }
    }
}
