export type ConflictSeverity = 'Information' | 'Warning' | 'Error';
/** The worst first. */
export const conflictSeverities: readonly ConflictSeverity[] = ['Error', 'Warning', 'Information'];

interface Kind {
  /** One sentence without its capital and full stop. */
  readonly meaning: string;
  readonly severity: ConflictSeverity;
  /** What is Information instead, because healthy machines have it; also where it is an Error. */
  readonly but?: string;
}

/** Every word that the column Kind of a conflict may have. */
export const conflictKinds = {
  OverlappingAddresses: {
    meaning: 'one has every address, another one of them: who asks that address reaches another program',
    severity: 'Warning',
  },
  SharedByReuse: {
    meaning: 'several programs have the same port: which of them gets a connection or datagram is not said',
    severity: 'Warning',
    but: 'Information for mDNS, SSDP, LLMNR and WS-Discovery',
  },
  Instances: {
    meaning: 'one program runs several times on the same port: which of them is reached is not said',
    severity: 'Warning',
    but: 'Information for mDNS, SSDP, LLMNR and WS-Discovery',
  },
  FamilySplit: {
    meaning: 'one has the port over IPv4, another over IPv6: who is reached depends on how a name is resolved',
    severity: 'Warning',
    but: 'Information for relays and dynamic ports',
  },
  ListenerInDynamicRange: {
    meaning: 'it listens inside the dynamic range: when it is restarted, a connection may have the port',
    severity: 'Warning',
    but: 'Information on loopback and for parts of the system, but not below 49152 in a wider range of Windows',
  },
  ListenerInExcludedRange: {
    meaning: 'it listens inside an excluded range: when it is restarted, it may not get the port again',
    severity: 'Warning',
    but: 'Information for parts of the system and ranges that an administrator has excluded',
  },
  UrlReservationBlocked: {
    meaning:
      'a URL is reserved with HTTP.sys, but a program of its own has the port: who is to use the URL cannot start',
    severity: 'Warning',
    but: "Information for Windows' own reservations",
  },
  UrlBlocked: {
    meaning: 'a URL is registered with HTTP.sys, but a program of its own has the port: the URL is not served',
    severity: 'Error',
  },
  PortProxyBlocked: {
    meaning: 'a rule is to pass the port on, but another program has it',
    severity: 'Warning',
  },
  ServiceBlocked: {
    meaning: 'a service is set up to have the port, but another program has it: it cannot start',
    severity: 'Warning',
  },
  DynamicPortsLow: {
    meaning: 'the dynamic ports run out: soon no program can connect',
    severity: 'Warning',
    but: 'Error from 95 % of them in use on',
  },
  ListenAddressMissing: {
    meaning:
      'HTTP.sys is told to listen on an address that the machine does not have: sites and services get no URL there',
    severity: 'Warning',
  },
  ConnectionPairsLow: {
    meaning: 'connections to one address and port use up the dynamic ports: soon nobody can connect there',
    severity: 'Warning',
    but: 'Error from 95 % of them in use on',
  },
} as const satisfies Readonly<Record<string, Kind>>;
export type ConflictKind = keyof typeof conflictKinds;
