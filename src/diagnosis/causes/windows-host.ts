import type { Cause } from '../cause.ts';
import { say, step, takeAnother } from '../remedy-steps.ts';
import type { Request } from '../request.ts';
import { heldWithoutSocket } from './held-without-socket.ts';

/** Whether a kernel is the one with which Windows runs Linux. */
export const isWslKernel = (release: string): boolean => /-microsoft-standard-WSL2\b/i.test(release);

export const windowsHostText =
  'With mirrored networking, WSL requests every port from Windows: Windows refuses ports of Windows programs, reserved ports, and its dynamic range, except for a block of 4,097 ports reserved for WSL.';

export const windowsHostSteps = (request: Request): string[] => [
  step('wslinfo --networking-mode', 'whether WSL uses mirrored networking'),
  say(
    `in Windows: portowner why ${request.port}${request.protocol === 'UDP' ? ' --protocol udp' : ''} shows who or what holds it there`,
  ),
  step(
    `netsh.exe interface ipv4 show dynamicportrange protocol=${request.protocol.toLowerCase()}`,
    'the dynamic range of Windows: 49152 to 65535 is the default; a range that starts at 1024 includes most server ports',
  ),
];

export const windowsHost: Cause = {
  name: 'WindowsHost',
  meaning: 'nothing in WSL holds it, so Windows itself refuses it',
  explains: (look) =>
    look.facts.machine.platform === 'linux' &&
    isWslKernel(look.facts.machine.release) &&
    heldWithoutSocket.explains!(look),
  isOwnerless: true,
  isLikely: true,
  evidence: windowsHostText,
  remedies: ({ request }) => [...windowsHostSteps(request), takeAnother(request)],
};
