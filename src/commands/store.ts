import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { BaseCommand } from '../cli/base.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions, OutputOption } from '../cli/options/rows.ts';
import { RowCommand } from '../cli/row-command.ts';
import { missingValue } from '../cli/values.ts';
import { writeTo } from '../cli/write.ts';
import type { Answer } from '../schema/answer.ts';
import { check } from '../schema/check.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { ExitCode } from '../schema/problems.ts';

const powershell = 'administration of a database, for which the executable is enough';
const exitCodes = { 0: 'done', 69: 'the database cannot be used', 64: 'wrong usage, or an unsafe URL' } as const;

/** What the commands about a store in a database have in common. */
abstract class DatabaseCommand extends withOptions(RowCommand, CountOptions) {
  url = Option.String({ name: 'URL' });

  override readonly schema = check;
}

/** Creates a store in a database. */
export class StoreCreateCommand extends DatabaseCommand {
  static override paths = [['store', 'create']];
  static override usage = Command.Usage({
    description: 'create the tables and the roles of an audit store in a PostgreSQL database',
    details: `
      The account needs the right to create schemas and roles. Everything is created in one transaction, in the schema portowner: four tables, and the roles portowner_writer (an account with the name of a machine, which can store only the audits of that machine), portowner_collector (audits of all machines), portowner_pruner (deletes old history, for --keep), and portowner_reader. Grant them to the accounts of your machines.

      On a server on another machine, the connection is always encrypted, and the server's certificate and name are verified. The URL cannot contain a password: see the guide to fleets.
    `,
    examples: [
      ['On this machine', '$0 store create postgres://dba@localhost/audits'],
      ['On a server', '$0 store create postgres://dba@db.corp/audits'],
    ],
  });
  static readonly about: CommandAbout = { rows: [check], operands: null, values: {}, exitCodes, powershell };

  protected async answer(): Promise<Answer> {
    const { administer } = await import('../audit/administer.ts');
    return administer(this.url, false);
  }
}

/** Upgrades a store in a database. */
export class StoreUpgradeCommand extends DatabaseCommand {
  static override paths = [['store', 'upgrade']];
  static override usage = Command.Usage({
    description: 'upgrade the tables of an audit store in a database',
    examples: [['After an update of PortOwner', '$0 store upgrade postgres://dba@db.corp/audits']],
  });
  static readonly about: CommandAbout = { rows: [check], operands: null, values: {}, exitCodes, powershell };

  protected async answer(): Promise<Answer> {
    const { administer } = await import('../audit/administer.ts');
    return administer(this.url, true);
  }
}

/** Checks a store in a database. */
export class StoreCheckCommand extends DatabaseCommand {
  static override paths = [['store', 'check']];
  static override usage = Command.Usage({
    description: 'check an audit store in a database, and the rights of the account',
    examples: [['Before the first audit', '$0 store check postgres://web1@db.corp/audits']],
  });
  static readonly about: CommandAbout = {
    rows: [check],
    operands: null,
    values: {},
    exitCodes: { 0: 'ready', 1: 'something differs', 69: 'the database cannot be used' },
    powershell,
  };

  protected async answer(): Promise<Answer> {
    const { checkStore } = await import('../audit/administer.ts');
    return checkStore(this.url);
  }
}

/** Prints the SQL of a store. */
export class StoreShowSqlCommand extends withOptions(BaseCommand, OutputOption) {
  static override paths = [['store', 'show-sql']];
  static override usage = Command.Usage({
    description: 'print the SQL that store create or store upgrade would run, for the administrator of the database',
    details: `
      Without URL, it is for PostgreSQL without any of the roles. With URL, it depends on the engine (PostgreSQL, Citus, or CockroachDB), the existing roles, and the version of the store.
    `,
    examples: [['A script for psql', '$0 store show-sql --output audits.sql']],
  });
  static readonly about: CommandAbout = { rows: [], operands: null, values: {}, exitCodes, powershell };

  url = Option.String({ name: 'URL', required: false });

  async perform(): Promise<ExitCode> {
    const { storeSql } = await import('../audit/administer.ts');
    const text = await storeSql(this.url);
    const { output } = this;
    if (output === '') throw missingValue('--output', 'the path of a file');
    writeTo(output, this.surroundings, (sink) => sink.write(text));
    return exitCodeOf(true);
  }
}
