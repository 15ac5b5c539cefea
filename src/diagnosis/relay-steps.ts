import { portProxyOf } from '../ownership/relays.ts';
import { carriedBy, type Carried } from '../facts/decode/relays.ts';
import type { Facts, PortProxy } from '../facts/model/facts.ts';
import type { Patient } from './cause.ts';
import type { Request } from './request.ts';
import { quote, shownAddress } from './quote.ts';
import { say, step } from '../schema/step.ts';
import { carriedList, carriedStop } from './stop-commands.ts';

/**
 * The target of a relay: a Windows portproxy rule, something in WSL, a virtual machine or container, or the relay
 * itself.
 */
export type OwnerRelay =
  | { readonly kind: 'portproxy'; readonly rule: PortProxy }
  | { readonly kind: 'carrier'; readonly name: string; readonly carried: Carried }
  | { readonly kind: 'wsl' | 'alone' };

/** Returns the relay that holds the port; null where the owner is not a relay. */
export function relayOfOwner({ facts, row, socket }: Patient): OwnerRelay | null {
  if (row?.OwnerKind !== 'Relay' || socket === null) return null;
  const process = facts.sections.processes.data.find(({ pid }) => pid === row.OwningProcess);
  const relay = process?.relays?.find(({ listenPort }) => listenPort === null || listenPort === socket.localPort);
  if (relay === undefined) {
    const rule = portProxyOf(facts.sections.portProxies?.data ?? [], socket);
    return rule === undefined ? { kind: 'alone' } : { kind: 'portproxy', rule };
  }
  if (relay.name.startsWith('WSL')) return { kind: 'wsl' };
  const carried = carriedBy(relay);
  return carried === null ? { kind: 'alone' } : { kind: 'carrier', name: relay.name, carried };
}

const listed = ({ port, protocol }: Request) => ({ localPort: port, protocol });
const docker: Carried = { what: 'container', engines: ['docker'] };

/** Returns the step that makes Docker rebuild its list of ports. */
function restartDocker(facts: Facts, relay: string): string {
  const ofUser = relay.startsWith('Docker Desktop') ? 'docker-desktop' : /^rootlesskit/i.test(relay) ? 'docker' : null;
  if (facts.machine.platform === 'win32')
    return say('if no container uses it, restart Docker Desktop: its own list of ports is wrong');
  return step(
    ofUser === null ? 'sudo systemctl restart docker' : `systemctl --user restart ${ofUser}`,
    'if no container uses it: its own list of ports is wrong; this restarts its containers',
  );
}

/**
 * Returns the steps for Docker's own list of container ports: which container has one, and how to repair a wrong list.
 */
export function dockerSteps({ facts, request }: Pick<Patient, 'facts' | 'request'>, relay = 'docker-proxy'): string[] {
  return [
    step(carriedList(docker, listed(request))!, 'the container that uses the port; use docker stop to stop it'),
    restartDocker(facts, relay),
  ];
}

/** Returns the steps that stop what is behind a relay instead of the relay. */
function carrierSteps(patient: Patient, name: string, carried: Carried): string[] {
  const { facts, request, socket } = patient;
  const stop = socket === null ? null : carriedStop(socket);
  if (stop !== null) return [step(stop, 'stop the container that uses the port')];
  const [engine] = carried.engines;
  if (engine === 'docker') return dockerSteps({ facts, request }, name);
  const list = carriedList(carried, listed(request));
  const kept = say(`ending the relay itself would cut off everything else that it carries`);
  if (list === null) return [say(`stop the program inside the ${carried.what}`), kept];
  const where =
    engine === 'podman' || list.startsWith('nerdctl') ? `: look for :${request.port}-> in the column PORTS` : '';
  const tool = list.split(' ')[0]!;
  return [step(list, `the containers${where}; ${tool} stop NAME stops the one that uses the port`), kept];
}

/** Returns the step that shows who has a port in Kubernetes' own list of node ports. */
export function kubernetesSteps({ port, protocol }: Request): string[] {
  return [
    step(
      'kubectl get services --all-namespaces',
      `the service that uses the node port: look for :${port}/${protocol} in the column PORT(S)`,
    ),
    say(
      'give the service another nodePort, or none, so that Kubernetes chooses a free one; kubectl delete service NAME frees the port',
    ),
  ];
}

/** Returns the steps that delete the forwarding rule; the service that implements it does much more. */
function portProxySteps({ table, listenAddress, listenPort }: PortProxy): string[] {
  const address = listenAddress === '*' ? '*' : (shownAddress(listenAddress) ?? quote(listenAddress, 'win32'));
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

/** Returns the steps for a relay: they stop what is behind it, because the relay serves more than this port. */
export function relaySteps(patient: Patient, relay: OwnerRelay): string[] {
  const { request } = patient;
  switch (relay.kind) {
    case 'portproxy':
      return portProxySteps(relay.rule);
    case 'carrier':
      return carrierSteps(patient, relay.name, relay.carried);
    case 'wsl':
      return [
        step('wsl --list --running', 'the running WSL distributions'),
        step(
          `wsl -- ss -${request.protocol === 'UDP' ? 'u' : 't'}lnp 'sport = :${request.port}'`,
          'the program in WSL that uses the port (-d NAME selects another distribution): end it there',
        ),
      ];
    case 'alone':
      return [
        say('stop the program behind the relay, or delete its rule: ending the relay ends everything that it serves'),
      ];
  }
}
