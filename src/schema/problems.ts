/**
 * Everything that PortOwner reports as a problem, by a number that never changes its meaning.
 * Numbers are append-only: an unused number stays reserved.
 */

/** The exit codes (a contract, based on BSD sysexits). */
export const exit = {
  ok: 0,
  no: 1,
  usage: 64,
  unavailable: 69,
  defect: 70,
  rights: 77,
} as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

/** The members of PowerShell's ErrorCategory that problems belong to, with their numbers. */
export const errorCategories = {
  NotSpecified: 0,
  InvalidArgument: 5,
  InvalidData: 6,
  NotImplemented: 11,
  NotInstalled: 12,
  OperationTimeout: 15,
  PermissionDenied: 18,
  ResourceUnavailable: 21,
  ReadError: 22,
  WriteError: 23,
} as const;
export type ErrorCategory = keyof typeof errorCategories;

interface ProblemKind {
  readonly summary: string;
  /** The general advice for a problem without its own hint. */
  readonly action: string;
  readonly exitCode: ExitCode;
  readonly category: ErrorCategory;
}

/** The documented list: docs/reference/errors.md is generated from it. */
export const problemKinds = {
  PO1001: {
    summary: 'wrong usage of the command line',
    action: 'See the help of the command.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO1002: {
    summary: 'not a port expression',
    action: 'Use numbers from 0 to 65535, ranges, or service names: 443, 8000-8100, https.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO1003: {
    summary: 'unknown column',
    action: 'Use one of the columns of these rows.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO1004: {
    summary: 'not an address or CIDR range',
    action: 'Use an address or an address range: 10.0.0.1, ::1, 10.0.0.0/8.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO1005: {
    summary: 'options that exclude each other, or one that needs another',
    action: 'Remove one of the options, or add the missing one.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO2001: {
    summary: 'a file could not be read',
    action: 'Make sure that the file exists and that you can read it.',
    exitCode: exit.unavailable,
    category: 'ReadError',
  },
  PO2002: {
    summary: 'a file has invalid contents',
    action: 'Correct the file, or create it again.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO2003: {
    summary: 'a file has a newer version than this program supports',
    action: 'Update PortOwner.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO2004: {
    summary: 'the output could not be written',
    action: 'Make sure that the folder exists, has free space, and is writable.',
    exitCode: exit.unavailable,
    category: 'WriteError',
  },
  PO2005: {
    summary: 'a format could not contain everything',
    action: 'Request fewer rows, or choose another format.',
    exitCode: exit.ok,
    category: 'WriteError',
  },
  PO2006: {
    summary: 'a report could not be sent',
    action: 'Check the URL of the report, and that the collector runs.',
    exitCode: exit.unavailable,
    category: 'WriteError',
  },
  PO3001: {
    summary: 'a source of facts failed',
    action: 'Run portowner doctor to see which sources fail, and why.',
    exitCode: exit.unavailable,
    category: 'ResourceUnavailable',
  },
  PO3002: {
    summary: 'elevated rights would show more',
    action: 'Run it as an administrator or root.',
    exitCode: exit.rights,
    category: 'PermissionDenied',
  },
  PO3003: {
    summary: 'this operating system is not supported',
    action: 'Run it on Windows or Linux, or query a snapshot.',
    exitCode: exit.unavailable,
    category: 'NotImplemented',
  },
  PO3004: {
    summary: 'a name could not be resolved in time',
    action: 'Allow more time.',
    exitCode: exit.unavailable,
    category: 'OperationTimeout',
  },
  PO3005: {
    summary: 'the PowerShell module has no executable, or cannot start it',
    action: 'Reinstall the complete module, or set PORTOWNER_EXE to the executable.',
    exitCode: exit.unavailable,
    category: 'NotInstalled',
  },
  PO3006: {
    summary: 'a remote machine could not be queried',
    action: 'Make sure that ssh reaches the machine without a prompt: ssh HOST hostname.',
    exitCode: exit.unavailable,
    category: 'ResourceUnavailable',
  },
  PO3007: {
    summary: 'PortOwner could not be deployed on a remote machine',
    action: 'Use an account that is an administrator there, or omit -Deploy.',
    exitCode: exit.unavailable,
    category: 'ResourceUnavailable',
  },
  PO4101: {
    summary: 'the file of held ports cannot be used',
    action: 'Make sure that the folder has free space and is writable.',
    exitCode: exit.unavailable,
    category: 'WriteError',
  },
  PO4102: {
    summary: 'not enough free ports',
    action: 'Request fewer ports, or search a wider range.',
    exitCode: exit.no,
    category: 'ResourceUnavailable',
  },
  PO4103: {
    summary: 'stopping needs confirmation',
    action: 'Confirm it.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO4104: {
    summary: 'a port was not freed',
    action: 'Check who owns the port now.',
    exitCode: exit.no,
    category: 'ResourceUnavailable',
  },
  PO4105: {
    summary: 'a target is never stopped',
    action: 'Use its own tools to stop it.',
    exitCode: exit.no,
    category: 'PermissionDenied',
  },
  PO4106: {
    summary: 'stopping needs elevated rights',
    action: 'Run it as an administrator or root.',
    exitCode: exit.rights,
    category: 'PermissionDenied',
  },
  PO4201: {
    summary: 'the audit store cannot be used',
    action: 'Make sure that the store is a PortOwner file and is writable.',
    exitCode: exit.unavailable,
    category: 'ResourceUnavailable',
  },
  PO4202: {
    summary: 'the audit store is locked by another program',
    action: 'Try again after the other program has ended.',
    exitCode: exit.unavailable,
    category: 'ResourceUnavailable',
  },
  PO4203: {
    summary: 'the audit store is damaged',
    action: 'To keep its history, restore the store from a backup.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO4204: {
    summary: 'the baseline already exists',
    action: 'Update the baseline, or choose another path.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO4205: {
    summary: 'the compared data comes from different machines',
    action: 'Compare data from one machine.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO4206: {
    summary: 'an audit is not newer than the newest in the store, and was not stored',
    action: 'Check the clock of the machine, and the newest audit in the store.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO4207: {
    summary: "the system's event log could not be written",
    action: 'Register the event source as an administrator.',
    exitCode: exit.unavailable,
    category: 'WriteError',
  },
  PO4208: {
    summary: 'an audit is dated in the future',
    action: 'Correct the clock of the machine.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO4209: {
    summary: 'old history could not be deleted from the database',
    action: 'If the rights are missing, grant portowner_pruner to the account.',
    exitCode: exit.ok,
    category: 'PermissionDenied',
  },
  PO4210: {
    summary: 'a file with a secret can be read by other users',
    action: 'Restrict the rights of the file to its owner.',
    exitCode: exit.unavailable,
    category: 'PermissionDenied',
  },
  PO4211: {
    summary: 'an audit waits in the spool until the store can be used',
    action: 'Make sure that the store can be used; the next audit stores it.',
    exitCode: exit.ok,
    category: 'ResourceUnavailable',
  },
  PO4301: {
    summary: 'a wait timed out',
    action: 'Allow more time, or check who owns the port.',
    exitCode: exit.no,
    category: 'OperationTimeout',
  },
  PO4302: {
    summary: 'a full queue loses connections or packets',
    action: 'See why the program does not accept or read in time, or raise its backlog or buffer.',
    exitCode: exit.ok,
    category: 'ResourceUnavailable',
  },
  PO4303: {
    summary: 'connections to one remote end have nearly used up the dynamic ports',
    action: 'Reuse connections, or widen the dynamic range.',
    exitCode: exit.ok,
    category: 'ResourceUnavailable',
  },
  PO4401: {
    summary: 'a configuration could not be read completely',
    action: 'Check the file in the message, or run as root or an administrator.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO4402: {
    summary: 'a port cannot be moved',
    action: 'See the reason in the message.',
    exitCode: exit.no,
    category: 'ResourceUnavailable',
  },
  PO4403: {
    summary: 'moving needs confirmation',
    action: 'Confirm it.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO4404: {
    summary: 'a move was rolled back',
    action: 'See the reason in the message; every file is as it was, unless it names one.',
    exitCode: exit.no,
    category: 'ResourceUnavailable',
  },
  PO4405: {
    summary: 'the journal of moves cannot be used',
    action: 'Make sure that the folder has free space, and that you can change it, but nobody with fewer rights.',
    exitCode: exit.unavailable,
    category: 'WriteError',
  },
  PO4406: {
    summary: 'a running server does not use its present configuration yet',
    action: 'Restart or reload it.',
    exitCode: exit.ok,
    category: 'ResourceUnavailable',
  },
  PO5001: {
    summary: 'scheduling audits needs elevated rights',
    action: 'Run it as an administrator or root.',
    exitCode: exit.rights,
    category: 'PermissionDenied',
  },
  PO5002: {
    summary: 'users other than administrators could change what a scheduled audit runs or writes',
    action: 'Remove their write permission, or choose another folder.',
    exitCode: exit.no,
    category: 'PermissionDenied',
  },
  PO5003: {
    summary: 'the scheduled audit does not exist',
    action: 'Check which scheduled audits exist.',
    exitCode: exit.no,
    category: 'ResourceUnavailable',
  },
  PO5004: {
    summary: 'a scheduled audit would not work as requested',
    action: 'Change the request as described in the message.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO5005: {
    summary: 'the system did not schedule an audit, or did not remove it',
    action: "Check the system's log.",
    exitCode: exit.unavailable,
    category: 'ResourceUnavailable',
  },
  PO5006: {
    summary: 'a scheduled audit has a problem',
    action: 'Fix the problem in the message.',
    exitCode: exit.no,
    category: 'InvalidData',
  },
  PO9001: {
    summary: 'a defect in PortOwner',
    action: 'Please report it, including the message.',
    exitCode: exit.defect,
    category: 'NotSpecified',
  },
} as const satisfies Record<string, ProblemKind>;
export type ProblemCode = keyof typeof problemKinds;

