/** Whether a word after a command in a sentence is still part of the command, not of the prose that follows. */
export const isArgument = (word: string, before: string | undefined): boolean =>
  /^(?:--|["'…]|[A-Z])|\d|[/\\]|\w\.\w/.test(word) ||
  (/^--[a-z-]+$/.test(before ?? '') && /^(?:list|json|csv|clixml|udp|tcp|port|high|medium|low|error)$/.test(word));
