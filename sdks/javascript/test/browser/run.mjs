// Runs the suites of all clients in Chromium, from a page whose origin the local stack lets in: `npm run test:browser`.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { tsImport } from 'tsx/esm/api';
import { launch } from '../../../../infra/browser/launch.mjs';
import { besideStack } from '../../scripts/stack.mjs';

const { json, listening } = await tsImport('../server.ts', import.meta.url);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const { outputFiles } = await build({
  entryPoints: [here('page.ts')],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'browser',
  define: { 'process.env.NODE_DEBUG': '""', global: 'globalThis' },
  alias: { 'node:test': here('runner.ts'), 'node:assert/strict': here('assert.ts') },
});
const pages = createServer((request, response) => {
  const script = request.url === '/page.js';
  response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html' });
  response.end(script ? outputFiles[0].text : '<!doctype html><script type="module" src="page.js"></script>');
});
pages.listen(0, '127.0.0.1');
await once(pages, 'listening');
const origin = `http://127.0.0.1:${pages.address().port}`;

const failed = await besideStack({ CORS_ALLOW_ORIGINS: origin }, async (offer) => {
  const browser = await launch();
  try {
    return await visited(await browser.newPage(), offer);
  } finally {
    await browser.close();
    pages.close();
  }
});
process.exitCode = failed ? 1 : 0;

/** Opens the page, prints how its tests go, and returns how many failed. */
async function visited(page, offer) {
  const servers = new Map();
  const count = { passed: 0, failed: 0 };
  const crashed = once(page, 'pageerror').then(([error]) => Promise.reject(error));
  const over = new Promise((resolve) => page.exposeFunction('over', resolve));
  await page.exposeFunction('offered', () => offer);
  await page.exposeFunction('opened', async (answers) => {
    const server = await listening(...answers.map(({ status, body = {}, headers }) => json(body, status, headers)));
    servers.set(server.url, server);
    return server.url;
  });
  await page.exposeFunction('arrived', (url, wanted) => servers.get(url).arrived(wanted));
  await page.exposeFunction('told', (name, failure) => {
    count[failure === undefined ? 'passed' : 'failed'] += 1;
    if (failure !== undefined) console.log(`failed: ${name}\n${failure}`);
  });
  await page.goto(origin);
  await Promise.race([over, crashed]);
  for (const server of servers.values()) server.close();
  console.log(`Chromium ${page.context().browser().version()}, from ${origin}`);
  console.log(`${count.passed} passed, ${count.failed} failed`);
  return count.failed + (count.passed === 0 ? 1 : 0);
}
