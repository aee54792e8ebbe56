// Takes the picture of /docs that the README shows: `npm run picture`.

import { fileURLToPath } from 'node:url';
import { launch } from 'sluice-browser';

const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
await page.goto(`${process.env.ASTRAFLOW_BASE_URL}/docs`, { waitUntil: 'networkidle' });
await page.screenshot({ path: fileURLToPath(new URL('../../docs/images/docs.png', import.meta.url)) });
await browser.close();
