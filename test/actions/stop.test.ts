// Stopping without a real machine: services, sites and what no test could have here. Real processes: commands/stop.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hands, HeldProcess, ServiceState, Site } from '../../src/system/hands.ts';
import { planStop } from '../../src/actions/plan.ts';
import type { Situation } from '../../src/actions/target.ts';
import { stopTargets, type StopWorld } from '../../src/actions/stop.ts';
import type { Facts, Process, Service, Socket } from '../../src/facts/model/facts.ts';
import type { StopResult } from '../../src/schema/stop.ts';
import { connection, facts, process, service, socket } from '../support/example.ts';

const test = suite('a stop');

/** A machine of which the test says what happens when something is done to it. */
interface Machine {
  sockets: Socket[];
  processes: Process[];
  services: Service[];
  state: ServiceState;
  sites: Site[];
  sections: Partial<Facts['sections']>;
  readonly done: string[];
  onStop(): void;
  /** Before it is looked at again, right before it is stopped. */
  onLook(): void;
  onEnd(): void;
}

function machine(more: Partial<Machine> & ThisType<Machine> = {}): Machine {
  return {
    sockets: [socket()],
    processes: [process()],
    services: [],
    sites: [],
    sections: {},
    done: [],
    state: { foreign: null, refusal: null, stopped: false, triggers: [], dependents: [], restarts: false, manager: [] },
    onStop() {},
    onLook() {},
    onEnd() {},
    ...more,
  };
}

const refusal = (code: string, text: string) => Object.assign(new Error(text), { refusal: { code, text } });

async function stop(world: Machine, options: { force?: boolean; askable?: boolean } = {}): Promise<{ row: StopResult; rights: boolean; done: readonly string[]; took: number }> {
  let clock = 0;
  const held = (pid: number): HeldProcess => ({
    ask: () => (options.askable === false ? { cannot: 'it has no window' } : (world.done.push(`ask ${pid}`), world.onStop(), { how: 'SIGTERM' })),
    end: () => void (world.done.push(`end ${pid}`), world.onEnd()),
    ended: () => !world.processes.some((one) => one.pid === pid),
    release: () => void world.done.push(`release ${pid}`),
  });
  const hands: Hands = {
    self: { pid: 900, container: null, unit: null, unitUser: null },
    asking: 'ASK',
    processes: () => world.processes.map(({ pid, parent, startTime, imageName }) => ({ pid, parent: parent ?? 0, startTime, imageName })),
    hold(pid, startTime) {
      if (!world.processes.some((one) => one.pid === pid && one.startTime === startTime)) throw refusal('Gone', 'gone');
      return held(pid);
    },
    service: ({ name }) => (world.services.some((one) => one.name === name) || world.state.stopped ? world.state : null),
    stopService: ({ name }) => void (world.done.push(`stop ${name}`), world.onStop()),
    endService: ({ name }) => void (world.done.push(`end ${name}`), world.onEnd()),
    sites: () => world.sites,
    stopSite: (name) => void (world.done.push(`stop site ${name}`), world.onStop()),
  };
  const now = (): Facts => facts(world.sockets, { platform: 'win32', processes: world.processes, services: world.services, sections: world.sections });
  const situation = (): Situation => ({
    facts: now(),
    tree: hands.processes(),
    self: hands.self,
    asking: 'ASK',
    service: (id) => hands.service(id),
    sites: () => hands.sites(),
    mayStop: () => null,
  });
  const stopWorld: StopWorld = {
    hands,
    look: async () => (world.onLook(), situation()),
    watch: async () => now(),
    now: () => clock,
    pause: async (milliseconds) => void (clock += milliseconds),
  };
  const [target] = planStop(situation(), (one) => one.localPort === 443 && one.remotePort === null);
  const [stopped] = await stopTargets([target!], stopWorld, { force: options.force === true, timeout: 5000 });
  return { ...stopped!, done: world.done, took: clock };
}

const ownService = (more: Partial<Machine> & ThisType<Machine> = {}): Machine =>
  machine({ services: [service({ name: 'db' })], processes: [process({ imageName: 'db.exe', path: 'C:\\db.exe' })], ...more });
const shared = (more: Partial<Machine> & ThisType<Machine> = {}): Machine =>
  machine({ services: [service({ name: 'db', shared: true })], processes: [process({ imageName: 'svchost.exe', path: 'C:\\Windows\\System32\\svchost.exe' })], ...more });

function leave(this: Machine): void {
  this.sockets = this.sockets.filter(({ remotePort }) => remotePort !== null);
  this.processes = [];
  this.services = [];
  this.state = { ...this.state, stopped: true };
}

test('a service stops, and connections are left', async () => {
  const { row, done } = await stop(ownService({ onStop: leave, sockets: [socket(), connection({ localPort: 443, state: 'TimeWait', pid: null, holders: [] })] }));
  assert.equal([row.Result, row.LingeringConnections, row.Method, done], ['Stopped', 1, 'Stop-Service db', ['stop db']]);
});

