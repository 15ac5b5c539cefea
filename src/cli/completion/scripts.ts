// The scripts that let each shell call portowner for completions, and how to install them.

import { fitted, wrap } from '../../io/wrap.ts';

/** For bash 4.2 or newer. */
const bash = `# Completion of portowner for bash. Run "portowner completion" to see how to install it.
_portowner() {
  local current=\${COMP_WORDS[COMP_CWORD]}
  local -a found=()
  if [[ $current == = || $current == : ]]; then current=; fi
  mapfile -t found < <("\${COMP_WORDS[0]/#\\~\\//$HOME/}" internal-complete bash "\${COMP_TYPE:-9}" "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
  COMPREPLY=()
  case \${found[0]-} in
    :file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    :folder) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    *) COMPREPLY=("\${found[@]}") ;;
  esac
}

complete -F _portowner portowner
complete -F _portowner portowner.exe
`;

/** For zsh 5 or newer: as a file _portowner in $fpath, or sourced when the shell starts. */
const zsh = `#compdef portowner portowner.exe
# Completion of portowner for zsh. Run "portowner completion" to see how to install it.
_portowner() {
  local -a found
  found=("\${(@f)$("\${(Q)words[1]}" internal-complete zsh "\${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
  case $found[1] in
    '') return 1 ;;
    :file|:folder)
      if [[ $words[CURRENT] == --*=* ]]; then compset -P '*='; fi
      if [[ $found[1] == :file ]]; then _files; else _files -/; fi
      ;;
    # The words that go on are chosen already, in any case.
    *) _describe -V portowner found -U ;;
  esac
}

if [[ $funcstack[1] == _portowner ]]; then
  _portowner "$@"
else
  if ! (( $+functions[compdef] )); then autoload -Uz compinit && compinit; fi
  compdef _portowner portowner portowner.exe
fi
`;

/** For fish 3 or newer. */
const fish = `# Completion of portowner for fish. Run "portowner completion" to see how to install it.
function __portowner_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l found ($program internal-complete fish $words[2..-1] "$current" 2>/dev/null </dev/null)
    # A path can follow an option and an equals sign.
    set -l option (string match -r -- '^--[\\w-]+=' $current)
    set -l path (string replace -r -- '^--[\\w-]+=' '' $current)
    switch "$found[1]"
        case :file
            printf "$option%s\\n" (__fish_complete_path "$path")
        case :folder
            printf "$option%s\\n" (__fish_complete_directories "$path")
        case '*'
            printf '%s\\n' $found
    end
end

complete -c portowner -e
complete -c portowner --keep-order -f -a '(__portowner_complete)'
`;

/** The script block for PowerShell 5.1 or newer, in pure ASCII; `program` is the expression for the program to call. */
export const powershellBody = (program: string): string => `    param($wordToComplete, $commandAst, $cursorPosition)

    # The words before the cursor; the last one is the one to complete, which may be empty.
    $typed = @(foreach ($element in $commandAst.CommandElements) {
        $extent = $element.Extent
        if ($extent.StartOffset -lt $cursorPosition) {
            $extent.Text.Substring(0, [Math]::Min($extent.Text.Length, $cursorPosition - $extent.StartOffset))
        }
    })
    $last = $commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | Select-Object -Last 1
    if ($typed.Count -lt 2 -or $last.Extent.EndOffset -lt $cursorPosition) { $typed += '' }

    # By standard input: Windows PowerShell loses empty arguments and quotes.
    $lines = @($typed | Select-Object -Skip 1 | ForEach-Object { '=' + ($_ -replace '[\\r\\n]', ' ') })
    $answer = @($lines | & ${program} internal-complete powershell 2>$null) -join ''
    if (-not $answer) { return }
    foreach ($item in (ConvertFrom-Json -InputObject $answer)) {
        if ($item.Kind -in 'file', 'folder') {
            # A path can follow an option and an equals sign.
            $option = if ($typed[-1] -match '^--[\\w-]+=') { $Matches[0] } else { '' }
            foreach ($found in [System.Management.Automation.CompletionCompleters]::CompleteFilename($typed[-1].Substring($option.Length))) {
                if ($item.Kind -eq 'file' -or $found.ResultType -eq 'ProviderContainer') {
                    [System.Management.Automation.CompletionResult]::new($option + $found.CompletionText, $found.ListItemText, $found.ResultType, $found.ToolTip)
                }
            }
        } else {
            [System.Management.Automation.CompletionResult]::new($item.Text, $item.Listed, $item.Kind, $item.Tip)
        }
    }
`;

const powershell = `# Completion of portowner for PowerShell. Run "portowner completion" to see how to install it.
Register-ArgumentCompleter -Native -CommandName portowner, portowner.exe -ScriptBlock {
${powershellBody('$commandAst.GetCommandName()')}}
`;

interface Shell {
  /** The display name of the shell. */
  readonly title: string;
  readonly script: string;
  /** The lines that install it, to paste. */
  readonly install: readonly string[];
  /** A note shown with these lines. */
  readonly note?: string;
}

/** Every shell, by its word on the command line. */
export const shells = {
  bash: {
    title: 'bash',
    script: bash,
    install: [
      'mkdir -p ~/.local/share/bash-completion/completions',
      'portowner completion bash > ~/.local/share/bash-completion/completions/portowner',
    ],
    note: 'Without the package bash-completion, add this line to ~/.bashrc instead:\n  #   source <(portowner completion bash)',
  },
  zsh: {
    title: 'zsh',
    script: zsh,
    install: [`echo 'source <(portowner completion zsh)' >> ~/.zshrc`],
  },
  fish: {
    title: 'fish',
    script: fish,
    install: [
      'mkdir -p ~/.config/fish/completions',
      'portowner completion fish > ~/.config/fish/completions/portowner.fish',
    ],
  },
  powershell: {
    title: 'PowerShell',
    script: powershell,
    install: [
      'New-Item -ItemType Directory -Force (Split-Path $PROFILE) | Out-Null',
      `Add-Content $PROFILE 'portowner completion powershell | Out-String | Invoke-Expression'`,
    ],
    note: 'The PortOwner module completes portowner automatically.',
  },
} as const satisfies Readonly<Record<string, Shell>>;

export type ShellName = keyof typeof shells;

/** A note and, on lines of their own, its commands. */
function noteText(note: string, width: number): string {
  const [what = '', ...commands] = note.split('\n');
  return [fitted(`  # ${what}`, width), ...commands].map((line) => `${line}\n`).join('');
}

/** Explains how to install completion in each shell, the current one first. Commands are not wrapped to `width`. */
export function installText(current: ShellName | null, width: number): string {
  const names = (Object.keys(shells) as ShellName[]).toSorted(
    (one, other) => Number(other === current) - Number(one === current),
  );
  const sections = names.map((name) => {
    const { title, install, note }: Shell = shells[name];
    const lines = install.map((line) => `  ${line}\n`).join('');
    return `${title}${name === current ? ' (this shell)' : ''}:\n${lines}${note === undefined ? '' : noteText(note, width)}`;
  });
  const what =
    'To complete commands, options, and ports in use with the Tab key, paste the lines for your shell, and restart the shell.';
  return `${wrap(what, 0, width)}\n\n${sections.join('\n')}`;
}
