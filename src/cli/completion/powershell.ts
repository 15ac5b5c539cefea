import type { KnownValues } from '../about.ts';
import { subcommands, type CommandWords } from './words.ts';

function valuesOf(values: KnownValues | null): object | null {
  if (values === null) return null;
  if (values === 'file' || values === 'folder') return { Kind: values };
  return 'column' in values ? { Kind: 'column', Column: values.column } : { Kind: 'words', Words: values };
}

function definitionOf(command: CommandWords, commands: readonly CommandWords[]): object {
  return {
    Path: command.path,
    Next: subcommands(command.path, commands).map(({ path, description }) => ({
      Word: path.split(' ').at(-1),
      Description: description,
    })),
    Operands: valuesOf(command.operands),
    Options: command.options.map(({ names, description, takesValue, values }) => ({
      Names: names,
      Description: description,
      TakesValue: takesValue,
      Values: valuesOf(values),
    })),
  };
}

/** JSON that any code page leaves alone, in a here-string of PowerShell. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A script for PowerShell 5.1 and newer, pure ASCII. */
// It is one script in PowerShell: its parts mean nothing apart.
// oxlint-disable-next-line max-lines-per-function
export function powershellScript(commands: readonly CommandWords[]): string {
  return `# Completion of portowner for PowerShell. To load it: portowner completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName portowner, portowner.exe -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # Not piped on: Windows PowerShell passes an array from JSON as one object.
    $commands = ConvertFrom-Json -InputObject @'
${asciiJson(commands.map((command) => definitionOf(command, commands)))}
'@

    # Text as one argument.
    function Get-Argument([string] $text) {
        if ($text -match '^[\\w.:\\\\/][\\w.:\\\\/-]*\\z') { return $text }
        return "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($text) + "'"
    }

    function New-Result([string] $text, [string] $listed, [string] $tip, [string] $kind = 'ParameterValue') {
        # A name of a process may come from anybody, and a terminal obeys control characters.
        $listed = $listed -replace '[\\p{Cc}\\p{Cf}]', '?'
        $tip = $tip -replace '[\\p{Cc}\\p{Cf}]', '?'
        if (-not $tip) { $tip = $listed }
        [System.Management.Automation.CompletionResult]::new($text, $listed, $kind, $tip)
    }

    # What goes on from $part: the given words, or what portowner says is in use. $before is what stays in front.
    function Get-Value($values, [string] $part, [string] $before) {
        if ($null -eq $values) { return }
        switch ($values.Kind) {
            'words' {
                foreach ($word in $values.Words) {
                    if ($word.StartsWith($part, [System.StringComparison]::OrdinalIgnoreCase)) { New-Result ($before + $word) $word '' }
                }
            }
            'column' {
                $column = $values.Column
                # JSON, where a name with a line break stays one name, and no code page changes it.
                $text = @(& $commandAst.GetCommandName() --format json --columns "$column,Owner" 2>$null) -join ''
                if (-not $text) { return }
                $seen = @{}
                foreach ($row in (ConvertFrom-Json -InputObject $text)) {
                    foreach ($value in $row.$column) {
                        $value = "$value"
                        if (-not $value -or $seen.ContainsKey($value)) { continue }
                        $seen[$value] = $true
                        # What could end the line, reorder it, or be taken for an option is left out.
                        if ($value -match '^-|[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]' -or -not $value.StartsWith($part, [System.StringComparison]::OrdinalIgnoreCase)) { continue }
                        New-Result ($before + (Get-Argument $value)) $value "$value $($row.Owner)"
                    }
                }
            }
            default {
                [System.Management.Automation.CompletionCompleters]::CompleteFilename($part)
            }
        }
    }

    # The words before the cursor; the last one is the one to complete, which may be empty.
    $typed = @(foreach ($element in $commandAst.CommandElements) {
        $extent = $element.Extent
        if ($extent.StartOffset -lt $cursorPosition) {
            $extent.Text.Substring(0, [Math]::Min($extent.Text.Length, $cursorPosition - $extent.StartOffset))
        }
    })
    $last = $commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | Select-Object -Last 1
    if ($typed.Count -lt 2 -or $last.Extent.EndOffset -lt $cursorPosition) { $typed += '' }
    $current = $typed[-1]

    $command = $commands | Where-Object Path -EQ ''
    $at = 1
    while ($at -lt $typed.Count - 1) {
        $path = ($command.Path + ' ' + $typed[$at]).Trim()
        $next = $commands | Where-Object Path -CEQ $path
        if ($null -eq $next) { break }
        $command = $next
        $at++
    }

    # The option whose value is wanted, if any: behind it, or after its equal sign.
    $before = ''
    $name = $typed[-2]
    $part = $current
    if ($current -match '^(--[\\w-]+)=(.*)$') {
        $name = $Matches[1]
        $part = $Matches[2]
        $before = "$name="
    }
    $option = $command.Options | Where-Object { $_.TakesValue -and $_.Names -ccontains $name }
    # PowerShell completes what is behind a comma by itself, except in a word like --columns=A,B.
    if ($part.Contains(',')) {
        if ($before) { $before += $part.Substring(0, $part.LastIndexOf(',') + 1) }
        $part = $part.Substring($part.LastIndexOf(',') + 1).Trim()
    }

    if ($option) {
        if ($name -ceq '--sort' -and $part.StartsWith('-')) {
            $before += '-'
            $part = $part.Substring(1)
        }
        Get-Value $option.Values $part $before
        return
    }
    if ($current.StartsWith('-')) {
        foreach ($option in $command.Options) {
            $word = $option.Names[0]
            if ($word.StartsWith($current, [System.StringComparison]::OrdinalIgnoreCase)) { New-Result $word $word $option.Description 'ParameterName' }
        }
        return
    }
    $found = @()
    if ($at -eq $typed.Count - 1) {
        $found = @(foreach ($next in $command.Next) {
            if ($next.Word.StartsWith($current, [System.StringComparison]::OrdinalIgnoreCase)) { New-Result $next.Word $next.Word $next.Description 'Command' }
        })
    }
    $found
    # Asking takes a moment: not while a command is being typed.
    if (-not $current -or -not $found) { Get-Value $command.Operands $part '' }
}
`;
}
