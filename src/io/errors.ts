/*
 * The operating system's file errors in words. Only this module knows its error codes.
 */

/** Returns the code of a system error (`ENOENT`); empty for any other error. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const words: Readonly<Record<string, string>> = {
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  EBUSY: 'another program has it open',
  ETXTBSY: 'it is a program that is running',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would become too large',
  EIO: 'the device reports an error',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links go round in circles',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENAMETOOLONG: 'its name is too long',
  ENODEV: 'there is no such device',
  ENXIO: 'there is no such device',
  ENOMEM: 'there is not enough memory',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
  ESTALE: 'the file server does not know it any more',
  ETIMEDOUT: 'the file server does not answer',
  // Node itself rejects a name with a NUL character.
  ERR_INVALID_ARG_VALUE: 'its name has a NUL character',
};

/** What a missing file means for a reader and for a writer. */
const missing = {
  read: { ENOENT: 'the file does not exist', ENOTDIR: 'the file does not exist' },
  write: {
    // Windows also returns it for a name with invalid characters.
    ENOENT:
      process.platform === 'win32'
        ? 'its folder does not exist, or its name is not valid'
        : 'its folder does not exist',
    ENOTDIR: 'its folder does not exist',
  },
} as const;

/**
 * Returns why a file could not be read or written, to end a sentence: in words if the code is known, else its message.
 */
export function errorWords(error: unknown, purpose: 'read' | 'write'): string {
  const code = errorCode(error);
  const known: Readonly<Record<string, string>> = missing[purpose];
  return known[code] ?? words[code] ?? messageOf(error);
}

/** Whether the file, or the folder that would contain it, does not exist. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
}

/** Whether a child process timed out. */
export function isLate(error: unknown): boolean {
  return errorCode(error) === 'ETIMEDOUT';
}

/** Returns the message of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the operating system refused something, which is not a bug in this program. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
