# Text that is safe to show in one line: anything that could move the cursor, color, reorder, or hide text becomes an escape
# such as \x1b or \u202e, as in the executable. Use it for all text from outside. With -Multiline, line breaks stay.
function ConvertTo-SafeText {
    param([AllowNull()] [string] $Text, [switch] $Multiline)

    if ($Multiline) { $Text = $Text -replace '\r\n', "`n" }
    # Control, format, and separator characters but for the two joiners, which scripts and emoji need; those of the other
    # planes; and lone surrogates.
    $unsafe = '(\uD804[\uDCBD\uDCCD]|\uD80D[\uDC30-\uDC3F]|\uD82F[\uDCA0-\uDCA3]|\uD834[\uDD73-\uDD7A]|\uDB40[\uDC01\uDC20-\uDC7F]|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}-[\u200C\u200D]]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF])'
    if ($Text -cnotmatch $unsafe) { return $Text }
    $parts = @($Text -csplit $unsafe)
    for ($i = 1; $i -lt $parts.Count; $i += 2) {
        $one = $parts[$i]
        $code = [int] $one[0]
        $parts[$i] = if ($one.Length -eq 2) { '\u{{{0:x}}}' -f (0x10000 + 0x400 * ($code - 0xD800) + [int] $one[1] - 0xDC00) }
        elseif ($code -eq 9) { '\t' }
        elseif ($code -eq 10) { if ($Multiline) { "`n" } else { '\n' } }
        elseif ($code -eq 13) { '\r' }
        elseif ($code -gt 0xFF) { '\u{0:x4}' -f $code }
        else { '\x{0:x2}' -f $code }
    }
    -join $parts
}
