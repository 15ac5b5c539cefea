import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Container } from '../../src/facts/model/facts.ts';
import { containerText } from '../../src/ownership/containers.ts';

const test = suite('containers as owners');

const id = 'a'.repeat(64);
const cases: readonly (readonly [container: Partial<Container>, text: string])[] = [
  [{}, 'docker container aaaaaaaaaaaa'],
  [{ id: 'web', runtime: 'lxc' }, 'lxc container web'],
  [{ image: 'nginx' }, 'docker container aaaaaaaaaaaa (nginx)'],
  [{ name: 'web' }, 'docker web'],
  [{ name: 'web', image: 'nginx:1.27' }, 'docker web (nginx:1.27)'],
  [{ name: 'shop-web-1', image: 'nginx:1.27', project: 'shop', service: 'web' }, 'docker shop-web-1 (nginx:1.27), compose shop'],
  [{ name: 'shop_web_12', project: 'shop', service: 'web', runtime: 'podman' }, 'podman shop_web_12, compose shop'],
  [{ name: 'front', project: 'shop', service: 'web' }, 'docker front, compose shop/web'],
  [{ name: 'shop-web-1', project: 'shop', service: 'db' }, 'docker shop-web-1, compose shop/db'],
  [{ name: 'shop-web-x', project: 'shop', service: 'web' }, 'docker shop-web-x, compose shop/web'],
  [{ name: 'my-shop-web-1', project: 'shop', service: 'web' }, 'docker my-shop-web-1, compose shop/web'],
  [{ name: 'shopXweb-1', project: 'shop', service: 'web' }, 'docker shopXweb-1, compose shop/web'],
  [{ name: 'a-b.c-1', project: 'a', service: 'b.c' }, 'docker a-b.c-1, compose a'],
  [{ name: 'web', project: 'shop' }, 'docker web, compose shop'],
  [{ name: 'web', service: 'web' }, 'docker web'],
];
for (const [container, text] of cases) test(text, () => assert.is(containerText({ runtime: 'docker', id, ...container }), text));

test.run();
