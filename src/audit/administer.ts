import type { Answer } from '../schema/answer.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { databaseAddress, type DatabaseAddress } from './store/address.ts';
import { isUrl } from '../io/url.ts';

/*
 * The administration of a store in a database. A store in a file needs none.
 */

function addressOf(url: string): DatabaseAddress {
  if (isUrl(url)) return databaseAddress(url);
  throw new PortOwnerError('PO1001', 'expected the URL of a database: postgres://USER@HOST/DATABASE', {
    hint: 'A store in a file is created and upgraded by portowner audit --store FILE.',
  });
}

/** Creates a store in a database, or upgrades it, and checks it. */
export async function administer(url: string, upgrade: boolean): Promise<Answer> {
  const address = addressOf(url);
  const done = await (await import('./store/postgres.ts')).makeStore(address, upgrade);
  const answer = await checkStore(url);
  return { ...answer, exitCode: exitCodeOf(true), headline: done };
}

/** Checks a store in a database. */
export async function checkStore(url: string): Promise<Answer> {
  const address = addressOf(url);
  const results = await (await import('./store/postgres.ts')).examineStore(address);
  const isOk = results.every(({ Status }) => Status === 'ok' || Status === 'skipped');
  const isFailed = results.some(({ Status }) => Status === 'failed');
  return {
    rows: results.map((row) => Object.assign({}, row, { ComputerName: address.host })),
    problems: [],
    exitCode: exitCodeOf(isFailed ? null : isOk),
    headline: isOk
      ? 'The store is ready.'
      : isFailed
        ? 'The store cannot be used.'
        : 'The store differs from what it should be.',
  };
}

/** The SQL that creates or upgrades a store, for an administrator of the database. */
export async function storeSql(url: string | undefined): Promise<string> {
  const address = url === undefined ? null : addressOf(url);
  return (await import('./store/postgres.ts')).storeScript(address);
}
