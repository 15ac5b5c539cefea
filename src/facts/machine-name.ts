/** The longest name of a host in DNS, with room. */
const longestName = 255;

/** Whether text can be the name of a machine: rows and messages repeat it. */
export function canName(text: string): boolean {
  return text !== '' && text.length <= longestName;
}
