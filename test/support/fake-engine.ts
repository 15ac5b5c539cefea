/** What Docker and Podman answer, as their API documents it, and an engine that answers whatever a test wants. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';

export const shopId = 'a'.repeat(64);
export const cacheId = 'b'.repeat(64);

/** GET /containers/json: https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerList */
export function listed(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    Id: shopId,
    Names: ['/shop-web-1'],
    Image: 'nginx:1.27',
    ImageID: `sha256:${'c'.repeat(64)}`,
    Command: '/entrypoint --password hunter2',
    Created: 1767322800,
    State: 'running',
    Status: 'Up 2 hours',
    Labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web', 'traefik.auth': 'hunter2' },
    Ports: [
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { PrivatePort: 443, Type: 'tcp' },
    ],
    NetworkSettings: { Networks: { shop_default: { IPAddress: '172.18.0.2', GlobalIPv6Address: '' } } },
    Mounts: [{ Source: '/srv/hunter2' }],
    ...more,
  };
}

/** GET /containers/ID/json: https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerInspect */
export function inspected(policy: string): Record<string, unknown> {
  return { Id: shopId, Config: { Env: ['PASSWORD=hunter2'] }, HostConfig: { RestartPolicy: { Name: policy, MaximumRetryCount: 0 } } };
}

/** What of it is raw: the entry `engine/docker`. */
export const raw = (...containers: readonly Record<string, unknown>[]): { text: string } => {
  const usual = {
    id: shopId,
    names: ['/shop-web-1'],
    image: 'nginx:1.27',
    project: 'shop',
    service: 'web',
    ports: [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }],
    addresses: ['172.18.0.2'],
  };
  return { text: JSON.stringify(containers.map((one) => Object.assign({}, usual, one))) };
};

/** Starts an engine on a Unix socket. */
export async function fakeEngine(path: string, answer: RequestListener): Promise<Server> {
  const server = createServer(answer).listen(path);
  await once(server, 'listening');
  return server;
}

// As a program: `node fake-engine.ts SOCKET` runs one that has the container above.
if (process.argv[1] === import.meta.filename) {
  await fakeEngine(process.argv[2]!, ({ url }, response) => response.end(JSON.stringify(url === `/containers/${shopId}/json` ? inspected('unless-stopped') : [listed()])));
  process.stdout.write('open\n');
}
