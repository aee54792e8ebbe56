/** The package as others get it. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import * as sdk from 'astraflow-sdk';
import { stack } from './places/stack';

const require = createRequire(import.meta.url);
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('package.json')) as Record<string, unknown>;

test('what is required is the client, and everything that is exported', () => {
  const required = require('astraflow-sdk') as typeof sdk.AstraClient & Record<string, unknown>;
  assert.equal(typeof required, 'function');
  assert.equal(required.name, 'AstraClient');
  assert.equal(required['default'], required);
  for (const name of Object.keys(sdk)) assert.ok(name in required, name);
  assert.equal(sdk.default, sdk.AstraClient);
});

test('it has no dependencies', () => {
  assert.equal(manifest['dependencies'], undefined);
  assert.equal(manifest['peerDependencies'], undefined);
});

test('it knows its version', () => {
  assert.equal(sdk.VERSION, manifest['version']);
  assert.ok(read('README.md').includes(`astraflow-sdk-${sdk.VERSION}.tgz`));
});

test('its lock file names no registry', () => {
  assert.doesNotMatch(read('package-lock.json'), /"resolved"/);
});

test('only the platform of Node.js needs Node.js', () => {
  for (const file of ['index.js', 'platform/web.js'])
    assert.doesNotMatch(read(`dist/${file}`), /["']node:|process\./, file);
});

test('the operations that the deployment describes are those that have a method', async () => {
  const asked = new Set<string>();
  const noting: typeof fetch = async (input, init) => {
    asked.add(`${init?.method} ${new URL(String(input)).pathname}`);
    return new Response('{}');
  };
  const options = { baseUrl: 'http://sluice', fetch: noting };
  for (const client of [
    new sdk.AstraClient('token', options),
    new sdk.AsyncQueueClient('key', options),
    new sdk.AsyncFlowClient('key', { group: 'g', ...options }),
    new sdk.AsimovClient(options),
  ]) {
    const methods = client as unknown as Record<string, (...given: string[]) => Promise<unknown>>;
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(client))) {
      if (name === 'constructor' || name === 'wait' || name === 'pollUntilComplete') continue;
      // Only where a request goes matters here: an empty answer is no page.
      await methods[name]!('x', 'x').catch(() => undefined);
    }
  }
  const { paths } = (await (await fetch(`${stack.base_url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const described = Object.entries(paths)
    .filter(([path]) => /^\/(v1|asyncflow|api)(\/|$)/.test(path))
    .flatMap(([path, item]) =>
      Object.keys(item)
        .filter((key) => ['get', 'post', 'put', 'delete'].includes(key))
        .map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, 'x')}`),
    );
  assert.ok(described.length >= 20);
  assert.deepEqual([...asked].sort(), described.sort());
});
