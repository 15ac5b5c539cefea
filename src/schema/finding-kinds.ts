/** A kind of finding. */
interface Kind {
  /** The ID of its event in the system's log; it never changes. */
  readonly event: number;
  readonly meaning: string;
  readonly severity: string;
}

/** Every value of a finding's column Kind: first changes, then violations of the policy. */
export const findingKinds = {
  Opened: {
    event: 101,
    meaning: 'a listener that was not there before',
    severity:
      'High, or Medium on loopback; one lower for UDP in the dynamic range; Info for a client of a program that had a listener before',
  },
  Closed: { event: 102, meaning: 'a listener that is gone', severity: 'Low; Info in the dynamic range' },
  OwnerChanged: { event: 103, meaning: 'another program or service owns the listener', severity: 'High' },
  PathChanged: { event: 104, meaning: 'its executable is in another folder', severity: 'High' },
  UserChanged: { event: 105, meaning: 'it runs as another user', severity: 'Medium' },
  AddressChanged: { event: 106, meaning: 'it listens on other addresses', severity: 'Medium' },
  Exposed: {
    event: 107,
    meaning: 'only this machine could reach it before; now other machines can',
    severity: 'High; Info for UDP in the dynamic range',
  },
  BinaryChanged: {
    event: 108,
    meaning: 'its executable has a different hash or signer',
    severity: 'Medium; High if the signer changed',
  },
  FileGone: {
    event: 109,
    meaning: 'its file was removed or replaced after it started (updates do this, too)',
    severity: 'Low',
  },
  Forbidden: { event: 201, meaning: 'a policy rule forbids it', severity: "the rule's, otherwise High" },
  NotAllowed: {
    event: 202,
    meaning: 'neither a rule nor the baseline allows it, and the policy has default: forbid',
    severity: "the policy's, or that of Opened if it is higher",
  },
  ExpiredException: {
    event: 203,
    meaning: 'the rule that allowed it has expired',
    severity: "the rule's, otherwise Medium; that of NotAllowed or Opened if it is higher",
  },
} as const satisfies Readonly<Record<string, Kind>>;
export type FindingKind = keyof typeof findingKinds;

/** The events of an audit that are not findings. */
export const auditEventIds = {
  /** The summary of an audit. */
  summary: 100,
  /** A problem of the audit. */
  problem: 301,
  /** The audit failed. */
  failure: 302,
} as const;
