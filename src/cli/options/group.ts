import type { Values } from '../about.ts';

/** What is known of the options of a group besides their help; one without a word takes free text, or nothing. */
export interface GroupAbout {
  readonly values?: Readonly<Record<`--${string}`, Values>>;
  /** Other words for the options, and what they stand for. */
  readonly synonyms?: Readonly<Record<string, readonly string[]>>;
  /** Options that help has in a section of their own, by its title. */
  readonly sections?: Readonly<Record<string, readonly `--${string}`[]>>;
  /** Options that the PowerShell module itself decides on, and how. */
  readonly module?: Readonly<Record<`--${string}`, string>>;
  /** Options that no PowerShell function has a parameter for, and what does it there. */
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
/** A class with the statics of another one, and more in its instances. */
type With<Command extends Base, Options> = Pick<Command, keyof Command> &
  (abstract new () => InstanceType<Command> & Options);

/**
 * A command class with the options of these groups, in their order: what a command does not take is not put in, so that
 * nothing is taken back.
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
