/** A kind of what an audit finds. */
interface Kind {
  /** The id of its event in the system's log: never changes. */
  readonly event: number;
  readonly meaning: string;
  readonly severity: string;
}

/** Every word that the column Kind of a finding may have: first what changed, then what the policy says. */
export const findingKinds = {
  Opened: {
    event: 101,
    meaning: 'a listener that was not there before',
    severity:
      'High, on loopback Medium; of UDP in the dynamic range one lower; Info for a client of a program that had a listener before',
  },
  Closed: { event: 102, meaning: 'a listener that is gone', severity: 'Low; Info in the dynamic range' },
  OwnerChanged: { event: 103, meaning: 'another program or service listens there', severity: 'High' },
  PathChanged: { event: 104, meaning: 'its executable is in another folder', severity: 'High' },
  UserChanged: { event: 105, meaning: 'it runs as another user', severity: 'Medium' },
  AddressChanged: { event: 106, meaning: 'it listens on other addresses', severity: 'Medium' },
  Exposed: {
    event: 107,
    meaning: 'only this machine could reach it, and now others can',
    severity: 'High; Info for UDP in the dynamic range',
  },
  BinaryChanged: {
    event: 108,
    meaning: 'its executable has another hash or signer',
    severity: 'Medium; High where the signer is another one',
  },
  FileGone: {
    event: 109,
    meaning: 'its file was removed or replaced since it started, as an update does, too',
    severity: 'Low',
  },
  Forbidden: { event: 201, meaning: 'a rule of the policy forbids it', severity: "the rule's, else High" },
  NotAllowed: {
    event: 202,
    meaning: 'neither a rule nor the baseline allows it, and the policy forbids by default',
    severity: "the policy's, or that of Opened where that is worse",
  },
  ExpiredException: {
    event: 203,
    meaning: 'the rule that allowed it has expired',
    severity: "the rule's, else Medium; that of NotAllowed or Opened where that is worse",
  },
} as const satisfies Readonly<Record<string, Kind>>;
export type FindingKind = keyof typeof findingKinds;

/** The events of an audit that are no findings. */
export const auditEventIds = {
  /** The summary of an audit. */
  summary: 100,
  /** What the audit could not tell or do. */
  problem: 301,
  /** The audit could not be made. */
  failure: 302,
} as const;
