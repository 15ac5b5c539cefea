import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { packages, version } from './bundle.ts';
import { type Platform, runtimeOf } from './platform.ts';
import { arm64Runtimes, ownNode, runtimes } from './runtime.mjs';

/** The parts of Node, by their names in process.versions: the usual name, and the license (SPDX), from Node's LICENSE. */
const nodeParts: Readonly<Record<string, readonly [name: string, license: string]>> = {
  acorn: ['acorn', 'MIT'],
  ada: ['ada', 'MIT'],
  amaro: ['amaro', 'MIT'],
  ares: ['c-ares', 'MIT'],
  brotli: ['brotli', 'MIT'],
  cldr: ['cldr', 'Unicode-3.0'],
  icu: ['icu', 'Unicode-3.0'],
  libffi: ['libffi', 'MIT'],
  lief: ['lief', 'Apache-2.0'],
  llhttp: ['llhttp', 'MIT'],
  merve: ['merve', 'MIT'],
  nbytes: ['nbytes', 'MIT'],
  ncrypto: ['ncrypto', 'MIT'],
  nghttp2: ['nghttp2', 'MIT'],
  nghttp3: ['nghttp3', 'MIT'],
  ngtcp2: ['ngtcp2', 'MIT'],
  openssl: ['openssl', 'Apache-2.0'],
  simdjson: ['simdjson', 'Apache-2.0'],
  simdutf: ['simdutf', 'MIT'],
  sqlite: ['sqlite', 'blessing'],
  tz: ['tzdata', 'LicenseRef-public-domain'],
  undici: ['undici', 'MIT'],
  unicode: ['unicode-character-database', 'Unicode-3.0'],
  uv: ['libuv', 'MIT'],
  uvwasi: ['uvwasi', 'MIT'],
  v8: ['v8', 'BSD-3-Clause'],
  zlib: ['zlib', 'Zlib'],
  zstd: ['zstd', 'BSD-3-Clause'],
};
/** Versions of interfaces, not of parts. */
const interfaces: ReadonlySet<string> = new Set(['node', 'modules', 'napi']);

interface License {
  license: { id: string } | { name: string };
}
interface Component {
  type: 'application' | 'library' | 'platform';
  'bom-ref': string;
  name: string;
  version: string;
  description?: string;
  licenses: License[];
  purl: string;
  hashes?: { alg: 'SHA-256'; content: string }[];
  properties?: { name: string; value: string }[];
  components?: Component[];
}

/** A bill of materials: CycloneDX 1.6. */
export interface Sbom {
  $schema: string;
  bomFormat: 'CycloneDX';
  specVersion: '1.6';
  version: 1;
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

function license(id: string): License {
  return { license: id.startsWith('LicenseRef-') ? { name: id.slice('LicenseRef-'.length) } : { id } };
}

/** A package URL: https://github.com/package-url/purl-spec. */
function purl(type: string, name: string, of: string): string {
  const path = name
    .split('/')
    .map((part) => encodeURIComponent(part).replace('%40', '@'))
    .join('/');
  return `pkg:${type}/${path.replace(/^@/, '%40')}@${encodeURIComponent(of)}`;
}

function library(name: string, folder: string): Component {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string;
    license: string;
    description?: string;
  };
  const ref = purl('npm', name, manifest.version);
  return {
    type: 'library',
    'bom-ref': ref,
    name,
    version: manifest.version,
    ...(manifest.description === undefined ? {} : { description: manifest.description }),
    licenses: [license(manifest.license)],
    purl: ref,
  };
}

/** A Node as a component with its parts; `names` are the executables that embed it. */
function nodeComponent(
  versions: Readonly<Record<string, string>>,
  embedded: readonly { name: string; sha256: string }[],
): Component {
  const { node = '' } = versions;
  const ref = purl('generic', 'nodejs', node);
  const parts = Object.entries(versions)
    .filter(([name, of]) => !interfaces.has(name) && of !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, of]): Component => {
      const part = nodeParts[key];
      if (part === undefined)
        throw new Error(`the bill of materials has no license for Node's ${key}: add it to src/build/sbom.ts`);
      return {
        type: 'library',
        'bom-ref': `${ref}#${key}`,
        name: part[0],
        version: of,
        licenses: [license(part[1])],
        purl: purl('generic', part[0], of),
      };
    });
  return {
    type: 'platform',
    'bom-ref': ref,
    name: 'Node.js',
    version: node,
    licenses: [license('MIT')],
    purl: ref,
    properties: embedded.flatMap(({ name, sha256 }) => [
      { name: 'portowner:embedded-in', value: name },
      { name: `portowner:sha256-of-the-one-in:${name}`, value: sha256 },
    ]),
    components: parts,
  };
}

/** The dependencies between packages of the bundle, by the imports between their files. */
function edges(metafile: Metafile): Map<string, Set<string>> {
  const owner = (path: string): string => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? '';
  const found = new Map<string, Set<string>>();
  for (const [path, { imports }] of Object.entries(metafile.inputs)) {
    const from = owner(path);
    const targets = found.get(from) ?? new Set();
    found.set(from, targets);
    for (const { path: target, external } of imports)
      if (external !== true && owner(target) !== from && owner(target) !== '') targets.add(owner(target));
  }
  return found;
}

/** The contents of PortOwner's executables. The text is reproducible: it contains neither a time nor a random number. */
export function sbom(metafile: Metafile, names: Readonly<Record<Platform, string>>): Sbom {
  const libraries = [...packages(metafile)].map(([name, folder]) => library(name, folder));
  const versionsOf = (node: string): Record<string, string> =>
    JSON.parse(execFileSync(node, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' }));
  const nodes = [
    { node: ownNode(runtimes), platforms: ['linux', 'win'] as const },
    { node: ownNode(arm64Runtimes), platforms: ['win-arm64'] as const },
  ].map(({ node, platforms }) =>
    nodeComponent(
      versionsOf(node),
      platforms.map((platform) => ({ name: names[platform], sha256: runtimeOf[platform].sha256 })),
    ),
  );

  const self: Component = {
    type: 'application',
    'bom-ref': purl('generic', 'portowner', version),
    name: 'portowner',
    version,
    licenses: [license('MIT')],
    purl: purl('generic', 'portowner', version),
  };
  const needs = edges(metafile);
  const refs = (wanted: Iterable<string>): string[] =>
    libraries.filter(({ name }) => [...wanted].includes(name)).map((one) => one['bom-ref']);
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: self },
    components: [...libraries, ...nodes],
    dependencies: [
      { ref: self['bom-ref'], dependsOn: [...refs(needs.get('') ?? []), ...nodes.map((node) => node['bom-ref'])] },
      ...libraries.map((one) => ({ ref: one['bom-ref'], dependsOn: refs(needs.get(one.name) ?? []) })),
      ...nodes.map((node) => ({
        ref: node['bom-ref'],
        dependsOn: (node.components ?? []).map((part) => part['bom-ref']),
      })),
      ...nodes.flatMap((node) => (node.components ?? []).map((part) => ({ ref: part['bom-ref'], dependsOn: [] }))),
    ],
  };
}
