// A program for configuration/windows.test.ts: portowner as an elevated process, with the journal for administrators in a
// folder of its own: `FOLDER TRUSTED portowner arguments …`. TRUSTED is `self` where Wine's only account counts as an
// administrator, who owns every file there; otherwise `nobody`.
import { writeSync } from 'node:fs';
import { administratorsOnly, makeFolder } from '../../src/machine/windows/acl.ts';
import { processSid } from '../../src/machine/windows/advapi32.ts';
import { thisProcess } from '../../src/machine/windows/kernel32.ts';
import { onThisMachine } from './servers.ts';

const [folder = '', who = '', state = '', ...args] = process.argv.slice(2);
const trusted = who === 'self' ? [processSid(thisProcess)] : [];
const { code, out, err } = await onThisMachine(args, state, {
  isElevated: true,
  administratorsFolder: () => ({ path: folder, make: () => makeFolder(folder, administratorsOnly), trusted }),
});
writeSync(2, err);
writeSync(1, out);
process.exitCode = code;
