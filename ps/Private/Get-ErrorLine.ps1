# The lines of a piped item that describes an error: an error record, an exception, or text that is not a list of ports;
# nothing for any other item.
function Get-ErrorLine {
    param($Item)

    $exception = $Item
    if ($Item -is [System.Management.Automation.ErrorRecord]) {
        "$Item"
        $exception = $Item.Exception
    }
    while ($exception -is [System.Exception]) {
        $exception.Message
        $exception = $exception.InnerException
    }
    # Words with blanks between them: no form of a port has these.
    if ($Item -is [string] -and @(Split-Port $Item) -match '(?s)\p{L}.*\s\S|\S\s.*\p{L}') { $Item }
}
