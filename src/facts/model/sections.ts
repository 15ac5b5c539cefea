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

/** Returns the title of a section for messages. A section from a newer version has only its name. */
export const sectionTitle = (name: string): string =>
  Object.hasOwn(titles, name) ? titles[name as keyof Sections] : name;
