import type { Cause } from '../cause.ts';
import { listensOn } from '../listen-list.ts';
import { listenListSteps } from '../listen-list-steps.ts';

export const listenListMisses: Cause = {
  name: 'IpListenList',
  meaning: 'HTTP.sys listens only on the addresses in its IP listen list',
  isOwnerless: true,
  overrules: ({ error, request, listenList, can, full }) => {
    if (can === false || full) return undefined;
    // HTTP.sys cannot listen on an address that the machine no longer has.
    if (error?.http === true && listenList.stale.length > 0) return false;
    if (error?.origin !== 'HttpSysListen' || listenList.all.length === 0) return undefined;
    if (request.address !== null && !listensOn(listenList, request.address)) return false;
    return listenList.doubtful.length > 0 ? null : undefined;
  },
  remedies: ({ request, listenList }) => listenListSteps(listenList, request.address),
};
