import type { Sections } from './facts.ts';

const titles: Readonly<Record<keyof Sections, string>> = {
  sockets: 'sockets',
  processes: 'processes',
  services: 'services',
  dynamicRanges: 'dynamic port ranges',
  reservedPorts: 'reserved ports',
  binaries: 'executables',
  firewall: 'firewall rules',
  httpQueues: 'HTTP.sys request queues',
  drivers: 'drivers',
  portProxies: 'port proxy rules',
  socketUnits: 'systemd socket units',
  boundSockets: 'bound sockets that are not listening',
  urlReservations: 'URL reservations',
  ipListenList: 'HTTP.sys IP listen list',
  addresses: 'interface addresses',
};

/** What a section of facts is called in messages. One that a newer version added has its name only. */
export const sectionTitle = (name: string): string =>
  Object.hasOwn(titles, name) ? titles[name as keyof Sections] : name;
