/** Every page at /docs in a real browser: nothing from elsewhere, nothing blocked, readable for everybody. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { launch } from 'sluice-browser';
import { accessible, clean, visitor } from './visit.mjs';

const base = process.env.ASTRAFLOW_BASE_URL;
const listed = JSON.parse(readFileSync(new URL('../../chalicelib/surfaces/site/pages/pages.json', import.meta.url)));
const paths = Object.keys(listed.pages)
  .filter((slug) => slug !== 'try-it')
  .map((slug) => (slug === 'index' ? '/docs' : `/docs/${slug}`));

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

describe('every page', () => {
  for (const path of paths) {
    test(path, async () => {
      const visit = await visitor(browser, base);
      const { page, context } = visit;
      const answer = await page.goto(base + path);
      assert.equal(answer.status(), 200);
      assert.match(
        answer.headers()['content-security-policy'],
        /^default-src 'none'; script-src 'self'; style-src 'self'/,
      );
      assert.equal(await page.locator('h1').count(), 1);
      // The pages of requests are long and made alike: one is looked at unfolded and at night for all of them.
      const alike = path.startsWith('/docs/api-') && path !== '/docs/api-oauth';
      if (!alike) await page.evaluate(() => document.querySelectorAll('details').forEach((each) => (each.open = true)));
      await accessible(visit, 'in daylight');
      await page.emulateMedia({ colorScheme: 'dark' });
      if (!alike) await accessible(visit, 'at night', ['color-contrast']);
      await page.setViewportSize({ width: 360, height: 740 });
      if (!alike) await accessible(visit, 'on a phone', ['scrollable-region-focusable', 'target-size']);
      const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= screen, `the page is ${wide} wide on a screen of ${screen}`);
      clean(visit, path);
      await context.close();
    });
  }
});

test('a browser that asks for the front door gets the documentation', async () => {
  const visit = await visitor(browser, base);
  await visit.page.goto(base);
  assert.equal(new URL(visit.page.url()).pathname, '/docs');
  clean(visit);
});

test('the keyboard reaches everything, and shows where it is', async () => {
  const visit = await visitor(browser, base);
  const { page } = visit;
  await page.goto(`${base}/docs/settings`);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');

  await page.goto(`${base}/docs/settings`);
  const all = await page
    .locator('a[href], button:not([hidden]), [tabindex="0"]')
    .evaluateAll((found) => found.filter((each) => each.checkVisibility()).length);
  await page.evaluate(() => {
    window.seen = new Set();
    window.unseen = [];
    document.addEventListener('focusin', ({ target }) => {
      window.seen.add(target);
      if (getComputedStyle(target).outlineStyle === 'none') window.unseen.push(target.outerHTML);
    });
  });
  for (let step = 0; step < all; step += 1) await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => window.seen.size), all);
  assert.deepEqual(await page.evaluate(() => window.unseen), []);
  clean(visit);
});

test('on a narrow screen the menu opens and closes', async () => {
  const visit = await visitor(browser, base, { viewport: { width: 360, height: 740 } });
  const { page } = visit;
  await page.goto(`${base}/docs/settings`);
  const menu = page.getByRole('button', { name: 'Menu' });
  const pages = page.getByRole('navigation', { name: 'Pages' });
  assert.equal(await pages.isVisible(), false);
  await menu.click();
  assert.equal(await menu.getAttribute('aria-expanded'), 'true');
  await accessible(visit, 'with the menu open');
  await pages.getByRole('link', { name: 'Settings' }).isVisible();
  await menu.click();
  assert.equal(await pages.isVisible(), false);
  clean(visit);
});

test('the search finds a heading on another page, by the keyboard alone', async () => {
  const visit = await visitor(browser, base);
  const { page } = visit;
  await page.goto(`${base}/docs/settings`);
  await page.keyboard.press('/');
  await page.keyboard.type('magic dest');
  await page.locator('#found a').first().waitFor();
  await accessible(visit, 'with something found');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${base}/docs/asyncflow#magic-destinations`);
  await page.getByRole('searchbox').fill('nothing is called like this');
  await page.getByRole('status').filter({ hasText: 'No results' }).waitFor({ state: 'attached' });
  assert.equal(await page.locator('#found').isVisible(), false);
  clean(visit);
});

test('code is copied as it can be pasted', async () => {
  const visit = await visitor(browser, base, { permissions: ['clipboard-read', 'clipboard-write'] });
  const { page } = visit;
  await page.goto(`${base}/docs/asyncflow`);
  const block = page.locator('.code').first();
  await block.hover();
  await block.getByRole('button').click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, (await block.locator('code').textContent()).trimEnd());
  assert.ok(copied.includes(`curl -i ${base}/asyncflow`), 'a command names the deployment whose page it is on');
  clean(visit);
});
