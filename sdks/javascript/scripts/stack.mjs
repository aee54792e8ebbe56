// A local stack on free ports, for as long as something runs beside it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const python = process.env.SLUICE_PYTHON ?? `${root}.venv/bin/python`;

/** Starts a stack with these settings, calls `run` with what it offers to scripts, and ends it. */
export async function besideStack(settings, run) {
  const stack = spawn(python, [fileURLToPath(new URL('stack.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      // Quick and kind: what goes wrong is asked for.
      ASYNCFLOW_OUTAGE_RATE: '0',
      ASYNCFLOW_FAILURE_RATE: '0',
      ASYNCFLOW_LATENCY_MAX_MS: '0',
      ASYNCFLOW_POLL_SECONDS: '1',
      ASYNCFLOW_PROCESSING_MIN_SECONDS: '0.1',
      ASYNCFLOW_PROCESSING_MAX_SECONDS: '0.5',
      ASYNCFLOW_RATE_WINDOW_SECONDS: '3',
      ASYNCFLOW_SEED: '42',
      ASTRAFLOW_RATE_LIMIT: '0',
      ...settings,
    },
  });
  let over = false;
  stack.once('exit', (code) => {
    if (over) return;
    console.error(`The local stack ended with ${code}; is '${python}' there (make setup)?`);
    process.exit(1);
  });
  const [line] = await once(createInterface(stack.stdout), 'line');
  try {
    return await run(JSON.parse(line));
  } finally {
    over = true;
    stack.stdin.end();
  }
}
