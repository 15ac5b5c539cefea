/*
 * Calls that Wine lacks or implements without effect: no test run of this project covers them. They are isolated here,
 * declared as documented or, if undocumented, as programs that use them declare them. Only the child process
 * (child.ts) calls them, so that a wrong declaration ends only that process.
 */

const ownerModule = { arguments: ['pointer', 'int32', 'pointer', 'pointer'], return: 'uint32' } as const;
const boundTable = { arguments: ['pointer', 'pointer', 'uint32'], return: 'uint32' } as const;

const setStatistics = {
  arguments: ['pointer', 'int32', 'pointer', 'uint32', 'uint32', 'uint32'],
  return: 'uint32',
} as const;
const getStatistics = {
  arguments: [
    'pointer',
    'int32',
    ...(['pointer', 'uint32', 'uint32'] as const),
    ...(['pointer', 'uint32', 'uint32'] as const),
    ...(['pointer', 'uint32', 'uint32'] as const),
  ],
  return: 'uint32',
} as const;

/** The calls by their DLL in the system directory. */
export const uncovered = {
  'iphlpapi.dll': {
    GetOwnerModuleFromTcpEntry: ownerModule,
    GetOwnerModuleFromTcp6Entry: ownerModule,
    GetOwnerModuleFromUdpEntry: ownerModule,
    GetOwnerModuleFromUdp6Entry: ownerModule,
    InternalGetBoundTcpEndpointTable: boundTable,
    InternalGetBoundTcp6EndpointTable: boundTable,
    GetPerTcpConnectionEStats: getStatistics,
    GetPerTcp6ConnectionEStats: getStatistics,
    SetPerTcpConnectionEStats: setStatistics,
    SetPerTcp6ConnectionEStats: setStatistics,
  },
  'sechost.dll': {
    I_QueryTagInformation: { arguments: ['pointer', 'int32', 'pointer'], return: 'uint32' },
  },
  'computenetwork.dll': {
    HcnEnumerateGuestNetworkPortReservations: { arguments: ['pointer', 'pointer'], return: 'int32' },
    HcnFreeGuestNetworkPortReservations: { arguments: ['pointer'], return: 'void' },
  },
} as const;

type Name = { [File in keyof typeof uncovered]: keyof (typeof uncovered)[File] }[keyof typeof uncovered];

/** The purpose of a call, and the origin of its signature. */
export interface UncoveredCall {
  readonly purpose: string;
  readonly documented: boolean;
  readonly source: string;
}

const learn = 'https://learn.microsoft.com/windows/win32/api/iphlpapi/nf-iphlpapi';
const systemInformer = 'https://github.com/winsiderss/systeminformer/blob/master';

export const uncoveredCalls: Readonly<Record<Name, UncoveredCall>> = {
  GetOwnerModuleFromTcpEntry: {
    purpose: 'the service in a shared process that created a socket',
    documented: true,
    source: `${learn}-getownermodulefromtcpentry`,
  },
  GetOwnerModuleFromTcp6Entry: {
    purpose: 'the service in a shared process that created a socket',
    documented: true,
    source: `${learn}-getownermodulefromtcp6entry`,
  },
  GetOwnerModuleFromUdpEntry: {
    purpose: 'the service in a shared process that created a socket',
    documented: true,
    source: `${learn}-getownermodulefromudpentry`,
  },
  GetOwnerModuleFromUdp6Entry: {
    purpose: 'the service in a shared process that created a socket',
    documented: true,
    source: `${learn}-getownermodulefromudp6entry`,
  },
  InternalGetBoundTcpEndpointTable: {
    purpose: 'sockets that are bound but not listening',
    documented: false,
    source: `${systemInformer}/SystemInformer/include/netprv.h`,
  },
  InternalGetBoundTcp6EndpointTable: {
    purpose: 'sockets that are bound but not listening',
    documented: false,
    source: `${systemInformer}/SystemInformer/include/netprv.h`,
  },
  GetPerTcpConnectionEStats: {
    purpose: 'the traffic, round-trip time, and retransmits of a connection',
    documented: true,
    source: `${learn}-getpertcpconnectionestats`,
  },
  GetPerTcp6ConnectionEStats: {
    purpose: 'the traffic, round-trip time, and retransmits of a connection',
    documented: true,
    source: `${learn}-getpertcp6connectionestats`,
  },
  SetPerTcpConnectionEStats: {
    purpose: 'to collect the statistics of a connection',
    documented: true,
    source: `${learn}-setpertcpconnectionestats`,
  },
  SetPerTcp6ConnectionEStats: {
    purpose: 'to collect the statistics of a connection',
    documented: true,
    source: `${learn}-setpertcp6connectionestats`,
  },
  I_QueryTagInformation: {
    purpose: 'the service in a shared process that created a socket',
    documented: false,
    source: `${systemInformer}/phnt/include/subprocesstag.h`,
  },
  HcnEnumerateGuestNetworkPortReservations: {
    purpose: 'ports reserved for virtual machines and WSL',
    documented: true,
    source: 'https://learn.microsoft.com/virtualization/api/hcn/reference/hcnenumerateguestnetworkportreservations',
  },
  HcnFreeGuestNetworkPortReservations: {
    purpose: 'ports reserved for virtual machines and WSL',
    documented: true,
    source: 'https://learn.microsoft.com/virtualization/api/hcn/reference/hcnfreeguestnetworkportreservations',
  },
};
