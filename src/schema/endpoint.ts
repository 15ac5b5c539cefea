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

/** What an owner can be. */
export const ownerKinds = ['Process', 'Service', 'HttpSys', 'Relay', 'Kernel', 'Orphan', 'Unknown'] as const;
export type OwnerKind = (typeof ownerKinds)[number];

/** One socket and who is behind it. Property names follow Get-NetTCPConnection. */
export const endpoint = {
  typeName: 'PortOwner.Endpoint',
  columns: [
    { name: 'Protocol', type: 'text', importance: 2, description: 'TCP or UDP.' },
    {
      name: 'AddressScope',
      type: 'text',
      description:
        'Who can reach the local address: Loopback (this machine), Specific (one address or interface of it) or Any (all of them).',
    },
    {
      name: 'LocalAddress',
      type: 'text',
      importance: 3,
      description:
        'The local address, with % and the interface that the socket is bound to, or its scope id where IPv6 has one.',
    },
    { name: 'LocalPort', type: 'uint16', importance: 1, description: 'The local port.' },
    {
      name: 'RemoteAddress',
      type: 'text',
      importance: 5,
      connectionsOnly: true,
      description: 'The address at the other end; null for listeners and for UDP.',
    },
    {
      name: 'RemotePort',
      type: 'uint16',
      importance: 5,
      connectionsOnly: true,
      description: 'The port at the other end; null for listeners and for UDP.',
    },
    {
      name: 'State',
      type: 'text',
      importance: 4,
      usual: 'Listen',
      description:
        "The TCP state by Get-NetTCPConnection's names (Listen, Established, TimeWait, Bound …); null for UDP.",
    },
    {
      name: 'OwningProcess',
      type: 'uint32',
      importance: 2,
      toldBy: 'Owner',
      description: 'The process that owns the socket: the oldest holder where several hold it.',
    },
    { name: 'ImageName', type: 'text', description: "The owner's file name, such as nginx.exe." },
    {
      name: 'Application',
      type: 'text',
      wideImportance: spare + 1,
      description:
        'What the owner runs, as people call it: node server.js, vite, python -m http.server, redis-server. The same at each start: without path, version, and port.',
    },
    { name: 'Path', type: 'text', keeps: 'end', description: "The owner's executable file, whole path." },
    {
      name: 'CommandLine',
      type: 'text',
      description: "The owner's command line, with password-like arguments masked.",
    },
    {
      name: 'WorkingDirectory',
      type: 'text',
      wideImportance: spare,
      keeps: 'end',
      askedBy: 'columns',
      description: "The owner's working directory; only looked up in lists, and where --columns names it.",
    },
    {
      name: 'UserName',
      type: 'text',
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
      description: "The owner's parent, if it still is the process that started it.",
    },
    { name: 'ParentImageName', type: 'text', description: "The parent's file name." },
    { name: 'StartTime', type: 'date', description: 'When the owner was started.' },
    { name: 'CreationTime', type: 'date', description: 'When the socket was bound, where the system tells.' },
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
        'Every process that holds the socket, where several do; behind HTTP.sys System (4) and then the processes that serve its URLs. Processes that only may have inherited it stand in Owner and Reason.',
    },
    {
      name: 'Reason',
      type: 'texts',
      description: 'Why a value is missing: "Column: code: text", with what would reveal it.',
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
        'The project that the owner was started in, and its folder: shop (~/shop). Only looked up on this machine, in lists, and where --columns names it; rows that were saved with it keep it.',
    },
    {
      name: 'Supervisor',
      type: 'text',
      askedBy: 'tree',
      description:
        'What is known to start the owner again when it ends, or at its time: a service, a unit, a container, a scheduled task, IIS, pm2, nodemon, cron; only with --tree and in lists.',
    },
    {
      name: 'Ancestors',
      type: 'ancestors',
      askedBy: 'tree',
      description:
        'The processes that led to the owner, its parent first, each with ProcessId, ImageName, Application, StartTime, and Role (Supervisor, Scheduler, Session, Terminal, Editor, Shell, Runner); only with --tree and in lists.',
    },
    {
      name: 'FirewallStatus',
      type: 'text',
      askedBy: 'firewall',
      description:
        "Whether this machine's firewall lets other machines in to the port; only with --firewall. Allowed, AllowedFrom (only some remotes), Blocked, Off, Unknown, or Varies (by kind of network on Windows, by address family on Linux). Null for connections and loopback.",
    },
    {
      name: 'FirewallRules',
      type: 'texts',
      askedBy: 'firewall',
      description:
        'The rule that decides, for each kind of network (Domain, Private, Public) or address family; only with --firewall.',
    },
    {
      name: 'Id',
      type: 'int32',
      liveAliasOf: 'OwningProcess',
      description:
        "The owner's process id, only on live rows of this machine with an id above 4, so that Stop-Process can bind no other.",
    },
  ],
} as const satisfies RowSchema;

export type Endpoint = RowOf<typeof endpoint>;
