import type { AskedMachine } from '../facts/machine.ts';
import { messageOf } from '../io/errors.ts';
import type { Answer } from '../schema/answer.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { MoveResult } from '../schema/move.ts';
import type { ConfigurationMachine } from '../system/configuration.ts';
import type { Surroundings } from '../system/surroundings.ts';
import { familiesNamed } from './find.ts';
import { cannotMove } from './cannot.ts';
import { connectedClients, connectionsOf } from './clients.ts';
import { listenersQuestion, survey, surveyFile } from './instances.ts';
import { changedSince, differencesOf, digestOf, Journal, newId, restore, stateAfter, type Move } from './journal.ts';
import { effectsOf, placesToMove, planMove, serverAt, type MoveEdits } from './plan-move.ts';
import {
  asItsUser,
  restartServer,
  restartWay,
  startAdvice,
  waitForPort,
  type MovePlan,
  type Restarted,
} from './restart.ts';
import { sessionObstacle } from './session.ts';
import { writeObstacle } from './writers.ts';
import { targetFor } from './target.ts';
import { customaryObstacle } from './usual-ports.ts';

/** A request to move a server to another port. */
export interface MoveRequest {
  readonly from: number;
  /** Null: choose one. */
  readonly to: number | null;
  readonly application: string | null;
  readonly path: string | null;
  readonly dryRun: boolean;
  readonly restart: boolean;
  readonly force: boolean;
  readonly timeoutMs: number;
}

export interface MoveWorld extends Pick<Surroundings, 'binder' | 'stateFolder' | 'now'> {
  readonly asked: AskedMachine;
  readonly machine: ConfigurationMachine;
  /** Shows a plan. */
  readonly show: (plan: MovePlan) => void;
  /** Whether to go on with a plan. */
  readonly approve: (plan: MovePlan) => boolean;
}

interface Outcome {
  readonly result: MoveResult['Result'];
  readonly restart?: string;
  readonly id?: string;
  readonly at?: string;
  readonly reasons?: readonly string[];
}

const list = (texts: readonly string[]): readonly string[] | null => (texts.length === 0 ? null : texts);

function rowOf(plan: MovePlan, computer: string, outcome: Outcome): MoveResult {
  return {
    Result: outcome.result,
    Application: plan.configured.family.name,
    Port: plan.from,
    NewPort: plan.to,
    Changes: list(plan.changes),
    SideEffects: list(plan.sideEffects),
    Restart: outcome.restart ?? plan.restart.text,
    Files: list(plan.files.map(({ path }) => path)),
    Difference: plan.files.map(({ difference }) => difference).join('\n'),
    Id: outcome.id ?? null,
    Time: outcome.at ?? null,
    Reason: list(outcome.reasons ?? []),
    ComputerName: computer,
  };
}

/** Runs the server's own check of its configuration. Returns why it failed, or null. */
function checkFailure(plan: MoveEdits, machine: ConfigurationMachine): string | null {
  const { check } = plan;
  if (check === null) return null;
  const { status, output } = machine.run(asItsUser(check, plan));
  return status === 0 ? null : `${check.words.join(' ')} failed: ${output === '' ? `it ended with ${status}` : output}`;
}

function begin(plan: MovePlan, now: Date): Move {
  return {
    kind: 'PortOwner.Move',
    version: 1,
    id: newId(now),
    at: now.toISOString(),
    application: plan.configured.family.name,
    from: plan.from,
    to: plan.to,
    state: 'begun',
    changes: plan.changes,
    files: plan.files.map(({ path, before, after }) => ({
      path,
      contents: Buffer.from(before).toString('base64'),
      before: digestOf(before),
      after: digestOf(after),
    })),
  };
}

/** What became of a change. */
interface Attempt {
  /** What failed, or null. */
  readonly failure: string | null;
  /** Whether the server was restarted, or may have been. */
  readonly restarted: boolean;
}

/** Changes the files, checks them, and restarts the server if requested. */
async function change(plan: MovePlan, { restart, timeoutMs, force }: MoveRequest, world: MoveWorld): Promise<Attempt> {
  const { machine } = world;
  let restarted = false;
  try {
    for (const { path, before, after } of plan.files) {
      const { bytes } = machine.read(path);
      if (bytes === null || digestOf(bytes) !== digestOf(before))
        return { failure: `${path} has changed in the meantime`, restarted };
      const obstacle = writeObstacle(path, machine, force);
      if (obstacle !== null) return { failure: obstacle, restarted };
      machine.replace(path, after);
    }
    const failure = checkFailure(plan, machine);
    if (failure !== null || !restart || plan.configured.instance.pid === null) return { failure, restarted };
    restarted = true;
    const late = (await restartServer(plan, world, timeoutMs)) ?? (await waitForPort(plan, world, timeoutMs));
    return { failure: late, restarted };
  } catch (error) {
    return { failure: messageOf(error), restarted };
  }
}

