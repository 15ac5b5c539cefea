/** Whether a word after a command belongs to it in a sentence, too, which goes on with words of the language. */
export const isArgument = (word: string, before: string | undefined): boolean =>
  /^(?:--|["'…]|[A-Z])|\d|[/\\]|\w\.\w/.test(word) ||
  (/^--[a-z-]+$/.test(before ?? '') && /^(?:list|json|csv|clixml|udp|tcp|port|high|medium|low|error)$/.test(word));
