import type { Facts } from '../facts/model/facts.ts';

/** What the request queues and reservations of HTTP.sys say of a port. */
export function httpEvidence(facts: Facts, port: number, owned: boolean): string[] {
  const { httpQueues, urlReservations, ipListenList } = facts.sections;
  const about = (url: string): boolean => new RegExp(`^https?://[^/]*:${port}(?::[^/]*)?(?:/|$)`, 'i').test(url);
  const urls = (httpQueues?.data ?? []).flatMap((queue) =>
    queue.urls
      .filter(about)
      .map(
        (url) =>
          `HTTP.sys has ${url} registered for the request queue ${queue.name ?? 'without a name'}${queue.processes.length === 0 ? '' : `, served by process ${queue.processes.map(({ pid }) => pid).join(', ')}`}.`,
      ),
  );
  const reserved = (urlReservations?.data ?? [])
    .filter(({ url }) => about(url))
    .map(({ url }) => `The URL ${url} is reserved with HTTP.sys; that alone holds no port.`);
  const listen = (ipListenList?.data ?? []).map(({ address }) => address);
  return [
    ...urls.slice(0, 5),
    ...(urls.length > 5 ? [`… and ${urls.length - 5} more URLs.`] : []),
    ...reserved.slice(0, 3),
    ...(owned && listen.length > 0 ? [`HTTP.sys listens only on ${listen.join(', ')} (its IP listen list).`] : []),
  ];
}
