// Moves a server, and kills itself at a step: `STEP STATE-FOLDER portowner arguments …`. Prints the number of steps.
import { writeSync } from 'node:fs';
import { liveConfiguration } from '../../src/machine/configuration.ts';
import { onThisMachine } from './servers.ts';

const [step = '', stateFolder = '', ...args] = process.argv.slice(2);
const machine = await liveConfiguration();
let steps = 0;
const next = (): void => {
  if (++steps === Number(step)) process.kill(process.pid, 'SIGKILL');
};
const around =
  <Given extends readonly unknown[], Result>(call: (...given: Given) => Result) =>
  (...given: Given): Result => {
    next();
    const result = call(...given);
    next();
    return result;
  };
const { code, err } = await onThisMachine(args, stateFolder, {
  replace: around(machine.replace),
  run: around(machine.run),
  signal: around(machine.signal),
});
// Under Wine, streams on pipes may not open.
writeSync(2, err);
writeSync(1, `${steps}\n`);
process.exitCode = code;
