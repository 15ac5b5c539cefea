import { processSurroundings } from './commands/process-surroundings.ts';
import { runPortOwner } from './commands/run.ts';

// Until a command says otherwise, an event loop that runs empty is a failure.
process.exitCode = 70;
runPortOwner(process.argv.slice(2), processSurroundings()).then((code) => {
  process.exitCode = code;
});
