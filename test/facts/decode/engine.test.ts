import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeContainers } from '../../../src/facts/decode/engine.ts';
import { raw, shopId } from '../../support/fake-engine.ts';

const test = suite('decode what an engine lists');

test('a container', () => {
  assert.equal(decodeContainers(raw({}).text), [
    {
      id: shopId,
      name: 'shop-web-1',
      image: 'nginx:1.27',
      project: 'shop',
      service: 'web',
      ports: [{ protocol: 'TCP', address: '0.0.0.0', port: 8080 }],
      addresses: ['172.18.0.2'],
    },
  ]);
});

const images: readonly (readonly [said: unknown, image: string | undefined])[] = [
  ['docker.io/library/nginx:1.27', 'docker.io/library/nginx:1.27'],
  [`nginx:1.27@sha256:${'d'.repeat(64)}`, 'nginx:1.27'],
  [`sha256:${'d'.repeat(64)}`, 'sha256:dddddddddddd'],
  ['d'.repeat(64), 'dddddddddddd'],
  ['localhost:5000/team/app_x:v1', 'localhost:5000/team/app_x:v1'],
  ['a\u001B[2J', undefined],
  ['x'.repeat(300), undefined],
  [`a${'@sha256:'.repeat(9)}`, undefined],
  [7, undefined],
];
for (const [said, image] of images) test(`the image ${String(said).slice(0, 40)}`, () => assert.is(decodeContainers(raw({ image: said }).text)![0]!.image, image));

const names: readonly (readonly [said: unknown, name: string | undefined])[] = [
  [['/web/alias', '/web'], 'web'],
  [['web'], 'web'],
  [['/a b'], undefined],
  [['/\u202Eweb'], undefined],
  [['/-rf'], undefined],
  [['/$(reboot)'], undefined],
  [[7, null, {}], undefined],
  ['/web', undefined],
  [[], undefined],
];
for (const [said, name] of names) test(`the names ${JSON.stringify(said)}`, () => assert.is(decodeContainers(raw({ names: said }).text)![0]!.name, name));

test('what is no label, port, or address is left out, and what has no id is no container', () => {
  const [container, ...others] = decodeContainers(
    raw(
      {
        project: 'a\nb',
        service: '../x',
        ports: [
          null,
          7,
          { PublicPort: 0, Type: 'tcp' },
          { PublicPort: 70000, Type: 'tcp' },
          { PublicPort: '80', Type: 'tcp' },
          { PublicPort: 80, Type: 'sctp' },
          { IP: 'x y', PublicPort: 80, Type: 'tcp' },
          { PublicPort: 53, Type: 'udp' },
        ],
        addresses: ['', null, '::1', 'x'],
      },
      { id: 'XYZ' },
      { id: null },
    ).text,
  )!;
  assert.equal(
    [container?.project, container?.service, container?.ports, container?.addresses, others],
    [undefined, undefined, [{ protocol: 'UDP', address: '', port: 53 }], ['::1'], []],
  );
});

test('anything else is no list', () => {
  for (const text of ['', '{', '{}', '7', 'null', '"x"', '['.repeat(100)]) assert.is(decodeContainers(text), null, text);
  assert.equal(decodeContainers('[null, 7, [], {}]'), []);
});

test('only so many are taken', () => {
  const many = JSON.stringify(Array.from({ length: 10_001 }, (_, at) => ({ id: String(at).padStart(12, '0') })));
  assert.is(decodeContainers(many)!.length, 10_000);
});

test('any answer is read to its end', () => {
  fc.assert(fc.property(fc.json(), (text) => void decodeContainers(text)));
  fc.assert(
    fc.property(
      fc.anything(),
      fc.anything(),
      fc.anything(),
      (names, ports, image) => void decodeContainers(JSON.stringify([{ id: shopId, names, ports, image }], (_key, value) => (typeof value === 'bigint' ? 1 : value))),
    ),
  );
});

test.run();
