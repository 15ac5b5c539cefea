/** A command to paste, with what it does. */
export const step = (command: string, what: string): string => `${command}  # ${what}`;
/** What to do that is no command. */
export const say = (what: string): string => `# ${what}`;
/** The command of a step; empty for what is none. */
export const commandOf = (line: string): string => line.replace(/ {0,2}# .*$/s, '');
