import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { root } from './runtime.mjs';

/**
 * The Microsoft Identity Verification Root Certificate Authority 2020, which Node's signatures lead to.
 * SHA-256 fingerprint: 5367F20C7ADE0E2BCA790915056D086B720C33C1FA2A2661ACF787E3292E1270.
 */
const authority = join(root, 'src/build/microsoft-identity-root-2020.pem');

/** Verifies that a node.exe is signed by the OpenJS Foundation. Returns the result, or why it could not be verified; throws if it is not. */
export function verifyNodeSignature(path: string): string {
  const what = `${basename(path)}: its signature`;
  const version = /osslsigncode (\d+)\.(\d+)/.exec(
    spawnSync('osslsigncode', ['--version'], { encoding: 'utf8' }).stdout ?? '',
  );
  if (!version) return `${what}: not verified, osslsigncode is not installed (its SHA-256 is pinned)`;
  // Older versions look for revocation lists on the network.
  if (Number(version[1]) * 100 + Number(version[2]) < 209)
    return `${what}: not verified, osslsigncode is older than 2.9 (its SHA-256 is pinned)`;
  const args = ['verify', '-ignore-cdp', '-ignore-crl', '-CAfile', authority, '-TSA-CAfile', authority, '-in', path];
  const result = spawnSync('osslsigncode', args, { encoding: 'utf8' });
  if (result.status !== 0 || !/Subject: .*\/O=OpenJS Foundation\//.test(result.stdout)) {
    throw new Error(`${path} is not signed by the OpenJS Foundation:\n${result.stdout}${result.stderr}`);
  }
  return `${what}: verified`;
}
