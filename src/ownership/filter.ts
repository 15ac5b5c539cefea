import { BlockList } from 'node:net';
import { addressBytes, addressFamily, canonicalAddress, unmapped, withoutScope } from '../ports/address.ts';
import { portMatcher, type PortSpan } from '../ports/expression.ts';
import { didYouMean, nearest, suggested } from '../schema/nearest.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { namesOf } from '../facts/decode/application/application.ts';
import type { OwnedEndpoint } from './owned.ts';
import { anyOf, PatternError } from '../ports/wildcard.ts';

/** Selects rows; null selects all. Several values of one filter are alternatives. */
export interface RowFilter {
  readonly states: readonly string[] | null;
  readonly pids: readonly number[] | null;
  /** Wildcard patterns like PowerShell's -like: `*`, `?`, and `[a-z]`, case-insensitive. */
  readonly images: readonly string[] | null;
  /** Addresses and CIDR ranges; the local or the remote address may match. */
  readonly addresses: readonly string[] | null;
  readonly remotePorts: readonly PortSpan[] | null;
  readonly users: readonly string[] | null;
  readonly services: readonly string[] | null;
  readonly ranges: readonly string[] | null;
}

/** Combines -like patterns into one test. Throws PO1001. */
export function anyPattern(patterns: readonly string[]): (text: string) => boolean {
  try {
    return anyOf(patterns, { anyCase: true, sets: 'like' });
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new PortOwnerError('PO1001', error.message, { hint: 'Use *, ?, and [a-z].', target: error.pattern });
  }
}

/** The addresses of one family. */
const familyName = (address: string) => (addressFamily(address) === 'IPv4' ? 'ipv4' : 'ipv6');

/** Combines addresses and CIDR ranges into one test. Throws PO1004. */
export function addressMatcher(texts: readonly string[]): (address: string) => boolean {
  // One list for each family: in a common list, ::/0 would match every IPv4 address, too.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const text of texts.flatMap((one) => (one.trim().toLowerCase() === 'localhost' ? ['127.0.0.1', '::1'] : one))) {
    const [address, prefix, ...rest] = text.trim().split('/') as [string, string?, ...string[]];
    const own = canonicalAddress(withoutScope(address));
    const plain = unmapped(own ?? '');
    const name = familyName(plain);
    const bits = name === 'ipv4' ? 32 : 128;
    const mapped = plain === own ? 0 : 96;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) - mapped : -1;
    if (own === null || rest.length > 0 || length < 0 || length > bits) {
      throw new PortOwnerError('PO1004', `${JSON.stringify(text)} is not an IP address or CIDR range`, {
        hint: didYouMean(text, ['localhost'], 'Use 127.0.0.1, 10.0.0.0/8, ::1, or fe80::/10.'),
        target: text,
      });
    }
    lists[name].addSubnet(plain, length, name);
  }
  return (address) => {
    const plain = unmapped(withoutScope(address));
    const name = familyName(plain);
    return addressBytes(plain) !== null && lists[name].check(plain, name);
  };
}

