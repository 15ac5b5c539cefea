import type { RawEntry } from '../../system/raw.ts';
import { askEngine } from '../engine.ts';
import { engineEntry } from '../waited-for.ts';
import { elevated } from './advapi32.ts';

type Answer = Omit<RawEntry, 'at'>;

const pipes: Readonly<Record<string, readonly string[]>> = {
  docker: ['docker_engine', 'dockerDesktopLinuxEngine'],
  podman: ['podman-machine-default'],
};

const absent: Answer = { refusal: { code: 'NotSupported', text: 'it does not run here' } };

/**
 * The containers of `docker` or `podman`, or one container: `docker/inspect/ID`. Any program may create a pipe of that
 * name before the engine does, and act with the
 * rights of whoever connects to it, so an administrator's rights are never used to connect.
 */
export async function containers(engine: string): Promise<Answer> {
  if (elevated())
    return {
      refusal: {
        code: 'AccessDenied',
        text: 'with administrator rights its pipe is not connected to, which any program may have made',
        needs: 'a session without administrator rights',
      },
    };
  const [, name = '', , container = null] = engineEntry.exec(engine) ?? [];
  for (const pipe of pipes[name] ?? []) {
    const answer = await askEngine(`\\\\.\\pipe\\${pipe}`, 'membership in the group docker-users', { container });
    if (answer.refusal?.code !== 'NotSupported') return answer;
  }
  return absent;
}
