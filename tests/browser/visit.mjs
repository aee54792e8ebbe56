// A visit to a page: whatever goes wrong on the way is kept, and looked for by `clean`.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A page of a new context, whose `troubles` are what the browser complained of or asked of somebody else. */
export async function visitor(browser, base, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const troubles = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    // A page that is left gives up what it was still loading.
    if (why !== 'net::ERR_ABORTED') troubles.push(`failed: ${request.url()} ${why}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) troubles.push(`${response.status()}: ${response.url()}`);
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && origin !== new URL(base).origin) troubles.push(`elsewhere: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`policy: ${violatedDirective} ${blockedURI}`),
    );
  });
  return { context, page, troubles };
}

/** No complaint of the browser, nothing from elsewhere. */
export function clean({ troubles }, where) {
  assert.deepEqual(troubles, [], where);
}

/** axe-core finds nothing, with all the rules that it runs by itself; or with some alone. */
export async function accessible({ page }, where, rules) {
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(
    (only) => axe.run(document, only ? { runOnly: only } : { resultTypes: ['violations'] }),
    rules,
  );
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  assert.deepEqual(found, [], where);
  assert.ok(passes.length > 0, where);
}
