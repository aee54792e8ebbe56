/** What the README and the manuals show is run as it stands. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as sdk from 'astraflow-sdk';
import { stack } from './places/stack';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code!);

const folder = mkdtempSync(join(tmpdir(), 'astraflow-sdk-'));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(root, join(folder, 'node_modules', 'astraflow-sdk'), 'dir');
after(() => rmSync(folder, { recursive: true }));

let written = 0;

function program(code: string): string {
  written += 1;
  const path = join(folder, `${written}.mjs`);
  writeFileSync(path, code);
  return path;
}

async function printed(code: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program(code)], { timeout: 60_000 });
  assert.equal(stderr, '');
  return stdout;
}

describe('the README', () => {
  test('has its examples', () => assert.ok(examples.length >= 9));

  for (const [number, code] of examples.entries()) {
    const title = code.split('\n').find((line) => !line.startsWith('import') && line.trim() !== '');
    if (code.includes('export ')) continue;
    test(`works in example ${number + 1}: ${title}`, async () => {
      assert.notEqual(await printed(code), '');
    });
  }

  test('believes a webhook that is signed, and no other', async () => {
    const receiver = examples.find((code) => code.includes('export async function POST'));
    const { POST } = (await import(pathToFileURL(program(receiver!)).href)) as {
      POST(request: Request): Promise<Response>;
    };
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    process.env['WEBHOOK_SECRET'] = secret;
    const body = '{"event":"task.created","data":{"id":"a"}}';
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', Buffer.alloc(32, 7)).update(`m.${timestamp}.${body}`).digest('base64');
    const headers = { 'webhook-id': 'm', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
    const ask = (sent: string) => POST(new Request('http://localhost/', { method: 'POST', headers, body: sent }));
    assert.equal((await ask(body)).status, 204);
    assert.equal((await ask(body.replace('created', 'deleted'))).status, 400);
  });

  test('names every method, every error and nothing that is not there', () => {
    const clients = [sdk.AstraClient, sdk.AsyncQueueClient, sdk.AsyncFlowClient, sdk.AsimovClient];
    const methods = clients
      .flatMap((client) => Object.getOwnPropertyNames(client.prototype))
      .filter((name) => name !== 'constructor');
    const errors = Object.keys(sdk).filter((name) => name.endsWith('Error'));
    for (const name of [...methods, ...errors]) assert.ok(readme.includes(`\`${name}`), name);
    const listed = [...readme.matchAll(/^(?:`\w+`(?:, ?|\.?$))+$/gms)].flatMap(([line]) => line.match(/\w+/g) ?? []);
    assert.ok(listed.length >= methods.length);
    for (const name of listed) assert.ok(methods.includes(name), name);
  });
});

describe('the documentation', () => {
  const repository = join(root, '..', '..');
  const docs = readdirSync(join(repository, 'docs')).filter((name) => name.endsWith('.md'));
  for (const page of ['README.md', ...docs.map((name) => join('docs', name))]) {
    const text = readFileSync(join(repository, page), 'utf8');
    for (const [number, [, code]] of [...text.matchAll(/^```(?:js|javascript)\n(.*?)^```$/gms)].entries()) {
      test(`runs, ${page}, example ${number + 1}`, async () => {
        const output = await printed(code!.replaceAll('http://127.0.0.1:8000', stack.base_url));
        assert.equal(output === '', code!.includes('export '));
      });
    }
  }
});

describe('the page on signatures', () => {
  const page = readFileSync(join(root, '..', '..', 'docs', 'verify-signatures.md'), 'utf8');
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const body = '{"event":"task.completed","text":"é"}';
  const mac = (key: number, text: string) => createHmac('sha256', Buffer.alloc(32, key)).update(text);
  const signed = (key: number, agoSeconds = 0) => {
    const time = String(Math.floor(Date.now() / 1000) - agoSeconds);
    return {
      'webhook-id': 'm',
      'webhook-timestamp': time,
      'webhook-signature': `v1,${mac(key, `m.${time}.${body}`).digest('base64')}`,
      'x-asyncqueue-signature': `t=${time},v1=${'0'.repeat(64)},v1=${mac(key, `${time}.${body}`).digest('hex')}`,
    };
  };

  for (const [number, [, code]] of [...page.matchAll(/^```javascript\n(.*?)^```$/gms)].entries()) {
    test(`believes what is signed, and nothing else, in example ${number + 1}`, async () => {
      const { receive } = (await import(pathToFileURL(program(code!)).href)) as {
        receive(body: Buffer, headers: Record<string, string>, secret: string): Promise<unknown>;
      };
      assert.deepEqual(await receive(Buffer.from(body), signed(7), secret), JSON.parse(body));
      assert.equal(await receive(Buffer.from(`${body} `), signed(7), secret), null);
      assert.equal(await receive(Buffer.from(body), signed(8), secret), null);
      assert.equal(await receive(Buffer.from(body), signed(7, 301), secret), null);
    });
  }
});

describe('the manuals', () => {
  test('of AstraFlow', async () => {
    const output = await printed(
      "import AstraClient from 'astraflow-sdk'; const client = new AstraClient('YOUR_TOKEN'); " +
        "client.getTasks({ status: 'active' }).then(console.log);",
    );
    assert.match(output, /page: 1,\s+total: \d+/);
  });

  const queue =
    "import { AsyncQueueClient } from 'astraflow-sdk';\n" +
    "const { createTask, listTasks, pollUntilComplete } = new AsyncQueueClient('your-api-key');\n";

  test('of AsyncQueue, creating a task', async () => {
    const output = await printed(`${queue}
      const { task } = await createTask({
        callbackUrl: 'https://api.example.com/process',
        body: JSON.stringify({ orderId: 12345 }),
        maxRetries: 5,
        delayUntil: new Date(Date.now() + 24 * 60 * 60 * 1000).toISOString()
      });
      console.log(\`Task created: \${task.id}\`);
    `);
    assert.match(output, /^Task created: [0-9a-f-]{36}\n$/);
  });

  test('of AsyncQueue, polling as a fallback', async () => {
    const output = await printed(`${queue}
      const { task } = await createTask({
        callbackUrl: '${stack.base_url}/health',
        onCompleteUrl: '${stack.base_url}/health'
      });
      const result = await pollUntilComplete(task.id, {
        maxAttempts: 10,
        interval: 1000
      });
      console.log(result.task.status);
    `);
    assert.equal(output, 'completed\n');
  });

  test('of AsyncQueue, watching for failures', async () => {
    const output = await printed(`${queue}
      const alertOps = console.log;
      const { tasks } = await listTasks({
        status: 'failed',
        limit: 100
      });
      if (tasks.length > 0) {
        alertOps(\`\${tasks.length} failed tasks in the last hour\`);
      }
      console.log(Array.isArray(tasks));
    `);
    assert.match(output, /true\n$/);
  });
});
