import type { Sections } from './facts.ts';

const titles: Readonly<Record<keyof Sections, string>> = {
  sockets: 'sockets',
  processes: 'processes',
  services: 'services',
  dynamicRanges: 'dynamic port ranges',
  reservedPorts: 'reserved ports',
  binaries: 'executables',
  firewall: 'rules of the firewall',
  httpQueues: 'request queues of HTTP.sys',
  drivers: 'drivers',
  portProxies: 'port proxy rules',
  socketUnits: 'socket units of systemd',
  boundSockets: 'bound sockets that do not listen',
  urlReservations: 'URL reservations',
  ipListenList: 'IP listen list of HTTP.sys',
  addresses: 'addresses of the interfaces',
};

/** What a section of facts is called in messages. One that a newer version added has its name only. */
export const sectionTitle = (name: string): string =>
  Object.hasOwn(titles, name) ? titles[name as keyof Sections] : name;
