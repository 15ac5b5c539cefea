import type { KnownValues } from '../about.ts';
import { subcommands, type CommandWords } from './words.ts';

/** Text as one word of the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The values as one word for the script: words with blanks between them, or what to look for. */
function valuesWord(values: KnownValues | null): string {
  if (values === null) return "''";
  if (values === 'file' || values === 'folder') return `:${values}`;
  return 'column' in values ? `:column:${values.column}` : quoted(values.join(' '));
}

function commandCase(command: CommandWords, commands: readonly CommandWords[]): string {
  const long = command.options.map((option) => option.names[0]!);
  const next = subcommands(command.path, commands).map(({ path }) => path.split(' ').at(-1)!);
  return `    ${quoted(command.path)}) next=${quoted(next.join(' '))} operands=${valuesWord(command.operands)} options=${quoted(long.join(' '))} ;;`;
}

function optionCases(command: CommandWords): string[] {
  return command.options
    .filter((option) => option.takesValue)
    .map(
      (option) =>
        `    ${option.names.map((name) => quoted(`${command.path} ${name}`)).join('|')}) values=${valuesWord(option.values)} ;;`,
    );
}

/** A script for bash 4.2 or newer. */
// It is one script in bash: its parts mean nothing apart.
// oxlint-disable-next-line max-lines-per-function
export function bashScript(commands: readonly CommandWords[]): string {
  return `# Completion of portowner for bash. To load it: source <(portowner completion bash)

# What may follow the command $1: sets next (words that name a command), operands and options.
_portowner_command() {
  case $1 in
${commands.map((command) => commandCase(command, commands)).join('\n')}
    *) return 1 ;;
  esac
}

# What the option "$1" (the command, a blank, the option) takes: sets values; fails when it takes none.
_portowner_option() {
  case $1 in
${commands.flatMap(optionCases).join('\n')}
    *) return 1 ;;
  esac
}

# Adds the words in "$@" that go on from \${current}; behind a comma the last part counts.
_portowner_add() {
  local start= part=$current word
  if [[ $part == *,* ]]; then start=\${part%,*}, part=\${part##*,}; fi
  if [[ $option == --sort && $part == -* ]]; then start+=- part=\${part#-}; fi
  for word; do
    if [[ \${word,,} == "\${part,,}"* ]]; then COMPREPLY+=("$start$word"); fi
  done
}

# Adds what is in use in the column $1, by asking portowner itself. A name may come from anybody: one with a line break
# goes on in the next line, with an open quotation, and one that could act on a terminal or as an option is left out.
_portowner_used() {
  local value owner line record= quotes listing=
  local -a found=() texts=()
  local -A seen=()
  # In bytes, whatever the locale.
  local LC_ALL=C
  # Only a list has room for owners.
  if [[ $COMP_TYPE == 63 && $1 != ImageName && $1 != Services ]]; then listing=,Owner; fi
  while IFS= read -r line; do
    record+=$line quotes=\${record//[^\\"]/}
    if ((\${#quotes} % 2)); then record+=$'\\n'; continue; fi
    line=\${record%$'\\r'} record=
    value=\${line%%,*} owner=
    if [[ $line == *,* ]]; then owner=\${line#*,}; fi
    if [[ -z $value || $value == -* || $value == *[!A-Za-z0-9._@-]* || -n \${seen[x$value]-} ]]; then continue; fi
    seen[x$value]=1
    owner=\${owner#\\"} owner=\${owner%\\"}
    # Control characters, and in UTF-8 those that reorder or hide text.
    case $owner in
      *[[:cntrl:]]*|*$'\\xc2'[$'\\x80'-$'\\x9f\\xad']*|*$'\\xd8'[$'\\x80'-$'\\x85\\x9c']*|*$'\\xe1\\xa0\\x8e'*|*$'\\xe2'[$'\\x80\\x81']*|*$'\\xef\\xbb\\xbf'*|*$'\\xef\\xbf'[$'\\xb9'-$'\\xbb']*|*$'\\xf3\\xa0'*) owner= ;;
    esac
    found+=("$value") texts+=("$value\${owner:+ ($owner)}")
  done < <("\${COMP_WORDS[0]/#\\~\\//$HOME/}" --format csv --columns "$1$listing" 2>/dev/null </dev/null | tail -n +2)
  local -a others=("\${COMPREPLY[@]}")
  COMPREPLY=()
  _portowner_add "\${found[@]}"
  if [[ -n $listing && \${#COMPREPLY[@]} -gt 1 ]]; then
    COMPREPLY=()
    _portowner_add "\${texts[@]}"
  fi
  COMPREPLY=("\${others[@]}" "\${COMPREPLY[@]}")
}

_portowner_values() {
  case $1 in
    :file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    :folder) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    :column:*) _portowner_used "\${1#:column:}" ;;
    *) local -a words; read -ra words <<<"$1"; _portowner_add "\${words[@]}" ;;
  esac
}

_portowner() {
  local command= option= current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
  local next operands options values path at=1
  COMPREPLY=()
  while ((at < COMP_CWORD)); do
    path=\${command:+$command }\${COMP_WORDS[at]}
    if [[ -z \${COMP_WORDS[at]} ]] || ! _portowner_command "$path"; then break; fi
    command=$path
    ((at++))
  done
  _portowner_command "$command"

  # bash parts --format=csv into three words, unless COMP_WORDBREAKS was changed.
  if [[ $current == = ]]; then option=$before current=
  elif [[ $before == = && $COMP_CWORD -gt 2 ]]; then option=\${COMP_WORDS[COMP_CWORD - 2]}
  else option=$before
  fi
  if _portowner_option "$command $option"; then
    _portowner_values "$values"
  elif [[ $current == -* ]]; then
    option=
    local -a words
    read -ra words <<<"$options"
    _portowner_add "\${words[@]}"
  else
    option=
    local -a words
    read -ra words <<<"$next"
    if ((at == COMP_CWORD)); then _portowner_add "\${words[@]}"; fi
    # Asking takes a moment: not while a command is being typed.
    if [[ -z $current || \${#COMPREPLY[@]} == 0 ]]; then _portowner_values "$operands"; fi
  fi
}

complete -F _portowner portowner
complete -F _portowner portowner.exe
`;
}
