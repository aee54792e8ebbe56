// Runs a command beside a local stack of its own: `node scripts/with-stack.mjs COMMAND ...`.
//
// The command finds the stack by ASTRAFLOW_BASE_URL, and what the stack offers to scripts, as JSON, in SLUICE_STACK.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const python = process.env.SLUICE_PYTHON ?? `${root}.venv/bin/python`;

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
  },
});
stack.once('exit', (code) => {
  if (process.exitCode === undefined) {
    console.error(`The local stack ended with ${code}; is '${python}' there (make setup)?`);
    process.exit(1);
  }
});
const [line] = await once(createInterface(stack.stdout), 'line');
const document = JSON.parse(line);

const [command, ...rest] = process.argv.slice(2);
const child = spawn(command, rest, {
  stdio: 'inherit',
  env: { ...process.env, ASTRAFLOW_BASE_URL: document.base_url, SLUICE_STACK: line },
});
const [code] = await once(child, 'exit');
process.exitCode = code ?? 1;
stack.stdin.end();