test('a service that does not stop is left', async () => {
  const { row, done } = await stop(ownService());
  assert.equal([row.Result, done], ['NotStopped', ['stop db']]);
  assert.match(row.Reason!.join(), /did not stop within 5 s; use --force to end its process/);
});

test('and ended by force', async () => {
  const { row, done } = await stop(ownService({ onEnd: leave }), { force: true });
  assert.equal([row.Result, done], ['Stopped', ['stop db', 'end db']]);
});

test('but never the process of a shared one', async () => {
  const { row, done } = await stop(shared({ onEnd: leave }), { force: true });
  assert.equal([row.Result, done], ['NotStopped', ['stop db']]);
  assert.match(row.Reason!.join(), /its process is not ended because other services share it/);
});

test('a shared host goes on when its service has stopped', async () => {
  const { row } = await stop(
    shared({
      onStop() {
        this.sockets = [];
        this.state = { ...this.state, stopped: true };
      },
    }),
  );
  assert.is(row.Result, 'Stopped');
});

test('a service whose host still listens has not given the port back', async () => {
  const { row } = await stop(
    shared({
      onStop() {
        this.state = { ...this.state, stopped: true };
      },
    }),
  );
  assert.equal([row.Result, row.Reason], ['NotStopped', ['it is still listening']]);
});

test('a service that its manager starts again', async () => {
  const { row } = await stop(
    ownService({
      onStop() {
        this.sockets = [socket({ pid: 200, holders: [200] })];
        this.processes = [process({ pid: 200, imageName: 'db.exe', path: 'C:\\db.exe' })];
        this.services = [service({ name: 'db', pid: 200 })];
        this.state = { ...this.state, stopped: true };
      },
    }),
  );
  assert.equal([row.Result, row.NewOwner, row.Supervisor], ['Retaken', 'db (db.exe 200)', 'the service manager (db)']);
});

test('a service that has become another since it was looked at is not stopped', async () => {
  const { row, done } = await stop(
    ownService({
      onLook() {
        this.state = { ...this.state, foreign: 'the service manager says that db runs in process 7, not in 100' };
      },
    }),
    { force: true },
  );
  assert.equal([row.Result, done], ['Refused', []]);
  assert.match(row.Reason!.join(), /has changed since it was inspected.*runs in process 7, not in 100/);
});

test('nor is another service of the same process', async () => {
  const { row, done } = await stop(
    ownService({
      onLook() {
        this.services = [service({ name: 'other' })];
      },
    }),
  );
  assert.equal([row.Result, done], ['Refused', []]);
});

test('a site of IIS in place of the one that was looked at is not stopped', async () => {
  const { row, done } = await stop(
    iis({
      onLook() {
        this.sites = [{ name: 'Other', bindings: ['https/*:443:'], started: true, pools: ['Pool'], workers: [100] }];
      },
    }),
  );
  assert.equal([row.Result, done], ['Refused', []]);
});

test('a service that this user may not stop', async () => {
  const { row, rights } = await stop(
    ownService({
      onStop() {
        throw refusal('AccessDenied', 'no');
      },
    }),
  );
  assert.equal([row.Result, row.Reason, rights], ['NotStopped', ['no'], true]);
});

const iis = (more: Partial<Machine> & ThisType<Machine>): Machine =>
  machine({
    sockets: [socket({ pid: 4, kernel: true })],
    processes: [process({ imageName: 'w3wp.exe', path: 'C:\\Windows\\System32\\inetsrv\\w3wp.exe' })],
    sites: [{ name: 'Shop', bindings: ['https/*:443:'], started: true, pools: ['Pool'], workers: [100] }],
    sections: {
      httpQueues: {
        status: 'ok',
        reason: null,
        needs: null,
        at: null,
        data: [{ name: 'Pool', controller: null, processes: [{ pid: 100, service: null }], urls: ['https://*:443/'] }],
      },
    },
    ...more,
  });

test('a site of IIS', async () => {
  const { row, done } = await stop(iis({ onStop: leave }));
  assert.equal([row.Result, done, row.Method], ['Stopped', ['stop site Shop'], 'stop the IIS site Shop']);
});

test('a site that still has the port', async () => {
  const { row } = await stop(iis({}));
  assert.equal([row.Result, row.Reason![0]], ['NotStopped', 'it is still listening']);
});

test('a port with several holders', async () => {
  const { row } = await stop(
    iis({
      onStop() {
        this.sites = [];
        this.sections = {
          httpQueues: { ...this.sections.httpQueues!, data: [{ name: null, controller: null, processes: [{ pid: 300, service: null }], urls: ['https://+:443/x/'] }] },
        };
      },
    }),
  );
  assert.is(row.Result, 'Stopped');
  assert.match(row.Reason![0]!, /^other owners from before still have the port: HTTP\.sys/);
});

