import type { CommandBuilder, NoLimits, reducers, tests } from 'clipanion/lib/core.js';

/*
 * clipanion's parser follows several parses of a command line at once. It copies its lists for each word, and keeps a
 * failed parse to the end, and each operand and `--option=value` creates one: 20,000 operands took half a
 * minute and gigabytes. Here its lists are not copied, and a valid word creates no failed parse.
 */

/** A list that grows by one item at a time, and has several versions at once. */
class TokenList<T> {
  readonly before: TokenList<T> | null;
  readonly last: T;

  constructor(before: TokenList<T> | null, last: T) {
    this.before = before;
    this.last = last;
  }

  /** Avoids the cost of JSON: clipanion serializes each parse for debug output, even though that is off. */
  toJSON(): null {
    return null;
  }
}

interface Option {
  readonly name: string;
  value: unknown;
}

interface Positional {
  readonly value: string;
  readonly extra: unknown;
}

/** clipanion's state of parsing a command line. Its lists are arrays only at the beginning and at the end. */
interface State {
  readonly options: readonly Option[] | TokenList<Option>;
  readonly positionals: readonly Positional[] | TokenList<Positional>;
  readonly selectedIndex: number | null;
}

type Reducer = (state: State, word: string, ...more: never[]) => State;

function added<T>(list: readonly T[] | TokenList<T>, item: T): TokenList<T> {
  return new TokenList(
    list instanceof TokenList
      ? list
      : list.reduce<TokenList<T> | null>((before, one) => new TokenList(before, one), null),
    item,
  );
}

/** The items in order. */
function itemsOf<T>(given: readonly T[] | TokenList<T>): readonly T[] {
  if (!(given instanceof TokenList)) return given;
  const items: T[] = [];
  for (let list: TokenList<T> | null = given; list !== null; list = list.before) items.push(list.last);
  return items.reverse();
}

const lastOf = (state: State): Option => (state.options as TokenList<Option>).last;

const withOption = (state: State, name: string, value: unknown): State => ({
  ...state,
  options: added(state.options, { name, value }),
});

const withPositional = (state: State, value: string, extra: unknown): State => ({
  ...state,
  positionals: added(state.positionals, { value, extra }),
});

/** clipanion's reducers that change or read a list, for lists that are not copied. */
function listReducers(noLimits: unknown): Readonly<Record<string, Reducer>> {
  return {
    pushBatch: (state, word) =>
      word
        .slice(1)
        .split('')
        .reduce((all, letter) => withOption(all, `-${letter}`, true), state),
    pushBound: (state, word) => {
      const equals = word.indexOf('=');
      return withOption(state, word.slice(0, equals), word.slice(equals + 1));
    },
    pushTrue: (state, word) => withOption(state, word, true),
    pushFalse: (state, _word, name: string) => withOption(state, name, false),
    pushUndefined: (state, word) => withOption(state, word, undefined),
    setStringValue: (state, word) => {
      lastOf(state).value = word;
      return state;
    },
    pushStringValue: (state, word) => {
      const option = lastOf(state);
      option.value = [...((option.value as string[] | undefined) ?? []), word];
      return state;
    },
    setOptionArityError: (state) =>
      Object.assign({}, state, { errorMessage: `Not enough arguments to option ${lastOf(state).name}.` }),
    pushPositional: (state, word) => withPositional(state, word, false),
    pushExtra: (state, word) => withPositional(state, word, true),
    pushExtraNoLimits: (state, word) => withPositional(state, word, noLimits),
    // This is the last step, so the command receives arrays.
    setSelectedIndex: (state, _word, index: number) => ({
      ...state,
      options: itemsOf(state.options),
      positionals: itemsOf(state.positionals),
      selectedIndex: index,
    }),
  };
}

/** The parts of clipanion that are changed. */
interface Core {
  readonly CommandBuilder: typeof CommandBuilder;
  readonly NoLimits: typeof NoLimits;
  readonly reducers: typeof reducers;
  readonly tests: typeof tests;
}

type Dynamic = [test: string | readonly unknown[], transition: { readonly reducer?: unknown }];

/** The nonpublic part of a command's states. */
interface Builder {
  readonly arity: { readonly extra: unknown };
  readonly allOptionNames: string[];
  readonly options: never[];
}

/** Whether a transition reports an operand too many. */
const isExtraneous = ([, { reducer }]: Dynamic): boolean =>
  Array.isArray(reducer) && reducer[1] === 'Extraneous positional argument';

/** Makes clipanion's parsing time linear in the number of words instead of quadratic. */
export function makeLinear({
  CommandBuilder: builderClass,
  NoLimits: noLimits,
  reducers: known,
  tests: found,
}: Core): void {
  Object.assign(known, listReducers(noLimits));
  const { isInvalidOption, isBoundOption } = found;
  Object.assign(found, {
    isInvalidOption: (...[state, word, names, options]: Parameters<typeof isBoundOption>) =>
      isInvalidOption(state, word) && !isBoundOption(state, word, names, options),
  });
  const { compile } = builderClass.prototype;
  builderClass.prototype.compile = function () {
    const { arity, allOptionNames, options } = this as unknown as Builder;
    const compiled = compile.call(this);
    for (const node of compiled.machine.nodes as unknown as { dynamics: Dynamic[] }[]) {
      node.dynamics = node.dynamics
        // If any number of operands is allowed, none is too many.
        .filter((dynamic) => arity.extra !== noLimits || !isExtraneous(dynamic))
        .map(([test, transition]): Dynamic => [
          test[0] === 'isInvalidOption' ? ['isInvalidOption', allOptionNames, options] : test,
          transition,
        ]);
    }
    return compiled;
  };
}
