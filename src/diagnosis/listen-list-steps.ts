import { listensOn, type ListenList } from './listen-list.ts';
import { isWildcard } from './overlap.ts';
import { shownAddress } from './quote.ts';
import { say, step } from '../schema/step.ts';

const netsh = (verb: string, address: string): string => `netsh http ${verb} iplisten ipaddress=${address}`;
const plain = (address: string): boolean => shownAddress(address) !== null;

/** Returns what to do about the HTTP.sys IP listen list. `wanted`: the address to listen on; null: every address. */
export function listenListSteps(list: ListenList, wanted: string | null): string[] {
  const add = wanted !== null && !isWildcard(wanted) && !listensOn(list, wanted) && plain(wanted) ? wanted : null;
  return [
    step('netsh http show iplisten', 'the addresses that HTTP.sys is configured to listen on'),
    ...list.stale
      .filter(plain)
      .map((address) =>
        step(netsh('delete', address), 'as administrator: this address is not assigned to this machine'),
      ),
    ...list.doubtful
      .filter(plain)
      .map((address) =>
        step(netsh('delete', address), 'as administrator: if it is no longer assigned to this machine'),
      ),
    ...(add === null ? [] : [step(netsh('add', add), 'as administrator: makes HTTP.sys listen there, too')]),
    ...(list.stale.length + list.doubtful.length > 0 || add !== null
      ? [say('then restart the service or site that uses the URL')]
      : []),
  ];
}
