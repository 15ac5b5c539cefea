/** Whether the name of a store or a report is a URL, not the path of a file: `C://audits.db` and `./a://b` are paths. */
export function isUrl(name: string): boolean {
  const end = name.indexOf('://');
  return end > 1 && name.indexOf('/') === end + 1 && !name.slice(0, end).includes('\\');
}
