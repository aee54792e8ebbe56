// A headless Chromium that keeps to itself: no profile of before, and no connections but the page's own.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const QUIET = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** Starts the browser; close it in the end. */
export function launch() {
  const found = fileURLToPath(new URL('chromium', import.meta.url));
  return chromium.launch({
    executablePath: execFileSync(found, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim(),
    args: [...QUIET, '--disable-component-update', '--disable-sync'],
    // Chromium has no sandbox for root.
    chromiumSandbox: process.getuid?.() !== 0,
  });
}
