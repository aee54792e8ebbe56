/** The console: it asks this deployment, shows what it answers, and is fit for everybody in each of its states. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch } from 'sluice-browser';
import { accessible, clean, visitor } from './visit.mjs';

const base = process.env.ASTRAFLOW_BASE_URL;
const APIS = ['asyncqueue', 'asyncflow', 'astraflow', 'oauth', 'asimov', 'operator', 'site'];

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function opened(address, options) {
  const visit = await visitor(browser, address, options);
  await visit.page.goto(address);
  await visit.page.locator('.opblock').first().waitFor();
  return visit;
}

describe('every API', () => {
  for (const api of APIS) {
    test(api, async () => {
      const visit = await opened(`${base}/docs/try-it?api=${api}`);
      assert.equal(await visit.page.locator('#api').inputValue(), api);
      await accessible(visit, 'in daylight');
      await visit.page.emulateMedia({ colorScheme: 'dark' });
      await accessible(visit, 'at night', ['color-contrast']);
      clean(visit, api);
      await visit.context.close();
    });
  }
});

for (const colorScheme of ['light', 'dark']) {
  test(`a request is carried out and its answer is shown (${colorScheme})`, async () => {
    const visit = await opened(`${base}/docs/try-it?api=asimov#/Operations/carryOut`, { colorScheme });
    const { page } = visit;
    await page.getByRole('textbox', { name: 'kind' }).waitFor();
    await accessible(visit, 'before');
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.locator('.live-responses-table').waitFor();
    const answer = JSON.parse(
      await page.locator('.live-responses-table .highlight-code code, .live-responses-table pre').first().textContent(),
    );
    assert.deepEqual(answer.data, { message: 'Hello, Master Asimov' });
    assert.match(await page.locator('.request-url').textContent(), new RegExp(`${base}/api/hello`));
    await accessible(visit, 'after');
    clean(visit);
  });
}

test('a key that is entered is sent', async () => {
  const visit = await opened(`${base}/docs/try-it?api=asyncqueue#/Tasks/listTasks`);
  const { page } = visit;
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  await page.locator('.modal-ux').waitFor();
  await accessible(visit, 'the dialog');
  await page.locator('.auth-container', { hasText: 'bearer' }).getByRole('textbox').fill('your-api-key');
  await page.getByRole('button', { name: /^Authorize: bearer/ }).click();
  await page.getByRole('button', { name: 'Close', exact: true }).last().click();
  await page.getByRole('button', { name: 'Execute' }).click();
  await page.locator('.live-responses-table').waitFor();
  assert.match(await page.locator('.live-responses-table .response-col_status').last().textContent(), /^200/);
  clean(visit);
});

test('the dialog for tokens takes one, or asks for one', async () => {
  const visit = await opened(`${base}/docs/try-it?api=astraflow`);
  await visit.page.locator('.btn.authorize').first().click();
  await visit.page.locator('.modal-ux').waitFor();
  const dialog = await visit.page.locator('.modal-ux').textContent();
  assert.ok(dialog.includes('A token that you have already.'));
  assert.ok(dialog.includes(`${base}/oauth/token`));
  await accessible(visit, 'the dialog');
  clean(visit);
});

test('the keyboard alone is enough', async () => {
  const visit = await opened(`${base}/docs/try-it?api=site`);
  const { page } = visit;
  const summary = page.locator('.opblock-summary-control').first();
  await summary.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Execute' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('.live-responses-table').waitFor();
  clean(visit);
});

test('behind a stage of API Gateway, pages and requests stay below it', async () => {
  const asked = [];
  const gateway = createServer((incoming, outgoing) => {
    asked.push(incoming.url);
    if (!incoming.url.startsWith('/live/')) return outgoing.writeHead(403).end();
    const { hostname, port } = new URL(base);
    const path = incoming.url.slice('/live'.length);
    const onward = request({ hostname, port, path, method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    return incoming.pipe(onward);
  });
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const stage = `http://127.0.0.1:${gateway.address().port}/live`;

  const visit = await opened(`${stage}/docs/try-it?api=asimov#/Operations/carryOut`);
  const { page } = visit;
  await page.getByRole('button', { name: 'Execute' }).click();
  await page.locator('.live-responses-table').waitFor();
  assert.ok(asked.includes('/live/api/hello'));
  await page.getByRole('link', { name: 'Sluice' }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  clean(visit);
  await visit.context.close();
  gateway.closeAllConnections();
  gateway.close();
});

test('what was taken over is what its makers published', () => {
  const folder = fileURLToPath(new URL('../../chalicelib/surfaces/site/assets/swagger-ui/', import.meta.url));
  const published = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const { version, sha256 } = JSON.parse(readFileSync(join(folder, 'vendored.json')));
  assert.equal(version, JSON.parse(readFileSync(join(published, 'package.json'))).version);
  for (const [name, digest] of Object.entries(sha256)) {
    assert.equal(
      createHash('sha256')
        .update(readFileSync(join(published, name)))
        .digest('hex'),
      digest,
      name,
    );
  }
});
