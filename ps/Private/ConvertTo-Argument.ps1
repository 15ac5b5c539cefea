# The executable's arguments for a call of a function, by the table in Commands.ps1.
function ConvertTo-Argument {
    param($Cmdlet, [string] $Function, $Bound)

    $command = (Get-CommandTable)[$Function]
    $command.Command
    $command.Always
    # Windows PowerShell reads no more than one document.
    if ($PSVersionTable.PSVersion.Major -ge 7) { '--stream' }
    foreach ($parameter in $command.Options.Keys) {
        $value = $Bound[$parameter]
        if ($null -eq $value) { continue }
        $option = $command.Options[$parameter]
        if ($value -is [switch]) {
            if ($value) { $option }
            continue
        }
        if ($command['Paths'] -contains $parameter) { $value = Resolve-FilePath -Cmdlet $Cmdlet -Path $value }
        $terms = @{}
        if ($command['Terms'] -and $command['Terms'][$parameter]) { $terms = $command['Terms'][$parameter] }
        foreach ($one in $value) {
            if ($terms["$one"]) { "$option=$($terms["$one"])" } else { "$option=$one" }
        }
    }
}
