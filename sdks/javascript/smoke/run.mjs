// Packs the package, installs the file into each project beside this script, and uses it there. The stack is that of
// ASTRAFLOW_BASE_URL.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, Script } from 'node:vm';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'astraflow-sdk-smoke-'));

function run(cwd, command, ...args) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function node(cwd, file) {
  console.log(run(cwd, process.execPath, file).replace(/^/gm, '    ').trimEnd());
}

/** The TypeScript of this package: the projects install nothing else. */
function typescript(cwd) {
  run(cwd, process.execPath, join(modules, 'typescript/bin/tsc'), '-p', '.', '--typeRoots', join(modules, '@types'));
}

const projects = {
  esm: (cwd) => node(cwd, 'index.js'),
  cjs: (cwd) => node(cwd, 'index.js'),
  'ts-node16': (cwd) => {
    typescript(cwd);
    for (const file of ['esm.mjs', 'required.cjs', 'imported.cjs']) node(cwd, join('out', file));
  },
  'ts-bundler': async (cwd) => {
    typescript(cwd);
    await bundled(cwd);
  },
};

/** Bundle for a browser, and run where nothing is but what browsers have. */
async function bundled(cwd) {
  const outfile = join(cwd, 'bundle.js');
  await build({
    entryPoints: [join(cwd, 'page.ts')],
    outfile,
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    define: { BASE_URL: JSON.stringify(process.env.ASTRAFLOW_BASE_URL) },
    logLevel: 'warning',
  });
  const code = readFileSync(outfile, 'utf8');
  console.log(`    ${code.length} bytes`);
  await new Promise((resolve, reject) => {
    const finished = (problem) => (problem ? reject(problem) : resolve());
    const web = {
      AbortController,
      AbortSignal,
      Headers,
      Request,
      Response,
      TextDecoder,
      TextEncoder,
      URL,
      URLSearchParams,
    };
    const functions = { atob, btoa, clearTimeout, fetch, setTimeout };
    new Script(code).runInContext(createContext({ ...web, ...functions, crypto, console, finished }));
  });
}

try {
  const [{ filename }] = JSON.parse(
    run(join(here, '..'), 'npm', 'pack', '--json', '--silent', '--pack-destination', folder),
  );
  for (const [name, use] of Object.entries(projects)) {
    console.log(name);
    const cwd = join(folder, name);
    cpSync(join(here, name), cwd, { recursive: true });
    run(cwd, 'npm', 'install', '--silent', '--offline', '--no-save', '--no-audit', '--no-fund', join(folder, filename));
    await use(cwd);
  }
  console.log(`${Object.keys(projects).length} passed, 0 failed`);
} finally {
  rmSync(folder, { recursive: true });
}
