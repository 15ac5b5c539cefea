import { folderText } from '../ownership/processes.ts';
import { unseenText } from '../ownership/absent.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import type { Socket } from '../facts/model/facts.ts';
import type { Platform } from '../system/raw.ts';
import type { Holder } from './families.ts';

/** The reader: the system that owners are on, and the home folder. */
export interface Reader {
  readonly platform: Platform;
  /** Empty if there is none. */
  readonly home: string;
}

/** The name of an owner, and the process after it. */
const owned = /^(.+?)( \((?:[^()]* )?\d+\).*)$/s;

/** Replaces the owners of rows by owners that are told apart. `sockets`: those of the rows, in the same order. */
export function withOwnersApart(
  rows: readonly OwnedEndpoint[],
  sockets: readonly Socket[],
  reader: Reader,
): readonly OwnedEndpoint[] {
  if (rows.length < 2) return rows;
  const texts = toldApart(
    rows.map((row, at) => ({ row, socket: sockets[at]! })),
    reader,
  );
  return rows.map((row, at) => (row.Owner === null || row.Owner === texts[at] ? row : { ...row, Owner: texts[at]! }));
}

const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')));

/** What may distinguish owners of the same name, the best known first: the folder, the file, the user. */
const differences: readonly ((row: Holder['row'], reader: Reader) => string | null)[] = [
  ({ WorkingDirectory }, { home }) => {
    const place = folderText(WorkingDirectory, home);
    return place === null ? null : ` in ${place}`;
  },
  ({ Path }, { home }) => {
    const place = folderText(Path === null ? null : folderOf(Path), home);
    return place === null ? null : ` from ${place}`;
  },
  ({ UserName }) => (UserName === null ? null : ` of ${UserName}`),
];

/** Returns the owners of holders in one line each, with what distinguishes those of the same name. */
export function toldApart(holders: readonly Pick<Holder, 'row' | 'socket'>[], reader: Reader): string[] {
  const texts = holders.map(({ row, socket }) => row.Owner ?? unseenText(socket, reader.platform));
  const byName = Map.groupBy(holders.keys(), (at) => owned.exec(texts[at]!)?.[1] ?? texts[at]!);
  for (const [name, numbers] of byName) {
    if (new Set(numbers.map((at) => texts[at])).size < 2) continue;
    for (const difference of differences) {
      const found = numbers.map((at) => difference(holders[at]!.row, reader));
      if (new Set(found).size < 2) continue;
      numbers.forEach((at, nth) => {
        const after = texts[at]!.slice(name.length);
        texts[at] = `${name}${found[nth] ?? ''}${after}`;
      });
      break;
    }
  }
  return texts;
}
