import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundle, packages, version } from '../../src/build/bundle.ts';
import { arm64Runtimes, runtimes } from '../../src/build/runtime.mjs';
import { sbom, type Sbom } from '../../src/build/sbom.ts';
import { dist } from '../support/build-machine.ts';

const test = suite('bill of materials');
const text = readFileSync(join(dist, 'portowner.cdx.json'), 'utf8');
const bom = JSON.parse(text) as Sbom;
type Component = Sbom['components'][number];
const all = (components: readonly Component[]): Component[] => components.flatMap((one) => [one, ...all(one.components ?? [])]);
const components = [bom.metadata.component, ...all(bom.components)];

// https://cyclonedx.org/docs/1.6/json/: what is required, which members there may be, and what they may hold.
const members: Readonly<Record<string, readonly string[]>> = {
  bom: ['$schema', 'bomFormat', 'specVersion', 'version', 'metadata', 'components', 'dependencies'],
  component: ['type', 'bom-ref', 'name', 'version', 'description', 'licenses', 'purl', 'properties', 'components'],
  dependency: ['ref', 'dependsOn'],
};
const only = (value: object, kind: string): void =>
  assert.equal(
    Object.keys(value).filter((name) => !members[kind]!.includes(name)),
    [],
  );

test('it is CycloneDX 1.6', () => {
  assert.is(bom.$schema, 'http://cyclonedx.org/schema/bom-1.6.schema.json');
  assert.is(bom.bomFormat, 'CycloneDX');
  assert.is(bom.specVersion, '1.6');
  assert.is(bom.version, 1);
  only(bom, 'bom');
  for (const component of components) {
    only(component, 'component');
    assert.ok(['application', 'library', 'platform'].includes(component.type));
    for (const name of ['name', 'version', 'bom-ref'] as const) assert.ok(component[name].length > 0);
    assert.match(component.purl, /^pkg:(npm|generic)\/(%40[a-z-]+\/)?[a-z0-9.-]+@[\w.%+-]+$/);
  }
});

test('every component has a licence, by its SPDX identifier where there is one', () => {
  const spdx = new Set(['Apache-2.0', 'BlueOak-1.0.0', 'BSD-3-Clause', 'ISC', 'MIT', 'Unicode-3.0', 'Unlicense', 'Zlib', 'blessing']);
  for (const { name, licenses } of components) {
    assert.is(licenses.length, 1, name);
    const { license } = licenses[0]!;
    assert.ok('id' in license ? spdx.has(license.id) : license.name === 'public-domain', `${name}: ${JSON.stringify(license)}`);
  }
});

test('references are unique, and every one leads to a component', () => {
  const refs = components.map((component) => component['bom-ref']);
  assert.is(new Set(refs).size, refs.length);
  assert.equal(bom.dependencies.map(({ ref }) => ref).toSorted(), refs.toSorted());
  for (const dependency of bom.dependencies) {
    only(dependency, 'dependency');
    assert.is(new Set(dependency.dependsOn).size, dependency.dependsOn.length);
    for (const ref of dependency.dependsOn) assert.ok(refs.includes(ref), ref);
  }
});

test('it has every package of the bundle, and each is needed by something', async () => {
  const { metafile } = await bundle();
  const listed = bom.components.filter(({ type }) => type === 'library').map(({ name }) => name);
  assert.equal(listed, [...packages(metafile).keys()]);
  const needed = new Set(bom.dependencies.flatMap(({ dependsOn }) => dependsOn));
  for (const component of components.slice(1)) assert.ok(needed.has(component['bom-ref']), component.name);
});

test('it has both Nodes with their parts and digests', () => {
  const nodes = bom.components.filter(({ type }) => type === 'platform');
  assert.equal(
    nodes.map((node) => node.version),
    [runtimes['linux-x64'].version, arm64Runtimes.target.version],
  );
  for (const part of ['v8', 'libuv', 'openssl', 'zlib', 'libffi'])
    assert.ok(
      nodes.every((node) => node.components?.some(({ name }) => name === part)),
      part,
    );
  assert.is(nodes[0]!.components!.find(({ name }) => name === 'openssl')!.version, process.versions.openssl);
  for (const { sha256 } of [runtimes['linux-x64'], runtimes['win32-x64'], arm64Runtimes.target]) assert.ok(text.includes(sha256));
});

test('it has no time and no random number: twice the same', async () => {
  const { metafile } = await bundle();
  const names = { linux: 'portowner', win: 'portowner.exe', 'win-arm64': 'portowner-arm64.exe' };
  assert.is(`${JSON.stringify(sbom(metafile, names), null, 2)}\n`, text);
  assert.not.match(text, /serialNumber|timestamp|\d{4}-\d\d-\d\dT/);
  assert.is(bom.metadata.component.version, version);
});

test.run();
