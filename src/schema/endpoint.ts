import { spare, type RowOf, type RowSchema } from './column.ts';

/** Get-NetTCPConnection's names. */
export const tcpStates = [
  'Bound',
  'Closed',
  'CloseWait',
  'Closing',
  'DeleteTCB',
  'Established',
  'FinWait1',
  'FinWait2',
  'LastAck',
  'Listen',
  'SynReceived',
  'SynSent',
  'TimeWait',
] as const;

/** The kinds of owners. */
export const ownerKinds = ['Process', 'Service', 'HttpSys', 'Relay', 'Kernel', 'Orphan', 'Unknown'] as const;
export type OwnerKind = (typeof ownerKinds)[number];

/** One socket and its owner. Property names follow Get-NetTCPConnection. */
export const endpoint = {
  typeName: 'PortOwner.Endpoint',
  machines: 'column',
  columns: [
    { name: 'Protocol', type: 'text', importance: 2, description: 'TCP or UDP.' },
    {
      name: 'AddressScope',
      type: 'text',
      description:
        'Who can reach the local address: Loopback (only this machine), Specific (through one address or interface), or Any (through all addresses).',
    },
    {
      name: 'LocalAddress',
      type: 'text',
      keeps: 'all',
      importance: 3,
      description:
        'The local address, followed by % and the interface that the socket is bound to, or the IPv6 scope ID.',
    },
    { name: 'LocalPort', type: 'uint16', importance: 1, description: 'The local port.' },
    {
      name: 'RemoteAddress',
      type: 'text',
      keeps: 'all',
      importance: 5,
      connectionsOnly: true,
      description: 'The remote address; null for listeners and UDP.',
    },
    {
      name: 'RemotePort',
      type: 'uint16',
      importance: 5,
      connectionsOnly: true,
      description: 'The remote port; null for listeners and UDP.',
    },
    {
      name: 'State',
      type: 'text',
      importance: 4,
      usual: 'Listen',
      description:
        "The TCP state, with Get-NetTCPConnection's names (Listen, Established, TimeWait, Bound …); null for UDP.",
    },
    {
      name: 'OwningProcess',
      type: 'uint32',
      importance: 2,
      toldBy: 'Owner',
      description: 'The process that owns the socket; the oldest one if several processes hold it.',
    },
    { name: 'ImageName', type: 'text', description: "The owner's file name, such as nginx.exe." },
    {
      name: 'Application',
      type: 'text',
      wideImportance: spare + 1,
      inReport: true,
      description:
        'The application that the owner runs: node server.js, vite, python -m http.server, redis-server. The same at each start: without path, version, and port.',
    },
    { name: 'Path', type: 'text', keeps: 'end', description: "The full path of the owner's executable file." },
    {
      name: 'CommandLine',
      type: 'text',
      askedBy: 'commandLines',
      description:
        "The owner's command line, with password-like arguments masked; only with --command-lines, in lists, or if --columns names it.",
    },
    {
      name: 'WorkingDirectory',
      type: 'text',
      wideImportance: spare,
      isPartOf: 'Owner',
      keeps: 'end',
      askedBy: 'columns',
      description: "The owner's working directory; only looked up in lists, or if --columns names it.",
    },
    {
      name: 'UserName',
      type: 'text',
      inReport: true,
      description: 'The account the owner runs as: DOMAIN\\name on Windows, the login name on Linux.',
    },
    {
      name: 'Services',
      type: 'texts',
      description: 'The services the owner runs: Windows service names, systemd units, containers.',
    },
    {
      name: 'ParentProcess',
      type: 'uint32',
      description: "The owner's parent, if it is still the process that started the owner.",
    },
    { name: 'ParentImageName', type: 'text', description: "The parent's file name." },
    { name: 'StartTime', type: 'date', inReport: true, description: 'When the owner started.' },
    { name: 'CreationTime', type: 'date', description: 'When the socket was bound, if the system reports it.' },
    {
      name: 'PortRange',
      type: 'text',
      description:
        "IANA's class of the local port: WellKnown (0–1023), Registered (1024–49151) or Dynamic (49152–65535).",
    },
    {
      name: 'PortService',
      type: 'text',
      description: 'The service that IANA registered for the local port and protocol.',
    },
    {
      name: 'OwnerKind',
      type: 'text',
      description: `What the owner is: ${ownerKinds.slice(0, -1).join(', ')} or ${ownerKinds.at(-1)}.`,
    },
    { name: 'Owner', type: 'text', keeps: 'process', importance: 1, description: 'The answer in one line.' },
    {
      name: 'Holders',
      type: 'uint32s',
      description:
        'Every process that holds the socket, if there are several; for HTTP.sys, System (4) and the processes that serve its URLs. Processes that only may have inherited it are in Owner and Reason.',
    },
    {
      name: 'Reason',
      type: 'texts',
      description: 'Why a value is missing, and what would reveal it: "Column: code: text".',
    },
    { name: 'ComputerName', type: 'text', description: 'The machine the row is about.' },
    {
      name: 'RemoteHostName',
      type: 'text',
      connectionsOnly: true,
      askedBy: 'resolve',
      description: 'The DNS name of the remote address; only looked up with --resolve.',
    },
    {
      name: 'Project',
      type: 'text',
      askedBy: 'columns',
      description:
        'The project in which the owner was started, and its folder: shop (~/shop). Only looked up on this machine, in lists, or if --columns names it. Saved rows keep it.',
    },
    {
      name: 'Supervisor',
      type: 'text',
      askedBy: 'tree',
      description:
        'What restarts the owner when it ends, or on a schedule, or may do so: a service, a unit, a container, a scheduled task, IIS, pm2, nodemon, cron, a script that started it; only with --tree and in lists.',
    },
    {
      name: 'Ancestors',
      type: 'ancestors',
      askedBy: 'tree',
      description:
        'The ancestors of the owner, parent first, each with ProcessId, ImageName, Application, StartTime, and Role (Supervisor, Scheduler, Session, Terminal, Editor, Shell, Runner); only with --tree and in lists.',
    },
    {
      name: 'FirewallStatus',
      type: 'text',
      askedBy: 'firewall',
      description:
        "Whether this machine's firewall lets other machines reach the port; only with --firewall. Allowed, AllowedFrom (only some remote machines), Blocked, Off, Unknown, or Varies (by network profile on Windows, by address family on Linux). Null for connections and loopback.",
    },
    {
      name: 'FirewallRules',
      type: 'texts',
      askedBy: 'firewall',
      description:
        'The deciding rule, for each network profile (Domain, Private, Public) or address family; only with --firewall.',
    },
    {
      name: 'Id',
      type: 'int32',
      liveAliasOf: 'OwningProcess',
      description:
        "The owner's process ID, only on live rows of this machine with an ID above 4, so that Stop-Process cannot bind any other.",
    },
  ],
} as const satisfies RowSchema;

export type Endpoint = RowOf<typeof endpoint>;
