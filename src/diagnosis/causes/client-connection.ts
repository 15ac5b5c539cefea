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
        'as administrator, once it is free: connections no longer get the port, but programs can still bind it',
      ),
    ];
  }
  const kept = facts.sections.reservedPorts.data
    .filter((range) => range.kind === 'Reserved')
    .map(({ start, end }) => (start === end ? `${start}` : `${start}-${end}`));
  return [
    step(
      `sudo sysctl -w net.ipv4.ip_local_reserved_ports=${[...kept, port].join(',')}`,
      'connections no longer get the port, but programs can still bind it; add it to /etc/sysctl.d to make it permanent',
    ),
  ];
}

export const clientConnection: Cause = {
  name: 'ClientConnection',
  meaning: 'an outgoing connection uses it as its local port',
  lingers: (left) => {
    if (left.connections.length === 0 || !isDynamic(left.facts, left.bind)) return null;
    const first = firstConnection(left);
    return {
      ...first,
      effect: wantsReuse(left.bind) ? 'depends' : 'blocks',
      evidence: `${connectionEvidence(left, first)}; the port is in the dynamic range, from which connections get their local ports.`,
    };
  },
  remedies: (patient) => [
    look(patient),
    say('the port becomes free when the connection ends'),
    takeAnother(patient.request),
    ...reserveFromClients(patient),
  ],
};
