/** Returns a command to paste, with its description. */
export const step = (command: string, what: string): string => `${command}  # ${what}`;
/** Returns an instruction that is not a command. */
export const say = (what: string): string => `# ${what}`;
/** Returns the command of a step; empty for an instruction without one. */
export const commandOf = (line: string): string => line.replace(/ {0,2}# .*$/s, '');