/** An error or warning that a person or script should see in addition to the rows. */
export interface Problem {
  readonly severity: 'Error' | 'Warning';
  readonly code: ProblemCode;
  readonly message: string;
  /** What to do about it, in one sentence. */
  readonly hint?: string;
  /** Its subject: an argument, a file, a host, a process. */
  readonly target?: string;
  /** Whether it ended the command: any rows are then not an answer. */
  readonly terminating?: true;
}

/** A status message for a caller that requested it; not a problem, so it has no code. */
export interface Notice {
  readonly severity: 'Information' | 'Verbose' | 'Progress' | 'Machine';
  readonly message: string;
}

/** Reports progress to the caller that asked for it. */
export type Report = (severity: Notice['severity'], message: string) => void;

/** Thrown for anything that ends a command; commands/base.ts turns it into stderr text and the exit code. */
export class PortOwnerError extends Error {
  readonly code: ProblemCode;
  readonly hint: string | undefined;
  readonly target: string | undefined;

  constructor(code: ProblemCode, message: string, more: { hint?: string; target?: string; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'PortOwnerError';
    this.code = code;
    this.hint = more.hint;
    this.target = more.target;
  }

  get exitCode(): ExitCode {
    return problemKinds[this.code].exitCode;
  }

  /** The error as the end of the command. */
  get problem(): Problem {
    return { ...this.nonTerminating, terminating: true };
  }

  /** The error as a problem of one part: the command continues with the others. */
  get nonTerminating(): Problem {
    return {
      severity: 'Error',
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.target === undefined ? {} : { target: this.target }),
    };
  }
}

/** The advice for a problem: every error has one. */
export function recommendedAction({ severity, code, hint }: Problem): string | undefined {
  return hint ?? (severity === 'Error' ? problemKinds[code].action : undefined);
}