/** Restores the files after a failure, and makes the server use them again if it was restarted. */
async function rollBack(
  { plan, move, restarted }: { readonly plan: MovePlan; readonly move: Move; readonly restarted: boolean },
  { timeoutMs, force }: MoveRequest,
  world: MoveWorld,
): Promise<string[]> {
  const conflict = changedSince(move, world.machine);
  try {
    restore(move, world.machine, { all: false, force });
  } catch (error) {
    return [`the files were not restored: ${messageOf(error)}`, `undo it: portowner move --undo ${move.id}`];
  }
  const kept =
    conflict.length === 0 ? [] : [`not restored, because another program changed it: ${conflict.join(', ')}`];
  if (!restarted) return kept;
  const failure = await restartServer(plan, world, timeoutMs);
  const late = failure ?? (await waitForPort({ ...plan, from: plan.to, to: plan.from }, world, timeoutMs));
  if (late === null) return kept;
  const text =
    failure === null ? 'with its old configuration, ' : 'the server was not restarted with its old configuration: ';
  return [...kept, `${text}${late}`, ...startAdvice(plan.configured)];
}

/** Notes the new state of a move in the journal. Returns why that failed, or null: the move can be undone anyway. */
function noteFailure(journal: Journal, move: Move, state: Move['state']): string | null {
  try {
    journal.write({ ...move, state });
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

async function perform(plan: MovePlan, request: MoveRequest, world: MoveWorld): Promise<Outcome> {
  const journal = await Journal.of(world);
  const release = journal.lock();
  try {
    const interrupted = journal.moves().find(({ state }) => state === 'begun');
    if (interrupted !== undefined)
      throw cannotMove(
        `the move ${interrupted.id} was interrupted`,
        `Undo it first: portowner move --undo ${interrupted.id}`,
      );
    const move = begin(plan, world.now());
    journal.write(move);
    const told = { id: move.id, at: move.at };
    const { failure: failed, restarted } = await change(plan, request, world);
    const failure = failed ?? noteFailure(journal, move, 'done');
    if (failure === null) {
      const isRunning = plan.configured.instance.pid !== null;
      return request.restart || !isRunning
        ? { ...told, result: 'Moved' }
        : {
            ...told,
            result: 'Moved',
            restart: 'not restarted',
            reasons: [`the server uses port ${plan.to} after: ${plan.restart.text}`],
          };
    }
    const remaining = await rollBack({ plan, move, restarted }, request, world);
    const state = stateAfter(move, world.machine);
    const unnoted = state === 'begun' ? null : noteFailure(journal, move, state);
    const reasons = [failure, ...remaining, ...(unnoted === null || unnoted === failure ? [] : [unnoted])];
    return state === 'rolledBack'
      ? { ...told, result: 'RolledBack', restart: 'rolled back', reasons }
      : { ...told, result: 'Interrupted', restart: 'not rolled back', reasons };
  } finally {
    release();
  }
}

/** Throws PO4402 if a restart is wanted that is not possible. */
function checkRestart({ restart }: Pick<MoveRequest, 'restart'>, obstacle: string | null): void {
  if (restart && obstacle !== null) throw cannotMove(obstacle, 'Leave out --restart, and restart the server yourself.');
}

/** Moves a server to another port in its own configuration. Throws PO4402, PO4403, and PO4405. */
export async function moveServer(request: MoveRequest, world: MoveWorld): Promise<Answer> {
  const { machine, asked } = world;
  const facts = await asked.facts({ ...listenersQuestion, configured: true, firewall: true, addresses: true });
  const surveyed = { facts, machine };
  const all = await survey(surveyed);
  const only = familiesNamed(request.application);
  const chosen =
    request.path === null
      ? all.filter(({ family }) => only.some(({ name }) => name === family.name))
      : await surveyFile(request.path, surveyed, only);
  const subject = serverAt(chosen, request.from);
  const places = placesToMove(subject, request.from);
  const need = { places, all, service: subject.instance.service };
  const to = await targetFor(request.from, request.to, need, { ...world, facts });
  // The instance of a file that --path names can be another object of the same server.
  const others = all.filter(({ reading }) => reading.main !== subject.reading.main);
  const near = await asked.facts(connectionsOf([request.from]));
  const edits = planMove({ subject, machine }, request.from, to);
  const failure = checkFailure(edits, machine);
  const invalid = failure === null ? null : `the present configuration is not valid: ${failure}`;
  const way = restartWay(edits);
  const broken = request.force && invalid !== null && subject.instance.pid !== null;
  checkRestart(request, broken ? `${subject.family.name} cannot be restarted: ${invalid}` : way.obstacle);
  const obstacles = [
    invalid,
    sessionObstacle(request.from, near, machine),
    request.to === null ? null : customaryObstacle(subject, to),
    ...edits.obstacles,
  ].filter((text) => text !== null);
  if (obstacles.length > 0 && !request.force) throw cannotMove(obstacles.join('; '), 'Use --force to move it anyway.');
  const clients = await connectedClients(asked, near, request.from);
  const sideEffects = effectsOf({ all: [subject, ...others], subject, machine, facts, clients }, edits);
  // What failed before would fail afterwards, too.
  const plan: MovePlan = { ...edits, check: failure === null ? edits.check : null, restart: way, sideEffects };
  const answer = (outcome: Outcome, yes: boolean): Answer => ({
    rows: [rowOf(plan, facts.machine.name, outcome)],
    problems: [],
    exitCode: exitCodeOf(yes),
  });
  world.show(plan);
  if (request.dryRun) return answer({ result: 'Planned', reasons: obstacles }, true);
  if (!world.approve(plan)) return answer({ result: 'Declined' }, false);
  const outcome = await perform(plan, request, world);
  return answer(outcome, outcome.result === 'Moved');
}

function journalRow(move: Move, result: string, computer: string | null, reasons: readonly string[] = []): MoveResult {
  return {
    Result: result,
    Application: move.application,
    Port: move.from,
    NewPort: move.to,
    Changes: list(move.changes),
    SideEffects: null,
    Restart: null,
    Files: list(move.files.map(({ path }) => path)),
    Difference: null,
    Id: move.id,
    Time: move.at,
    Reason: list(reasons),
    ComputerName: computer,
  };
}

const states = {
  begun: 'Interrupted',
  done: 'Moved',
  rolledBack: 'RolledBack',
  kept: 'Interrupted',
  undone: 'Undone',
} as const;

/**
 * Lists the moves in the journal, or those from or to a port; deletes those that are older, unless they have to be undone
 * first.
 */
export async function listMoves(
  { keepDays, port }: { readonly keepDays: number | null; readonly port: number | null },
  world: Pick<MoveWorld, 'stateFolder' | 'now' | 'machine'>,
): Promise<Answer> {
  const journal = await Journal.of(world);
  const oldest = keepDays === null ? null : world.now().getTime() - keepDays * 86_400_000;
  const listed = journal.moves().filter((move) => {
    if (port !== null && move.from !== port && move.to !== port) return false;
    const isOver = oldest !== null && move.state !== 'begun' && Date.parse(move.at) < oldest;
    if (isOver) journal.remove(move);
    return !isOver;
  });
  const rows = listed.map((move) => journalRow(move, states[move.state], null));
  const none = port === null ? 'There are no moves in the journal.' : `No move in the journal is of port ${port}.`;
  const notes = [...(rows.length > 0 ? [] : [none]), ...(journal.elsewhere === null ? [] : [journal.elsewhere])];
  return {
    rows,
    problems: [],
    exitCode: exitCodeOf(true),
    ...(notes.length === 0 ? {} : { note: notes.join(' ') }),
  };
}

/** What undoing a move would do. */
export interface UndoPlan {
  readonly application: string;
  readonly from: number;
  readonly to: number;
  readonly id: string;
  readonly differences: readonly string[];
  readonly restart: string;
}

/** What undoing a move needs. */
export interface UndoWorld extends Pick<MoveWorld, 'stateFolder' | 'now' | 'asked' | 'machine'> {
  /** Shows what a restore would change. */
  readonly tell: (differences: readonly string[]) => void;
  readonly show: (plan: UndoPlan) => void;
  readonly approve: (plan: UndoPlan) => boolean;
}

/** What to undo, and how. */
export interface UndoRequest extends Pick<MoveRequest, 'dryRun' | 'force' | 'restart' | 'timeoutMs'> {
  /** Null: the last one that was not undone. */
  readonly id: string | null;
}

/** The running server that reads a file of a move; null if there is none. */
async function serverOf({ files, to }: Move, { asked, machine }: UndoWorld): Promise<Restarted | null> {
  const all = await survey({ facts: await asked.facts(listenersQuestion), machine });
  const paths = new Set(files.map(({ path }) => path));
  const configured = all.find(
    ({ instance, reading }) =>
      instance.pid !== null && [...reading.files.keys()].some((path) => paths.has(machine.realPath(path) ?? path)),
  );
  if (configured === undefined) return null;
  return { configured, needsRestart: placesToMove(configured, to).some((place) => place.needsRestart) };
}

/** Restores the files of a move, and restarts the server if requested. */
async function restored(
  { move, server }: { readonly move: Move; readonly server: Restarted | null },
  journal: Journal,
  { restart, timeoutMs, force }: UndoRequest,
  world: UndoWorld,
): Promise<Answer> {
  try {
    restore(move, world.machine, { all: force, force });
    const [kept] = changedSince(move, world.machine);
    if (kept !== undefined) throw new Error(`${kept}: another program changed it in the meantime`);
  } catch (error) {
    throw cannotMove(
      `the files were not restored: ${messageOf(error)}`,
      `Undo it again: portowner move --undo ${move.id}`,
    );
  }
  journal.write({ ...move, state: 'undone' });
  if (server === null) {
    const reasons = [
      restart
        ? 'no running server uses the files'
        : 'restart or reload the server, so that it uses the restored configuration',
    ];
    return { rows: [journalRow(move, 'Undone', null, reasons)], problems: [], exitCode: exitCodeOf(true) };
  }
  const back = { configured: server.configured, from: move.to, to: move.from };
  const failure = (await restartServer(server, world, timeoutMs)) ?? (await waitForPort(back, world, timeoutMs));
  const reasons = failure === null ? [] : [`the files are restored, but ${failure}`, ...startAdvice(server.configured)];
  const row = { ...journalRow(move, 'Undone', null, reasons), Restart: failure === null ? 'restarted' : 'failed' };
  return { rows: [row], problems: [], exitCode: exitCodeOf(failure === null) };
}

/** Returns the move to undo. Throws PO4402 if there is none, or if its files have changed since. */
function moveToUndo({ id, force }: UndoRequest, journal: Journal, { machine, tell }: UndoWorld): Move {
  const move = journal
    .moves()
    .find((one) => (id === null ? one.state === 'begun' || one.state === 'done' : one.id === id));
  if (move === undefined)
    throw cannotMove(
      id === null ? 'there is no move to undo' : `there is no move ${id}`,
      ['portowner move --list lists them.', ...(journal.elsewhere === null ? [] : [journal.elsewhere])].join(' '),
    );
  const conflict = changedSince(move, machine);
  if (conflict.length > 0 && !force) {
    tell(differencesOf({ ...move, files: move.files.filter(({ path }) => conflict.includes(path)) }, machine, true));
    throw cannotMove(
      `changed since the move: ${conflict.join(', ')}`,
      'Use --force to restore the files anyway, which undoes the other changes, too.',
    );
  }
  return move;
}

/** Restores the files of a move, also of one that was interrupted. Throws PO4402, PO4403, and PO4405. */
export async function undoMove(request: UndoRequest, world: UndoWorld): Promise<Answer> {
  const journal = await Journal.of(world);
  const move = moveToUndo(request, journal, world);
  const server = request.restart ? await serverOf(move, world) : null;
  const way = server === null ? null : restartWay(server);
  if (way !== null) checkRestart(request, way.obstacle);
  const differences = differencesOf(move, world.machine, true);
  const { application, from, to, id } = move;
  const plan = { application, from, to, id, differences, restart: way?.text ?? 'without a restart' };
  const answer = (result: string, yes: boolean): Answer => ({
    rows: [{ ...journalRow(move, result, null), Difference: differences.join('\n'), Restart: plan.restart }],
    problems: [],
    exitCode: exitCodeOf(yes),
  });
  world.show(plan);
  if (request.dryRun) return answer('Planned', true);
  if (!world.approve(plan)) return answer('Declined', false);
  const release = journal.lock();
  try {
    const present = moveToUndo({ ...request, id }, journal, world);
    return await restored({ move: present, server }, journal, request, world);
  } finally {
    release();
  }
}
