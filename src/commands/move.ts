import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { checkMoveOptions, moveDialog } from '../cli/move-plan.ts';
import { RowCommand } from '../cli/row-command.ts';
import { duration, wholeNumber } from '../cli/values.ts';
import { listMoves, moveServer, undoMove } from '../configuration/configuration.ts';
import type { MoveRequest } from '../configuration/move.ts';
import type { Answer } from '../schema/answer.ts';
import { moveResult } from '../schema/move.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { givenPath } from '../system/registry.ts';

/** Moves a server to another port. */
export class MoveCommand extends RowCommand {
  static override paths = [['move']];
  static override usage = Command.Usage({
    description: 'move a server to another port, in its own configuration',
    details: `
      It finds where the port is configured, as portowner config does, and changes only the number: comments, order, encoding, owner, and permissions of the files stay. First it shows the changes as a unified diff, and what else names the port, such as proxies, health checks, .env files, and connected programs, which it never changes. Then it asks, unless you use --yes.

      With --to auto, it chooses a free port. A port is refused if it cannot be bound, is reserved, is in the dynamic range, or is wanted by another configuration on this machine; the well-known port of another installed program needs --force.

      The server's own check (nginx -t) runs before and after; if it fails, every file is restored. With --restart, the service is reloaded or restarted, and the move is undone if the server does not own the new port within --timeout. If nothing can restart the server, --restart is refused before anything is written.

      The old contents of the files are kept in a journal in the same folder as held ports (see portowner free --help), or on Windows, for an elevated move, in C:\\ProgramData\\PortOwner-moves, which only administrators can change: --list shows the moves, or those of PORT, and --undo restores the files of the last one, also if it was interrupted. It shows the changes and asks, too.
    `,
    examples: [
      ['Show what would change', '$0 move 8080 --to auto --dry-run'],
      ['Move it, and reload the server', '$0 move 8080 --to 8090 --restart'],
      ['Undo the last move, and restart the server', '$0 move --undo --restart'],
      ['The moves from or to port 8080', '$0 move --list 8080'],
      ['List the moves, and delete those older than 30 days', '$0 move --list --keep 30'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [moveResult],
    operands: { column: 'LocalPort' },
    // Not the format of the same name.
    synonyms: { '--list': ['--list'], '-n': ['--dry-run'], '--what-if': ['--dry-run'] },
    values: { '--path': 'file', '--to': ['auto'] },
    exitCodes: {
      0: 'moved (or with --dry-run: can be moved)',
      1: 'not moved: every file is as before, unless Result is Interrupted',
      64: 'wrong usage, or no terminal to ask on and no --yes',
      69: 'cannot tell',
      77: 'needs elevated rights',
    },
    powershell: {
      name: 'Set-PortConfiguration',
      operand: 'Port',
      own: ['InputObject'],
      parameters: {
        NewPort: '--to',
        Application: '--app',
        Path: '--path',
        Restart: '--restart',
        Force: '--force',
        TimeoutSec: '--timeout',
      },
      leftOut: {
        '--dry-run': 'ShouldProcess is called with the plan of a dry run',
        '--yes': 'ShouldProcess asks',
        '--undo': 'use portowner move --undo',
        '--list': 'use portowner move --list',
        '--keep': 'use portowner move --keep',
        '--columns': 'Select-Object selects',
        '--redact': 'the plan names files',
      },
    },
  };

  port = Option.String({ name: 'PORT', required: false });
  to = Option.String('--to', { description: 'the new port, or auto for a free one' });
  app = Option.String('--app', { description: 'only this kind of server: nginx, PostgreSQL …' });
  file = Option.String('--path', { description: 'only this configuration file, or value of the Windows registry' });
  dryRun = Option.Boolean('--dry-run', false, { description: 'only show what would change' });
  yes = Option.Boolean('--yes,-y', false, { description: 'do not ask' });
  restart = Option.Boolean('--restart', false, { description: 'reload or restart the server, and check its ports' });
  force = Option.Boolean('--force', false, {
    description:
      'also if another tool manages the file, its configuration is not valid, or another program has the port',
  });
  timeout = Option.String('--timeout', {
    description: 'with --restart: seconds to wait for the new port (default: 30)',
  });
  undo = Option.String('--undo', {
    tolerateBoolean: true,
    description: 'restore the files of the last move, or of --undo=ID',
  });
  list = Option.Boolean('--list', false, { description: 'list the moves, or those from or to PORT' });
  keep = Option.String('--keep', { description: 'delete moves that are older than this many days' });

  override readonly schema = moveResult;

  protected async answer(): Promise<Answer> {
    const { surroundings, force, restart, timeout = '30' } = this;
    const how = { force, restart, timeoutMs: duration('--timeout', timeout, { least: 0 }) };
    const machine = await surroundings.configuration();
    checkMoveOptions(this);
    const world = { ...surroundings, asked: this.askedMachine(), machine };
    const dialog = moveDialog({ ...surroundings, yes: this.yes, write: (text) => this.write(text) });
    if (this.undo !== undefined && this.undo !== false) {
      const id = typeof this.undo === 'string' ? this.undo : (this.port ?? null);
      return undoMove({ id, dryRun: this.dryRun, ...how }, { ...world, ...dialog.undo });
    }
    const keepDays = this.keep === undefined ? null : wholeNumber('--keep', this.keep, { most: 36_500 });
    if (this.list || keepDays !== null) {
      const port = this.port === undefined ? null : wholeNumber('PORT', this.port, { most: 65_535 });
      return listMoves({ keepDays, port }, world);
    }
    return moveServer(this.request(how), { ...world, ...dialog.move });
  }

  /** Writes a text for people to standard error. */
  private write(text: string): void {
    if (this.forPeople && this.problems !== 'rows') this.surroundings.error(this.shown(text));
  }

  private request(how: Pick<MoveRequest, 'force' | 'restart' | 'timeoutMs'>) {
    const { port, to } = this;
    if (port === undefined || to === undefined)
      throw new PortOwnerError('PO1001', 'missing PORT or --to: portowner move PORT --to PORT', {
        hint: 'For example: portowner move 8080 --to auto --dry-run',
      });
    return {
      from: wholeNumber('PORT', port, { most: 65_535 }),
      to: to === 'auto' ? null : wholeNumber('--to', to, { most: 65_535 }),
      application: this.app ?? null,
      path: givenPath(this.file),
      dryRun: this.dryRun,
      ...how,
    };
  }
}
