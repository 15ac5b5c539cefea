import { portProxyOf } from '../ownership/relays.ts';
import type { PortProxy } from '../facts/model/facts.ts';
import type { Patient } from './cause.ts';
import type { Request } from './request.ts';
import { quote } from './quote.ts';
import { say, step } from './step.ts';

/** What an owner passes a port on for. */
export interface OwnerRelay {
  readonly kind: 'portproxy' | 'docker' | 'podman' | 'wsl' | 'other';
  readonly rule: PortProxy | null;
  /** Whether ending it ends nothing else. */
  readonly endsAlone: boolean;
}

/** The relay that holds the port; null where the owner is none. */
export function relayOfOwner({ facts, row, socket }: Patient): OwnerRelay | null {
  if (row?.OwnerKind !== 'Relay' || socket === null) return null;
  const process = facts.sections.processes.data.find(({ pid }) => pid === row.OwningProcess);
  const name = process?.relays?.find(({ listenPort }) => listenPort === null || listenPort === socket.localPort)?.name;
  const plain = { rule: null, endsAlone: false };
  if (name === undefined) {
    const rule = portProxyOf(facts.sections.portProxies?.data ?? [], socket);
    return rule === undefined ? { ...plain, kind: 'other', endsAlone: true } : { ...plain, kind: 'portproxy', rule };
  }
  if (/^docker|^Docker/.test(name)) return { ...plain, kind: 'docker' };
  if (name.startsWith('WSL')) return { ...plain, kind: 'wsl' };
  if (/^rootless|^slirp4netns|^pasta|^Podman/.test(name)) return { ...plain, kind: 'podman' };
  return { ...plain, kind: 'other', endsAlone: true };
}

const publishes = ({ port, protocol }: Request): string => `publish=${port}${protocol === 'UDP' ? '/udp' : ''}`;

/** Docker's own list of the ports that containers have: who has one, and what to do when it has lost count. */
export function dockerSteps({ facts, request }: Pick<Patient, 'facts' | 'request'>): string[] {
  return [
    step(`docker ps --filter ${publishes(request)}`, 'the container that uses the port; use docker stop to stop it'),
    facts.machine.platform === 'win32'
      ? say('if no container uses it, restart Docker Desktop: its own list of ports is wrong')
      : step(
          'sudo systemctl restart docker',
          'if no container uses it: its own list of ports is wrong; this restarts its containers',
        ),
  ];
}

/** How the rule that passes the port on is taken away; the service that carries it out serves much else. */
function portProxySteps({ table, listenAddress, listenPort }: PortProxy): string[] {
  const address = listenAddress === '*' ? '*' : quote(listenAddress, 'win32');
  return [
    step('netsh interface portproxy show all', 'the port forwarding rules of Windows'),
    ...(address === null
      ? []
      : [
          step(
            `netsh interface portproxy delete ${table} listenport=${listenPort} listenaddress=${address}`,
            'as administrator: deletes this rule, if nobody needs it',
          ),
        ]),
  ];
}

/** What to do about a relay: what is behind it is stopped, the relay carries more than this port. */
export function relaySteps(patient: Patient, { kind, rule }: OwnerRelay): string[] {
  const { request } = patient;
  switch (kind) {
    case 'portproxy':
      return portProxySteps(rule!);
    case 'docker':
      return dockerSteps(patient);
    case 'podman':
      return [
        step(
          `podman ps --filter ${publishes(request)}`,
          'the container that uses the port; use podman stop to stop it',
        ),
        say('ending the relay itself would cut off everything else that it serves'),
      ];
    case 'wsl':
      return [
        step('wsl --list --running', 'the running WSL distributions'),
        step(
          `wsl -- ss -${request.protocol === 'UDP' ? 'u' : 't'}lnp 'sport = :${request.port}'`,
          'the program in WSL that uses the port (-d NAME selects another distribution): end it there',
        ),
      ];
    case 'other':
      return [
        say('stop the program behind the relay, or delete its rule: ending the relay ends everything that it serves'),
      ];
  }
}
