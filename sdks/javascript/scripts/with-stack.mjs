// Runs a command beside a local stack of its own: `node scripts/with-stack.mjs COMMAND ...`.
//
// The command finds the stack by ASTRAFLOW_BASE_URL, and what the stack offers to scripts, as JSON, in SLUICE_STACK.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { besideStack } from './stack.mjs';

const [command, ...rest] = process.argv.slice(2);
process.exitCode = await besideStack({}, async (offer) => {
  const child = spawn(command, rest, {
    stdio: 'inherit',
    env: { ...process.env, ASTRAFLOW_BASE_URL: offer.base_url, SLUICE_STACK: JSON.stringify(offer) },
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
});
