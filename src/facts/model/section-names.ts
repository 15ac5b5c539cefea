/** The sections of facts, for people. */
export const sectionNames: Readonly<Record<string, string>> = {
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
};
