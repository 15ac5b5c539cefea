import type { Cause } from '../cause.ts';
import { say, step, takeAnother } from '../remedy-steps.ts';
import { heldWithoutSocket } from './held-without-socket.ts';

/** The kernel that Windows runs Linux with. */
const isWslKernel = (release: string): boolean => /-microsoft-standard-WSL2\b/i.test(release);

export const windowsHost: Cause = {
  name: 'WindowsHost',
  meaning: 'nothing in WSL holds it, so Windows itself refuses it',
  explains: (look) =>
    look.facts.machine.platform === 'linux' &&
    isWslKernel(look.facts.machine.release) &&
    heldWithoutSocket.explains!(look),
  isOwnerless: true,
  isLikely: true,
  evidence:
    'With mirrored networking WSL asks Windows for every port: Windows refuses what a program of its own has, what is reserved there, and its dynamic range, but for a block of 4,097 ports that WSL has for itself.',
  remedies: ({ request }) => [
    step('wslinfo --networking-mode', 'whether the networking of WSL is mirrored'),
    say(
      `in Windows: portowner why ${request.port}${request.protocol === 'UDP' ? ' --protocol udp' : ''} tells who or what has it there`,
    ),
    say(
      `in Windows: netsh interface ipv4 show dynamicportrange protocol=${request.protocol.toLowerCase()} shows the dynamic range: 49152 to 65535 is usual, and a range from 1024 on takes most ports of servers`,
    ),
    takeAnother(request),
  ],
};
