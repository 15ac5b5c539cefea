/**
 * Everything that PortOwner reports as wrong, by a number that never changes its meaning.
 * Numbers are append-only: a number that is no longer used stays reserved.
 */

/** What the process says to its caller (the design's contract, after BSD sysexits). */
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
  /** What to do about it in general, where a problem has no hint of its own. */
  readonly action: string;
  readonly exitCode: ExitCode;
  readonly category: ErrorCategory;
}

/** The documented list: docs/reference/errors.md is made from it. */
export const problemKinds = {
  PO1001: {
    summary: 'wrong usage of the command line',
    action: 'Look at the help of the command.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO1002: {
    summary: 'not a port expression',
    action: 'Give numbers from 0 to 65535, ranges, or names of services: 443, 8000-8100, https.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO1003: {
    summary: 'no such column',
    action: 'Choose among the columns of these rows.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO1004: {
    summary: 'not an address or CIDR range',
    action: 'Give an address or a range of addresses: 10.0.0.1, ::1, 10.0.0.0/8.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO1005: {
    summary: 'options that exclude each other, or one that needs another',
    action: 'Leave one of the options out, or add the one that is needed.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO2001: {
    summary: 'a file could not be read',
    action: 'Make sure that the file is there and may be read.',
    exitCode: exit.unavailable,
    category: 'ReadError',
  },
  PO2002: {
    summary: 'a file is not what it should be',
    action: 'Look at what is in the file, or make it anew.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO2003: {
    summary: 'a file is of a newer version than this program reads',
    action: 'Update PortOwner.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO2004: {
    summary: 'the output could not be written',
    action: 'Make sure that the folder is there, has room and may be written to.',
    exitCode: exit.unavailable,
    category: 'WriteError',
  },
  PO2005: {
    summary: 'a format could not show all that there is',
    action: 'Ask for fewer rows, or choose another format.',
    exitCode: exit.ok,
    category: 'WriteError',
  },
  PO3001: {
    summary: 'a source of facts failed',
    action: 'portowner doctor says which sources fail, and why.',
    exitCode: exit.unavailable,
    category: 'ResourceUnavailable',
  },
  PO3002: {
    summary: 'more rights would show more',
    action: 'Run it as an administrator or root.',
    exitCode: exit.rights,
    category: 'PermissionDenied',
  },
  PO3003: {
    summary: 'this operating system is not supported',
    action: 'Run it on Windows or Linux, or answer from a snapshot.',
    exitCode: exit.unavailable,
    category: 'NotImplemented',
  },
  PO3004: {
    summary: 'a name could not be resolved in time',
    action: 'Give it more time.',
    exitCode: exit.unavailable,
    category: 'OperationTimeout',
  },
  PO3005: {
    summary: 'the PowerShell module has no executable, or cannot start it',
    action: 'Install the module whole, or name the executable in PORTOWNER_EXE.',
    exitCode: exit.unavailable,
    category: 'NotInstalled',
  },
  PO3006: {
    summary: 'a far machine could not be asked',
    action: 'Make sure that ssh alone reaches the machine, without a question: ssh HOST hostname.',
    exitCode: exit.unavailable,
    category: 'ResourceUnavailable',
  },
  PO4101: {
    summary: 'the note of held ports cannot be kept',
    action: 'Make sure that the folder has room and may be written to.',
    exitCode: exit.unavailable,
    category: 'WriteError',
  },
  PO4102: {
    summary: 'there are not as many free ports as wanted',
    action: 'Ask for fewer ports, or look in a wider range.',
    exitCode: exit.no,
    category: 'ResourceUnavailable',
  },
  PO4103: {
    summary: 'stopping has to be confirmed',
    action: 'Confirm it.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO4104: {
    summary: 'a port was not given back',
    action: 'Look who owns the port now.',
    exitCode: exit.no,
    category: 'ResourceUnavailable',
  },
  PO4105: {
    summary: 'a target is never stopped',
    action: 'Stop it by its own means.',
    exitCode: exit.no,
    category: 'PermissionDenied',
  },
  PO4106: {
    summary: 'more rights are needed to stop it',
    action: 'Run it as an administrator or root.',
    exitCode: exit.rights,
    category: 'PermissionDenied',
  },
  PO4201: {
    summary: 'the store of audits cannot be used',
    action: 'Make sure that the store is a file of PortOwner and may be written to.',
    exitCode: exit.unavailable,
    category: 'ResourceUnavailable',
  },
  PO4202: {
    summary: 'the store of audits is locked by another program',
    action: 'Try again when the other program has ended.',
    exitCode: exit.unavailable,
    category: 'ResourceUnavailable',
  },
  PO4203: {
    summary: 'the store of audits is damaged',
    action: 'Bring the store back from a backup to go on with its history.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO4204: {
    summary: 'a baseline exists already',
    action: 'Update the baseline, or choose another path.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO4205: {
    summary: 'what is compared comes from different machines',
    action: 'Compare what comes from one machine.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO4206: {
    summary: 'an audit is not newer than the newest in the store, and was not stored',
    action: 'Look at the clock of the machine, and at the newest audit in the store.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO4207: {
    summary: "the system's event log could not be written",
    action: 'Register the source of the event log as an administrator.',
    exitCode: exit.unavailable,
    category: 'WriteError',
  },
  PO4208: {
    summary: 'an audit is dated in the future',
    action: 'Set the clock of the machine right.',
    exitCode: exit.unavailable,
    category: 'InvalidData',
  },
  PO5001: {
    summary: 'more rights are needed to schedule audits',
    action: 'Run it as an administrator or root.',
    exitCode: exit.rights,
    category: 'PermissionDenied',
  },
  PO5002: {
    summary: 'others than administrators could change what a scheduled audit runs or writes',
    action: 'Take the right to write from the others, or choose another folder.',
    exitCode: exit.no,
    category: 'PermissionDenied',
  },
  PO5003: {
    summary: 'there is no such scheduled audit',
    action: 'Look which scheduled audits there are.',
    exitCode: exit.no,
    category: 'ResourceUnavailable',
  },
  PO5004: {
    summary: 'a scheduled audit would not work as it is wanted',
    action: 'Change what is wanted as the message says.',
    exitCode: exit.usage,
    category: 'InvalidArgument',
  },
  PO5005: {
    summary: 'the system did not schedule an audit, or did not remove it',
    action: "Look at the system's own log.",
    exitCode: exit.unavailable,
    category: 'ResourceUnavailable',
  },
  PO5006: {
    summary: 'something about a scheduled audit should be put right',
    action: 'Put right what the message says.',
    exitCode: exit.no,
    category: 'InvalidData',
  },
  PO9001: {
    summary: 'a defect in PortOwner',
    action: 'Please report it, with the message.',
    exitCode: exit.defect,
    category: 'NotSpecified',
  },
} as const satisfies Record<string, ProblemKind>;
export type ProblemCode = keyof typeof problemKinds;

/** One thing that a person or a script should be told besides the rows. */
export interface Problem {
  readonly severity: 'Error' | 'Warning';
  readonly code: ProblemCode;
  readonly message: string;
  /** What to do about it, in one sentence. */
  readonly hint?: string;
  /** What it is about: an argument, a file, a host, a process. */
  readonly target?: string;
  /** Whether it ended the command: what rows there are besides are none of an answer. */
  readonly terminating?: true;
}

/** What is going on, for who asked to be told: nothing is wrong, so it has no number. */
export interface Notice {
  readonly severity: 'Information' | 'Verbose' | 'Progress';
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

  get problem(): Problem {
    return {
      severity: 'Error',
      code: this.code,
      message: this.message,
      terminating: true,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.target === undefined ? {} : { target: this.target }),
    };
  }
}

/** What to do about a problem: every error has something. */
export function recommendedAction({ severity, code, hint }: Problem): string | undefined {
  return hint ?? (severity === 'Error' ? problemKinds[code].action : undefined);
}
