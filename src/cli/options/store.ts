import { Option } from 'clipanion';
import type { StoreRequest } from '../../audit/selection.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { missingValue, portSpans, portWords } from '../values.ts';
import type { GroupAbout } from './group.ts';

/** A store, and which of its machines and listeners to select. */
export class StoreOptions {
  static readonly about = {
    values: { '--store': 'file', '--service': { column: 'Services' } },
    parameters: { StorePath: '--store', Program: '--program', Service: '--service', Machine: '--machine' },
  } as const satisfies GroupAbout;

  store = Option.String('--store', {
    description: 'the file or the database of portowner audit --store',
  });
  program = Option.Array('--program', {
    description: 'listeners of this executable: its path, or its name; * and ? are wildcards',
  });
  service = Option.Array('--service', { description: 'listeners of this service; * and ? are wildcards' });
  machine = Option.Array('--machine', { description: 'only this machine; * and ? are wildcards' });
}

/** The name of the store. Throws PO1001. */
export function requiredStore({ store }: StoreOptions, command: string): string {
  if (store !== undefined) return store;
  throw new PortOwnerError('PO1001', `missing --store: portowner ${command} --store FILE|URL`, {
    hint: 'Use the store of portowner audit --store.',
  });
}

/** Whether listeners are selected, instead of audits or machines. */
export const selectsListeners = ({ program, service }: Partial<StoreOptions>, ports: readonly string[]): boolean =>
  ports.length > 0 || program !== undefined || service !== undefined;

/** The values of an option. A script's variable that is not set must not become the answer "nobody". */
function given(option: string, values: readonly string[] | undefined, expected: string): readonly string[] | null {
  if (values?.includes('') === true) throw missingValue(option, expected);
  return values ?? null;
}

/** What the options and PORTS of a command select. Throws PO1001 and PO1002. */
export async function storeRequest(
  { machine, program, service }: StoreOptions,
  operands: readonly string[],
  command: string,
): Promise<StoreRequest> {
  const words = portWords(operands);
  const spans = async () => ({
    spans: await portSpans(
      command,
      words.filter((word) => word !== 'dynamic'),
    ),
    dynamic: words.includes('dynamic'),
  });
  return {
    machines: given('--machine', machine, 'the name of a machine'),
    ports: operands.length === 0 ? null : await spans(),
    programs: given('--program', program, 'the path or the name of an executable'),
    services: given('--service', service, 'the name of a service'),
  };
}
