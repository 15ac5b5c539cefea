import type { Definition } from 'clipanion';
import type { Catalogue, CommandClass } from './base.ts';
import { loadClipanion } from './clipanion.ts';
import { version } from '../schema/version.ts';
import type { CommandAbout } from './about.ts';
import type { GroupAbout } from './options/group.ts';

/** A command, and clipanion's description of its options. */
export interface KnownCommand {
  /** Its words, separated by blanks; empty for the main query. */
  readonly path: string;
  readonly about: CommandAbout;
  /** The metadata of its option groups. */
  readonly groups: readonly GroupAbout[];
  readonly definition: Definition;
}

/** Every command, the main query first: for help, completion, and definitions. */
export async function allCommands(catalogue: Catalogue): Promise<CommandClass[]> {
  await loadClipanion();
  const loads = Object.values(catalogue).filter((load) => typeof load !== 'string');
  return (await Promise.all(loads.map((load) => load()))).flat();
}

/** Every command with its metadata, the main query first. */
export async function loadAllCommands(catalogue: Catalogue): Promise<KnownCommand[]> {
  return Promise.all((await allCommands(catalogue)).map(knownCommand));
}

/** The metadata of one command. */
export async function knownCommand(command: CommandClass): Promise<KnownCommand> {
  const [definition] = (await newCli([command])).definitions();
  if (definition === undefined) throw new Error(`${command.name} has no usage`);
  const groups = (command.groups ?? []).map(({ about }) => about);
  return { path: command.paths?.[0]?.join(' ') ?? '', about: command.about, groups, definition };
}

/** A parser of the command lines of these commands. */
export async function newCli(classes: readonly CommandClass[]): Promise<import('clipanion').Cli<never>> {
  const { Cli } = await loadClipanion();
  const cli = new Cli({
    binaryName: 'portowner',
    binaryLabel: 'PortOwner',
    binaryVersion: version,
    enableColors: false,
  });
  for (const command of classes) cli.register(command as never);
  return cli as never;
}
