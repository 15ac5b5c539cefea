import type { Cli } from 'clipanion';
import { PortOwnerError } from '../problems.ts';

/** The help of one command, or of the main question with a list of the others. */
export async function helpText(cli: Cli<never>, words: readonly string[]): Promise<string> {
  const { allCommands } = await import('./run.ts');
  const classes = await allCommands();
  const pathOf = (command: (typeof classes)[number]): string => ((command as { paths?: string[][] }).paths?.[0] ?? []).join(' ');
  const wanted = words.join(' ');
  if (wanted !== '') {
    const found = classes.find((command) => pathOf(command) === wanted);
    if (found === undefined) throw new PortOwnerError('PO1001', `there is no command ${JSON.stringify(wanted)}`, { hint: 'portowner help lists them.' });
    return cli.usage(found as never, { detailed: true });
  }
  const [main, ...others] = classes;
  const lines = others.map((command) => {
    const usage = (command as unknown as { usage: { description: string } }).usage;
    return `  portowner ${pathOf(command).padEnd(12)} ${usage.description}`;
  });
  return `${cli.usage(main as never, { detailed: true })}\n━━━ Other commands ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n\n${lines.join('\n')}\n\n  portowner help COMMAND tells more.\n`;
}