/** `nginx` matches nginx.exe, as in Get-Process; a pattern with a wildcard is unchanged. */
function imagePattern(pattern: string): readonly string[] {
  return /[*?[]/.test(pattern) ? [pattern] : [pattern, `${pattern}.exe`];
}

/** `SYSTEM` matches NT AUTHORITY\SYSTEM: the domain can be omitted. */
function userPattern(pattern: string): readonly string[] {
  return pattern.includes('\\') ? [pattern] : [pattern, `*\\${pattern}`];
}

/** Matches the account, or the person for whom Windows created it. */
function userTest(users: readonly string[]): (row: OwnedEndpoint) => boolean | null {
  const test = anyPattern(users.flatMap(userPattern));
  return (row) => {
    if (row.UserName === null) return unseen(row, 'OwningProcess', 'ImageName', 'UserName') ? null : false;
    return test(row.UserName) || (row.realUser !== undefined && test(row.realUser));
  };
}

/** `nginx` matches nginx.service and docker:nginx. */
function servicePattern(pattern: string): readonly string[] {
  return [pattern, `${pattern}.service`, `*:${pattern}`];
}

/** Whether a null could be a hidden value. Values of ended processes, and values that nobody can see, remain unknown. */
function unseen({ refusals }: OwnedEndpoint, ...columns: readonly (keyof OwnedEndpoint)[]): boolean {
  return refusals.some(
    ({ field, code, needs }) =>
      (columns as readonly string[]).includes(field) && code !== 'Gone' && (code !== 'AccessDenied' || needs !== null),
  );
}

/** A program has several names: that of its file, and that of its application. */
function imageTest(patterns: readonly string[]): (row: OwnedEndpoint) => boolean | null {
  const test = anyPattern(patterns.flatMap(imagePattern));
  return (row) => {
    if (row.ImageName !== null) return namesOf(row.ImageName, row.Application).some(test);
    return unseen(row, 'OwningProcess', 'ImageName') ? null : false;
  };
}

/**
 * Combines the filters into one test: null means unknown, because a value is unavailable.
 * Throws PO1001 or PO1004 for an invalid filter.
 */
export function rowFilter(filter: RowFilter): (row: OwnedEndpoint) => boolean | null {
  const tests: ((row: OwnedEndpoint) => boolean | null)[] = [];
  const { states, pids, images, addresses, remotePorts, users, services, ranges } = filter;
  if (states !== null) {
    const wanted = new Set(states.map((state) => state.toLowerCase()));
    tests.push((row) => row.State !== null && wanted.has(row.State.toLowerCase()));
  }
  if (pids !== null) {
    const wanted = new Set(pids);
    tests.push((row) =>
      row.OwningProcess === null && unseen(row, 'OwningProcess')
        ? null
        : (row.OwningProcess !== null && wanted.has(row.OwningProcess)) ||
          (row.Holders?.some((pid) => wanted.has(pid)) ?? false),
    );
  }
  if (images !== null) tests.push(imageTest(images));
  if (addresses !== null) {
    const test = addressMatcher(addresses);
    tests.push((row) => test(row.LocalAddress ?? '') || test(row.RemoteAddress ?? ''));
  }
  if (remotePorts !== null) {
    const test = portMatcher(remotePorts);
    tests.push((row) => row.RemotePort !== null && test(row.RemotePort));
  }
  if (users !== null) {
    tests.push(userTest(users));
  }
  if (services !== null) {
    const test = anyPattern(services.flatMap(servicePattern));
    tests.push((row) =>
      row.Services !== null
        ? row.Services.some(test)
        : unseen(row, 'OwningProcess', 'ImageName', 'Services')
          ? null
          : false,
    );
  }
  if (ranges !== null) {
    const wanted = new Set(ranges);
    tests.push((row) => row.PortRange !== null && wanted.has(row.PortRange));
  }
  return (row) => {
    let all: boolean | null = true;
    for (const test of tests) {
      const one = test(row);
      if (one === false) return false;
      if (one === null) all = null;
    }
    return all;
  };
}

const withoutDomain = (user: string): string => user.replace(/^[^\\]{0,256}\\/, '');

/** The names of a service without what a filter can omit, for sshd.service and docker:shop. */
const serviceNames = (service: string): readonly string[] => [
  service.replace(/\.service$/, ''),
  service.replace(/^[^:]{1,64}:/, ''),
];

/** Suggests the name of an owner that is closest to a requested one that no owner has; empty if none is close. */
export function nearestOwner({ images, users, services }: RowFilter, rows: readonly OwnedEndpoint[]): string {
  const requested: readonly (readonly [readonly string[] | null, (row: OwnedEndpoint) => readonly string[]])[] = [
    [images, ({ ImageName, Application }) => (ImageName === null ? [] : namesOf(ImageName, Application))],
    [users, ({ UserName }) => (UserName === null ? [] : [withoutDomain(UserName)])],
    [services, ({ Services }) => (Services ?? []).flatMap(serviceNames)],
  ];
  for (const [patterns, namesIn] of requested) {
    const names = new Set(rows.flatMap(namesIn));
    for (const pattern of patterns ?? []) {
      const test = anyPattern([pattern]);
      if (/[*?[]/.test(pattern) || names.values().some(test)) continue;
      const found = nearest(pattern, names);
      if (found !== null) return suggested(found, '');
    }
  }
  return '';
}
