# The ports of a text: 80, 443 are two. A URL may have commas of its own.
function Split-Port {
    param([string[]] $Text)

    foreach ($one in $Text) {
        if ($one -like '*://*') { $one } else { @($one -split ',' -replace '^\s+|\s+$') -ne '' }
    }
}
