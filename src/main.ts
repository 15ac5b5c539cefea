process.exitCode = 1;
process.stdout.write(`${process.argv.slice(2).join(' ')}\n`);
