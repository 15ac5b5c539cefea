import type { Values } from '../about.ts';

/** The metadata of a group's options, except their help; an option without an entry takes free text, or nothing. */
export interface GroupAbout {
  readonly values?: Readonly<Record<`--${string}`, Values>>;
  /** Other names of the options, and what they mean. */
  readonly synonyms?: Readonly<Record<string, readonly string[]>>;
  /** Options with a separate section in the help, by its title. */
  readonly sections?: Readonly<Record<string, readonly `--${string}`[]>>;
  /** Options that the PowerShell module sets itself, and how. */
  readonly module?: Readonly<Record<`--${string}`, string>>;
  /** Options without a PowerShell parameter, and what to use instead. */
  readonly leftOut?: Readonly<Record<`--${string}`, string>>;
  /** The parameters of PowerShell functions, and the options behind them. */
  readonly parameters?: Readonly<Record<string, `--${string}`>>;
}

/** Options that belong together: a class whose fields are clipanion's declarations. */
export interface OptionGroup<Options extends object = object> {
  new (): Options;
  readonly about: GroupAbout;
}

type Base = abstract new () => object;
type All<Groups extends readonly OptionGroup[]> = Groups extends readonly [
  OptionGroup<infer First>,
  ...infer Rest extends readonly OptionGroup[],
]
  ? First & All<Rest>
  : object;
/** A class with the statics of another class, and additional instance members. */
type With<Command extends Base, Options> = Pick<Command, keyof Command> &
  (abstract new () => InstanceType<Command> & Options);

/**
 * Composes a command class from these option groups, in order: a command includes only the groups it needs, so that no
 * option has to be removed.
 */
export function withOptions<Command extends Base, const Groups extends readonly OptionGroup[]>(
  command: Command,
  ...groups: Groups
): With<Command, All<Groups>> {
  const { groups: inherited = [] } = command as { readonly groups?: readonly OptionGroup[] };
  abstract class WithOptions extends (command as Base) {
    static readonly groups: readonly OptionGroup[] = [...inherited, ...groups];

    constructor() {
      super();
      for (const Group of groups) Object.assign(this, new Group());
    }
  }
  return WithOptions as never;
}
