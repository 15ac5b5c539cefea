import { join } from 'node:path';
import { nodeFlags, root } from '../../src/build/runtime.mjs';

/** The variable with the executable that the build layer of a whole test run has made. */
export const programVariable = 'PORTOWNER_TEST_PROGRAM';

const built = process.env[programVariable];

/**
 * The words that start portowner: the executable in a whole test run, which starts several times as fast, or else the
 * sources, which a single test then runs as they are.
 */
export const ownProgram: readonly [string, ...string[]] = built === undefined ? [process.execPath, ...nodeFlags, join(root, 'src/main.ts')] : [built];
