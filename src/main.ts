import { processSurroundings } from './commands/process-surroundings.ts';
import { runPortOwner } from './commands/run.ts';

// Until a command says otherwise, an event loop that runs empty is a failure.
process.exitCode = 70;
const [first, ...rest] = process.argv.slice(2);
if (first === '--child' && process.platform === 'win32') {
  import('./machine/windows/child.ts').then(({ answerApart }) => {
    answerApart(rest);
    process.exitCode = 0;
  });
} else {
  runPortOwner(process.argv.slice(2), processSurroundings()).then((code) => {
    process.exitCode = code;
    // Otherwise Node takes its memory apart, piece by piece, before it ends. A Windows console may still be written to.
    if (process.platform !== 'win32') process.exit();
  });
}
