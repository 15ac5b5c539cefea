import { isMain, type Cause, type Patient } from '../cause.ts';
import { rangeText } from '../ranges.ts';
import { onWindows, say, step, takeAnother } from '../remedy-steps.ts';
import { securityModuleSteps } from '../security-module.ts';
import type { Facts } from '../../facts/model/facts.ts';

function remedies(patient: Patient): string[] {
  const { facts, request } = patient;
  const { port } = request;
  if (onWindows(patient))
    return [
      say('use a port that no other program uses exclusively, or run the program as the account that owns it'),
      takeAnother(request),
    ];
  return port > lastPrivileged(facts)
    ? [...securityModuleSteps(request, patient.error), takeAnother(request)]
    : privilegedSteps(patient);
}

/** Returns the last port that needs rights. */
export const lastPrivileged = (facts: Facts): number =>
  facts.sections.reservedPorts.data.find((range) => range.kind === 'Privileged')?.end ?? 1023;

/** Returns the steps that allow a program without root's rights to bind a privileged port. */
export function privilegedSteps({ facts, request: { port } }: Pick<Patient, 'facts' | 'request'>): string[] {
  const above = lastPrivileged(facts);
  return [
    step(`portowner free --near ${Math.max(above + 1, 8000)}`, `or use a port above ${above}, which needs no rights`),
    step("sudo setcap 'cap_net_bind_service=+ep' /path/to/program", 'allows only this program to bind such ports'),
    say('for a service: AmbientCapabilities=CAP_NET_BIND_SERVICE in its unit, or a systemd socket unit'),
    step(
      `sudo sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`,
      `allows everybody to bind port ${port} and above`,
    ),
  ];
}

export const noRights: Cause = {
  name: 'NoRights',
  meaning: 'the necessary rights are missing',
  isOwnerless: true,
  reserves: ({ facts: { machine }, range }) =>
    // Root can bind it. The facts do not show whether this account can otherwise, but the attempt does.
    range.kind !== 'Privileged' || machine.elevated === true
      ? null
      : {
          effect: machine.elevated === false ? 'blocks' : 'depends',
          evidence: `Ports ${rangeText(range)} need root or the capability CAP_NET_BIND_SERVICE (${range.source}).`,
          explainsItself: true,
        },
  explains: (look) => look.refused === 'noRights' || (look.can !== true && isMain(noRights, look)),
  remedies,
};
