export type ConflictSeverity = 'Information' | 'Warning' | 'Error';
/** From most to least severe. */
export const conflictSeverities: readonly ConflictSeverity[] = ['Error', 'Warning', 'Information'];

interface Kind {
  /** One sentence without its initial capital and period. */
  readonly meaning: string;
  readonly severity: ConflictSeverity;
  /** What is Information instead because healthy machines have it; also, where the kind is an Error. */
  readonly but?: string;
}

/** Every value of a conflict's Kind column. */
export const conflictKinds = {
  OverlappingAddresses: {
    meaning:
      'one program listens on every address, and another one on a single address: connections to that address reach the other program',
    severity: 'Warning',
  },
  SharedByReuse: {
    meaning: 'several programs share the port: which one gets a connection or datagram is undefined',
    severity: 'Warning',
    but: 'Information for mDNS, SSDP, LLMNR, and WS-Discovery',
  },
  Instances: {
    meaning: 'one program runs several times on the same port: which instance is reached is undefined',
    severity: 'Warning',
    but: 'Information for mDNS, SSDP, LLMNR, and WS-Discovery',
  },
  FamilySplit: {
    meaning:
      'one program owns the port over IPv4, and another one over IPv6: which one is reached depends on name resolution',
    severity: 'Warning',
    but: 'Information for relays and dynamic ports',
  },
  ListenerInDynamicRange: {
    meaning: 'it listens inside the dynamic range: another connection may take the port before it restarts',
    severity: 'Warning',
    but: 'Information on loopback and for parts of the system, except below 49152 in a wider range on Windows',
  },
  ListenerInExcludedRange: {
    meaning: 'it listens inside an excluded range: after a restart it may not get the port again',
    severity: 'Warning',
    but: 'Information for parts of the system and ranges that an administrator has excluded',
  },
  UrlReservationBlocked: {
    meaning:
      'a URL is reserved with HTTP.sys, but another program owns the port: the program that the URL is reserved for cannot start',
    severity: 'Warning',
    but: "Information for Windows' own reservations",
  },
  UrlBlocked: {
    meaning: 'a URL is registered with HTTP.sys, but another program owns the port: the URL is not served',
    severity: 'Error',
  },
  PortProxyBlocked: {
    meaning: 'a forwarding rule uses the port, but another program owns it',
    severity: 'Warning',
  },
  ServiceBlocked: {
    meaning: 'a service is configured to use the port, but another program owns it: the service cannot start',
    severity: 'Warning',
  },
  ConfiguredTwice: {
    meaning: 'the configurations of several servers ask for the port: the one that starts last cannot listen there',
    severity: 'Warning',
  },
  DynamicPortsLow: {
    meaning: 'the dynamic ports are running out: soon no program can connect',
    severity: 'Warning',
    but: 'Error if 95% or more are in use',
  },
  ListenAddressMissing: {
    meaning:
      'HTTP.sys is configured to listen on an address that is not assigned to the machine: sites and services cannot use it',
    severity: 'Warning',
  },
  ConnectionPairsLow: {
    meaning: 'connections to one address and port are using up the dynamic ports: soon nobody can connect there',
    severity: 'Warning',
    but: 'Error if 95% or more are in use',
  },
} as const satisfies Readonly<Record<string, Kind>>;
export type ConflictKind = keyof typeof conflictKinds;
