import type { Cause } from '../cause.ts';
import { onWindows, say, step } from '../remedy-steps.ts';

export const exhausted: Cause = {
  name: 'Exhausted',
  meaning: 'the dynamic ports are used up',
  isOwnerless: true,
  explains: ({ bind, refused }) =>
    refused === 'noBuffers' || (bind.port === 0 && (refused === 'inUse' || refused === 'access')),
  overrules: ({ full, can }) => (full && can !== false ? false : undefined),
  remedies: (patient) => [
    step('portowner --all --sort OwningProcess', 'who has how many'),
    say('programs that connect again and again should keep their connections'),
    onWindows(patient)
      ? step(
          `netsh interface ipv4 set dynamicportrange protocol=${patient.request.protocol.toLowerCase()} startport=10000 numberofports=55536`,
          'as administrator: more dynamic ports; first see that no server listens there',
        )
      : step(
          'sudo sysctl -w net.ipv4.ip_local_port_range="15000 60999"',
          'more dynamic ports; first see that no server listens there',
        ),
  ],
};
