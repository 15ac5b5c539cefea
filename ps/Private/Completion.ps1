# A completion with a tooltip. Constrained language allows only the text.
function New-Completion {
    param([string] $Text, [string] $ToolTip)

    # A name may come from anybody: what could end the line, reorder it, or act on a terminal is left out.
    if ($Text -match '[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]') { return }
    $shown = $Text
    $ToolTip = $ToolTip -replace '[\p{Cc}\p{Cf}]', '?'
    if (-not $ToolTip) { $ToolTip = $shown }
    $word = $Text
    # PowerShell takes typographic quotes for quotes, and doubles are the character itself.
    if ($word -notmatch '^[\w.:\\/*][\w.:\\/*-]*\z') { $word = "'" + ($word -replace "['\u2018-\u201b]", '$0$0') + "'" }
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { return $word }
    New-Object -TypeName System.Management.Automation.CompletionResult -ArgumentList $word, $shown, 'ParameterValue', $ToolTip
}

# Gives completions, or if there are none, the word as it is: otherwise PowerShell would offer the files of the current
# folder.
function Select-Completion {
    param($Found, [string] $Word, $Ast)

    if ($null -ne $Found) { return $Found }
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { return }
    # PowerShell takes it for Get-PortOwner: the completion of the executable follows.
    if ($Ast.GetCommandName() -match '^portowner(\.exe)?$') { return }
    # A completion cannot be empty.
    if (-not $Word) { $Word = ' ' }
    New-Object -TypeName System.Management.Automation.CompletionResult -ArgumentList $Word, $Word, 'ParameterValue', 'Nothing fits.'
}

# Whether a word that the user has begun goes on as the text.
function Test-Completion {
    param([string] $Text, [string] $Word)

    $begun = $Word -replace "^['""]|['""]$"
    return $Text -ne '' -and $begun.Length -le $Text.Length -and $Text.Substring(0, $begun.Length) -eq $begun
}

# Completes with the values of a column that are in use; the tooltips say by whom, or for owners, on which ports.
function Complete-Column {
    param([string] $Column, [string] $Word, $Bound)

    $other = 'Owner'
    if ($Column -ne 'LocalPort') { $other = 'LocalPort' }
    $arguments = @{ Column = $Column, $other; ErrorAction = 'Ignore'; WarningAction = 'Ignore' }
    if ($Column -eq 'ImageName') { $arguments.Column += 'Application' }
    foreach ($name in 'FromSnapshot', 'All', 'Protocol') {
        if ($Bound[$name]) { $arguments[$name] = $Bound[$name] }
    }
    try {
        $found = [ordered]@{}
        foreach ($row in Get-PortOwner @arguments) {
            $values = @($row.$Column)
            # The name by which people know it, if it is not that of its file: vite, redis-server, python.
            if ($Column -eq 'ImageName' -and $row.Application -and $row.Application -ne ($row.ImageName -replace '\.exe$')) {
                $values += $row.Application -replace '(?s):?\s.*$'
            }
            foreach ($value in $values) {
                if ($null -eq $value -or -not (Test-Completion -Text $value -Word $Word)) { continue }
                $key = "$value"
                if ($null -eq $found[$key]) { $found[$key] = [ordered]@{} }
                if ($null -ne $row.$other) { $found[$key]["$($row.$other)"] = $true }
            }
        }
        foreach ($key in $found.Keys) {
            $tip = @($found[$key].Keys) -join ', '
            if ($other -eq 'LocalPort') { $tip = "$key : $tip" } elseif ($tip) { $tip = "$key $tip" }
            New-Completion -Text $key -ToolTip $tip
        }
    } catch {
        # No completion, then.
        return
    }
}

# Completes with folders and the files that can be a snapshot.
function Complete-Snapshot {
    param([string] $Word)

    $begun = $Word -replace "^['""]|['""]$"
    $folder = $begun -replace '[^\\/]*$'
    $at = '.'
    if ($folder) { $at = $folder }
    Get-ChildItem -LiteralPath $at -ErrorAction Ignore | ForEach-Object {
        $path = $folder + $_.Name
        if (($_.PSIsContainer -or $_.Extension -in '.json', '.xml', '.clixml') -and (Test-Completion -Text $path -Word $Word)) {
            New-Completion -Text $path -ToolTip $_.FullName
        }
    }
}

# A completer gets the names of the command and the parameter, the word, the command's syntax tree, and what is bound.
# The parameters that complete with what is in use, one by one: this runs at every import, and a loop has to be compiled.
$inUse = {
    $columns = @{ Port = 'LocalPort'; Id = 'OwningProcess'; ImageName = 'ImageName'; Service = 'Services'; User = 'UserName'; Address = 'LocalAddress' }
    Select-Completion -Found (Complete-Column -Column $columns[$args[1]] -Word $args[2] -Bound $args[4]) -Word $args[2] -Ast $args[3]
}
$asking = 'Get-PortOwner', 'Stop-PortOwner', 'Test-PortBinding'
Register-ArgumentCompleter -CommandName $asking -ParameterName 'Port' -ScriptBlock $inUse
Register-ArgumentCompleter -CommandName $asking -ParameterName 'Id' -ScriptBlock $inUse
Register-ArgumentCompleter -CommandName $asking -ParameterName 'ImageName' -ScriptBlock $inUse
Register-ArgumentCompleter -CommandName $asking -ParameterName 'Service' -ScriptBlock $inUse
Register-ArgumentCompleter -CommandName $asking -ParameterName 'User' -ScriptBlock $inUse
Register-ArgumentCompleter -CommandName $asking -ParameterName 'Address' -ScriptBlock $inUse
# No ValidateSet: the executable takes more words than these, such as Listening, and its error names the nearest.
$offered = {
    $values = (Get-CommandTable)[$args[0]]['Values']
    $texts = if ($args[1] -eq 'Column') { @((Get-ColumnTable)[$args[0]]) + '*' } elseif ($values) { $values[$args[1]] }
    $found = foreach ($text in $texts) {
        if (Test-Completion -Text $text -Word $args[2]) { New-Completion -Text $text }
    }
    Select-Completion -Found $found -Word $args[2] -Ast $args[3]
}
Register-ArgumentCompleter -CommandName $rowFunctions -ParameterName 'Column' -ScriptBlock $offered
Register-ArgumentCompleter -CommandName $rowFunctions -ParameterName 'Protocol' -ScriptBlock $offered
Register-ArgumentCompleter -CommandName $rowFunctions -ParameterName 'State' -ScriptBlock $offered
Register-ArgumentCompleter -CommandName $rowFunctions -ParameterName 'Range' -ScriptBlock $offered
Register-ArgumentCompleter -CommandName $rowFunctions -ParameterName 'Severity' -ScriptBlock $offered
Register-ArgumentCompleter -CommandName $rowFunctions -ParameterName 'By' -ScriptBlock $offered
Register-ArgumentCompleter -CommandName $rowFunctions -ParameterName 'Reuse' -ScriptBlock $offered
Register-ArgumentCompleter -CommandName $rowFunctions -ParameterName 'FromSnapshot' -ScriptBlock {
    Complete-Snapshot -Word $args[2]
}
Register-ArgumentCompleter -Native -CommandName portowner, portowner.exe -ScriptBlock {
    $program = $args[1].GetCommandName()
    # Where there is none but the module's own.
    if (-not (Get-Command -Name $program -CommandType Application -ErrorAction Ignore)) {
        try { $program = Find-Executable -Cmdlet $null } catch { return }
    }
    & (Join-Path -Path $PSScriptRoot -ChildPath 'Completion.ps1') @args
}
