import { runPortOwner } from './cli/run.ts';
import { catalogue } from './commands/catalogue.ts';
import { processSurroundings } from './machine/process-surroundings.ts';

// Until a command says otherwise, an event loop that runs empty is a failure.
process.exitCode = 70;
const [first, ...rest] = process.argv.slice(2);
if (first === '--child' && process.platform === 'win32') {
  import('./machine/windows/child.ts').then(({ answerApart }) => {
    answerApart(rest);
    process.exitCode = 0;
  });
} else {
  runPortOwner({ args: process.argv.slice(2), catalogue, surroundings: processSurroundings() }).then((code) => {
    process.exitCode = code;
    // Otherwise Node takes its memory apart, piece by piece, before it ends. A Windows console may still be written to.
    if (process.platform !== 'win32') process.exit();
  });
}