/** A server whose workers share its listener, and end only when they are asked themselves. */
const prefork = ({ stubborn = false } = {}): Machine =>
  machine({
    sockets: [socket({ holders: [100, 101, 102] })],
    processes: [process(), process({ pid: 101, parent: 100 }), process({ pid: 102, parent: 100 })],
    onStop() {
      const pid = Number(this.done.at(-1)!.replace('ask ', ''));
      if (stubborn && pid !== 100) return;
      this.processes = this.processes.filter((one) => one.pid !== pid);
      this.sockets = this.processes.length === 0 ? [] : [socket({ holders: this.processes.map((one) => one.pid), pid: this.processes[0]!.pid })];
    },
  });

test('workers that do not end with their server are asked soon', async () => {
  const { row, done, took } = await stop(prefork());
  assert.equal([row.Result, done.slice(0, 3)], ['Stopped', ['ask 100', 'ask 101', 'ask 102']]);
  assert.ok(took <= 350, `${took} ms`);
});

test('workers that do not end when they are asked are left', async () => {
  const { row, done } = await stop(prefork({ stubborn: true }));
  assert.equal([row.Result, done.slice(0, 3)], ['NotStopped', ['ask 100', 'ask 101', 'ask 102']]);
  assert.match(row.Reason!.join(), /did not end within 5 s/);
});

test('a program that cannot be asked is left, and that is said', async () => {
  const { row, done } = await stop(machine(), { askable: false });
  assert.equal([row.Result, done], ['NotStopped', ['release 100']]);
  assert.equal(row.Reason, ['nginx (100) cannot be ended gracefully: it has no window', 'nginx (100) is still running; use --force to end it']);
});

test('unless it may be ended by force', async () => {
  const { row, done } = await stop(machine({ onEnd: leave }), { askable: false, force: true });
  assert.equal([row.Result, row.Method, done], ['Stopped', 'by force', ['end 100', 'release 100']]);
});

test('what ended before it was asked', async () => {
  const world = machine();
  const before = world.processes;
  // Between the plan and the stop.
  let looks = 0;
  Object.defineProperty(world, 'sockets', { get: () => (looks++ === 0 ? [socket()] : []) });
  const { row, done } = await stop(world);
  assert.is(world.processes, before);
  assert.equal([row.Result, done], ['Gone', ['release 100']]);
});

test('a look that fails afterwards is no success', async () => {
  const { row } = await stop(
    machine({
      onStop() {
        leave.call(this);
        this.sections = { sockets: { status: 'failed', reason: 'no table', needs: null, at: null, data: [] } };
      },
    }),
  );
  assert.is(row.Result, 'NotStopped');
  assert.match(row.Reason!.join(), /it is unknown whether the port is free: no table/);
});

const above = (...names: readonly string[]): Process[] => names.map((imageName, index) => process({ pid: 50 - index, imageName, parent: 49 - index }));

/** Only the program itself ends: what is above it goes on. */
function end(this: Machine): void {
  this.sockets = [];
  this.processes = this.processes.filter(({ pid }) => pid !== 100);
}

for (const [what, parents, least, most] of [
  ['a program that nothing is above', [], 150, 300],
  ['a program that somebody started at a prompt', ['pwsh.exe', 'WindowsTerminal.exe'], 400, 700],
  ['a program of a script', ['pwsh.exe', 'build.exe'], 1500, 2000],
  ['a program of a supervisor', ['pm2.exe'], 1500, 2000],
] as const)
  test(`how long the port is watched: ${what}`, async () => {
    const { row, took } = await stop(machine({ processes: [process({ parent: 50 }), ...above(...parents)], onStop: end }));
    assert.is(row.Result, 'Stopped');
    assert.ok(took >= least && took <= most, `${took} ms`);
  });

test('a program whose whole chain ends with it is not waited for', async () => {
  const { took } = await stop(machine({ processes: [process({ parent: 50 }), ...above('npm.exe')], onStop: leave }));
  assert.ok(took <= 300, `${took} ms`);
});

test('a program whose parent starts it again after a second', async () => {
  let looks = 0;
  const world = machine({
    processes: [process({ parent: 50 }), ...above('pm2.exe')],
    onStop() {
      end.call(this);
      const again = [socket({ pid: 300, holders: [300] })];
      Object.defineProperty(world, 'sockets', { get: () => (++looks > 5 ? again : []) });
      this.processes = [...this.processes, process({ pid: 300, parent: 50, imageName: 'web.exe' })];
    },
  });
  const { row } = await stop(world);
  assert.equal([row.Result, row.NewOwner, row.Supervisor], ['Retaken', 'web.exe (300)', 'pm2.exe (50)']);
});

test('another listener of the port, on another address, was there before', async () => {
  const other = process({ pid: 101, imageName: 'other' });
  const { row } = await stop(
    machine({
      sockets: [socket({ localAddress: '0.0.0.0' }), socket({ localAddress: '127.0.0.1', pid: 101, holders: [101] })],
      processes: [process(), other],
      onStop() {
        this.sockets = this.sockets.filter(({ pid }) => pid === 101);
        this.processes = [other];
      },
    }),
  );
  assert.equal([row.Result, row.Reason], ['Stopped', ['other owners from before still have the port: other (101)']]);
});

test.run();
