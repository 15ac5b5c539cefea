/** Abbreviates a folder: the home folder as `~`, other users' as `~ann`. */
export function shortPath(path: string, home: string): string {
  const windows = /^(?:[a-z]:|\\)/i.test(path);
  const [given, own] = windows ? [path.toLowerCase(), home.toLowerCase()] : [path, home];
  if (own.length > 1 && (given === own || given.startsWith(own + (windows ? '\\' : '/'))))
    return `~${path.slice(home.length)}`;
  const [, user, rest] = /^(?:\/home\/|\/Users\/|[a-z]:\\Users\\)([^\\/]+)(.*)$/is.exec(path) ?? [];
  return user === undefined ? path : `~${user}${rest}`;
}
