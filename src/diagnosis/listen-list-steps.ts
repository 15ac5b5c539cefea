import { listensOn, type ListenList } from './listen-list.ts';
import { isWildcard } from './overlap.ts';
import { quote } from './quote.ts';
import { say, step } from './step.ts';

const netsh = (verb: string, address: string): string => `netsh http ${verb} iplisten ipaddress=${address}`;
const plain = (address: string): boolean => quote(address, 'win32') === address;

/** What to do about the IP listen list of HTTP.sys. `wanted`: the address that is to be listened on; null: every one. */
export function listenListSteps(list: ListenList, wanted: string | null): string[] {
  const add = wanted !== null && !isWildcard(wanted) && !listensOn(list, wanted) && plain(wanted) ? wanted : null;
  return [
    step('netsh http show iplisten', 'the addresses that HTTP.sys is told to listen on'),
    ...list.stale
      .filter(plain)
      .map((address) => step(netsh('delete', address), 'as administrator: this one is not here')),
    ...list.doubtful
      .filter(plain)
      .map((address) => step(netsh('delete', address), 'as administrator: if this machine does not have it any more')),
    ...(add === null ? [] : [step(netsh('add', add), 'as administrator: HTTP.sys listens there, too')]),
    ...(list.stale.length + list.doubtful.length > 0 || add !== null
      ? [say('then start the service or site again that has the URL')]
      : []),
  ];
}
