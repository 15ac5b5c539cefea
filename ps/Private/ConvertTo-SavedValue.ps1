# Returns a copy of a value without the characters that Export-Clixml cannot write, which XML does not have.
function ConvertTo-SavedValue {
    [CmdletBinding()]
    param([AllowNull()] [object] $Value)

    if ($Value -is [string]) { return $Value -replace '[\uFFFE\uFFFF]', [string][char]0xFFFD }
    if ($Value -is [System.Collections.IList]) {
        return , @(foreach ($one in $Value) { ConvertTo-SavedValue $one })
    }
    $type = @($Value.PSTypeNames)[0]
    if ($type -notmatch '(?:^|\.)PortOwner\.|\.PSCustomObject$') { return $Value }
    $copy = $Value | Select-Object -Property *
    foreach ($property in @($copy.PSObject.Properties)) {
        $name = $property.Name
        $copy.$name = ConvertTo-SavedValue $copy.$name
    }
    Add-Member -InputObject $copy -TypeName $type
    $copy
}
