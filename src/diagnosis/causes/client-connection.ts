import type { Cause, Patient } from '../cause.ts';
import { connectionEvidence, firstConnection, wantsReuse } from '../connections.ts';
import { isDynamic } from '../ranges.ts';
import { look, onWindows, say, step, takeAnother } from '../remedy-steps.ts';

function reserveFromClients(patient: Patient): string[] {
  const {
    facts,
    request: { port, protocol },
  } = patient;
  if (onWindows(patient)) {
    return [
      step(
        `netsh interface ipv4 add excludedportrange protocol=${protocol.toLowerCase()} startport=${port} numberofports=1 store=persistent`,
        'as administrator, once it is free: connections do not get the port again, a program that asks for it does',
      ),
    ];
  }
  const kept = facts.sections.reservedPorts.data
    .filter((range) => range.kind === 'Reserved')
    .map(({ start, end }) => (start === end ? `${start}` : `${start}-${end}`));
  return [
    step(
      `sudo sysctl -w net.ipv4.ip_local_reserved_ports=${[...kept, port].join(',')}`,
      'connections do not get the port again, a program that asks for it does; put it into /etc/sysctl.d to keep it',
    ),
  ];
}

export const clientConnection: Cause = {
  name: 'ClientConnection',
  meaning: 'an outgoing connection has it as its local port',
  lingers: (left) => {
    if (left.connections.length === 0 || !isDynamic(left.facts, left.bind)) return null;
    const first = firstConnection(left);
    return {
      ...first,
      effect: wantsReuse(left.bind) ? 'depends' : 'blocks',
      evidence: `${connectionEvidence(left, first)}; the port is in the dynamic range, from which programs that connect get their local port.`,
    };
  },
  remedies: (patient) => [
    look(patient),
    say('the port comes back when the connection ends'),
    takeAnother(patient.request),
    ...reserveFromClients(patient),
  ],
};
