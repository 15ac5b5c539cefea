// A program for configuration/windows.test.ts: says who else can change the files that its arguments name, as if elevated.
import { writeSync } from 'node:fs';
import { writersOf } from '../../src/configuration/writers.ts';
import { liveConfiguration } from '../../src/machine/configuration.ts';

const machine = { ...(await liveConfiguration()), isElevated: true };
writeSync(1, `${JSON.stringify(process.argv.slice(2).map((path) => writersOf(path, machine)))}\n`);
