/*
 * What the operating system says of a file, in words: the one place that knows its error codes.
 */

/** The code of what the system refused (`ENOENT`); empty for every other error. */
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
  // Node itself refuses a name with a NUL character.
  ERR_INVALID_ARG_VALUE: 'its name has a NUL character',
};

/** The meaning of a missing file to a reader and to a writer. */
const missing = {
  read: { ENOENT: 'the file does not exist', ENOTDIR: 'the file does not exist' },
  write: {
    // Windows says so of a name with characters that it does not allow, too.
    ENOENT:
      process.platform === 'win32'
        ? 'its folder does not exist, or its name is not valid'
        : 'its folder does not exist',
    ENOTDIR: 'its folder does not exist',
  },
} as const;

/** Why a file could not be read or written, as the end of a sentence: in words, or else as the error has it. */
export function errorWords(error: unknown, purpose: 'read' | 'write'): string {
  const code = errorCode(error);
  const known: Readonly<Record<string, string>> = missing[purpose];
  return known[code] ?? words[code] ?? messageOf(error);
}

/** Whether there is no such file, or no folder that it could be in. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
}

/** Whether a program that was started had not ended in its time. */
export function isLate(error: unknown): boolean {
  return errorCode(error) === 'ETIMEDOUT';
}

/** What an error says of itself. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the operating system refused something: that is no defect of this program. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
