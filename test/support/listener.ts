import type { Listener } from '../../src/audit/listeners.ts';

/** A listener for a test: nginx on port 80 of every address unless told otherwise. */
export function listener(more: Partial<Listener> = {}): Listener {
  return {
    protocol: 'TCP',
    port: 80,
    address: '0.0.0.0',
    scope: 'Any',
    program: '/usr/sbin/nginx',
    services: [],
    user: 'root',
    sha256: null,
    signer: null,
    ports: typeof more.port === 'number' ? [more.port] : [],
    ...more,
  };
}

export const loopback = (more: Partial<Listener> = {}): Listener => listener({ address: '127.0.0.1', scope: 'Loopback', ...more });
export const dynamic = (more: Partial<Listener> = {}): Listener => listener({ port: 'dynamic', address: 'any', program: '/usr/bin/app', ports: [50000], ...more });
