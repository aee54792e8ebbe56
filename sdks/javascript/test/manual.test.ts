/** Every example of the AstraFlow manual, asked by the SDK's methods wherever they have words for it. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import AstraClient, { APIStatusError } from 'astraflow-sdk';

const ROOT = new URL('../../../', import.meta.url);
const PYTHON = process.env['SLUICE_PYTHON'] ?? fileURLToPath(new URL('.venv/bin/python', ROOT));
const MANUAL = fileURLToPath(new URL('../scripts/manual.py', import.meta.url));
const BASE = 'http://in-process';

interface Wanted {
  method: string;
  target: string;
  headers: Record<string, string>;
  body: string;
}

interface Line {
  fixtures?: string[];
  wanted?: Wanted;
  reply?: { status: number; headers: Record<string, string>; body: string };
  problems?: string[];
}

type Words = Record<string, unknown>;
type Method = (...words: unknown[]) => PromiseLike<unknown>;

/** How a method says a request: its words are the segments of the path, then one object with these members. */
interface Saying {
  method: keyof AstraClient & string;
  line: RegExp;
  words: string[] | undefined;
}

const saying = (method: Saying['method'], line: string, words?: string[]): Saying => ({
  method,
  line: new RegExp(`^${line.replaceAll('{id}', '([^/]+)')}$`),
  words,
});

const TASK = ['name', 'description', 'status', 'due_date', 'priority'];
const HOOK = '/api/v1/webhooks/{id}';
const SAYINGS = [
  saying('getTasks', 'GET /api/v1/tasks', ['status', 'page', 'per_page']),
  saying('createTask', 'POST /api/v1/tasks', TASK),
  saying('getTask', 'GET /api/v1/tasks/{id}'),
  saying('updateTask', 'PUT /api/v1/tasks/{id}', TASK),
  saying('deleteTask', 'DELETE /api/v1/tasks/{id}'),
  saying('getUsers', 'GET /api/v1/users', ['role', 'active', 'page', 'per_page']),
  saying('createUser', 'POST /api/v1/users', ['email', 'password', 'role']),
  saying('getWebhooks', 'GET /api/v1/webhooks'),
  saying('createWebhook', 'POST /api/v1/webhooks', ['url', 'event']),
  saying('getWebhook', `GET ${HOOK}`),
  saying('deleteWebhook', `DELETE ${HOOK}`),
  saying('rotateWebhookSecret', `POST ${HOOK}/rotate`, ['overlap_seconds']),
  saying('getDeliveries', `GET ${HOOK}/deliveries`, ['limit']),
];

/** The SDK would have sent another request than the one that is wanted. */
class Otherwise extends Error {}

const app = spawn(PYTHON, [MANUAL], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface(app.stdout)[Symbol.asyncIterator]();
const used = new Set<string>();

async function heard(): Promise<Line> {
  const { value, done } = await lines.next();
  if (done) throw new Error('The app has ended');
  return JSON.parse(value) as Line;
}

function write(message: object): void {
  app.stdin.write(`${JSON.stringify(message)}\n`);
}

async function play(id: string): Promise<string[]> {
  write({ play: id });
  for (;;) {
    const { wanted, problems } = await heard();
    if (wanted === undefined) return problems ?? ['The app says nothing'];
    await say(wanted);
    write({});
  }
}

/** Send what is wanted by the method that has words for all of it, and look whether its answer is the API's. */
async function say(wanted: Wanted): Promise<void> {
  const headers = new Headers(wanted.headers);
  const { pathname, searchParams } = new URL(wanted.target, BASE);
  const [, token] = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '') ?? [];
  const given = { ...Object.fromEntries(searchParams), ...members(wanted.body) };
  for (const { method, line, words } of SAYINGS) {
    const found = line.exec(`${wanted.method} ${pathname}`);
    if (!found || !token || Object.keys(given).some((name) => !words?.includes(name))) continue;
    let answered: { status: number; body: unknown } | undefined;
    const sent: typeof fetch = async (input, init = {}) => {
      const request = requested(input, init);
      if (!same(request, wanted)) throw new Otherwise();
      write({ request });
      const { reply } = await heard();
      answered = { status: reply!.status, body: JSON.parse(reply!.body) };
      return new Response(reply!.body, { status: reply!.status, headers: reply!.headers });
    };
    const client = new AstraClient(token, { baseUrl: BASE, fetch: sent, maxRetries: 0 });
    const key = headers.get('idempotency-key');
    const words_ = [...found.slice(1), ...(words ? [given] : []), ...(key === null ? [] : [{ idempotencyKey: key }])];
    const said = await (client[method] as Method).apply(client, words_).then(
      (value) => value,
      (error: unknown) => error,
    );
    // Without an answer nothing was sent: the method would have said something else.
    if (answered === undefined) continue;
    used.add(method);
    check(said, answered);
    return;
  }
}

function check(said: unknown, { status, body }: { status: number; body: unknown }): void {
  if (said instanceof APIStatusError) {
    assert.deepEqual([said.status, said.body], [status, body]);
    return;
  }
  assert.ok(status < 300, `${status} was no error`);
  if (Array.isArray(said)) assert.ok(Object.values(body as object).some((each) => equal([...said], each)));
  else assert.deepEqual(said, body);
}

function requested(input: Parameters<typeof fetch>[0], init: RequestInit): Wanted {
  const { pathname, search } = new URL(String(input));
  return {
    method: init.method ?? 'GET',
    target: pathname + search,
    headers: Object.fromEntries(new Headers(init.headers)),
    body: init.body === undefined || init.body === null ? '' : String(init.body),
  };
}

/** Whether a request asks for what is wanted: the same place, the same body, and all the headers that are. */
function same(request: Wanted, wanted: Wanted): boolean {
  const [sent, asked] = [new Headers(request.headers), new Headers(wanted.headers)];
  return (
    request.method === wanted.method &&
    equal(place(request), place(wanted)) &&
    equal(members(request.body), members(wanted.body)) &&
    // Whoever takes anything takes the JSON that the SDK asks for.
    [...asked].every(([name, value]) => value === '*/*' || sent.get(name) === value)
  );
}

function place({ target }: Wanted): unknown {
  const { pathname, searchParams } = new URL(target, BASE);
  return [decodeURIComponent(pathname), [...searchParams].sort()];
}

/** The members of a JSON object; of anything else one that no method has a word for. */
function members(body: string): Words {
  try {
    const value: unknown = JSON.parse(body || '{}');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Words;
  } catch {
    // No JSON at all.
  }
  return { ' ': body };
}

function equal(one: unknown, other: unknown): boolean {
  try {
    assert.deepEqual(one, other);
    return true;
  } catch {
    return false;
  }
}

const { fixtures = [] } = await heard();
after(async () => {
  app.stdin.end();
  await once(app, 'exit');
});

describe('the manual holds through the SDK', { concurrency: 1 }, () => {
  for (const id of fixtures) {
    test(id, async () => {
      assert.deepEqual(await play(id), []);
    });
  }

  test('and no method was passed over', () => {
    assert.deepEqual([...used].sort(), SAYINGS.map(({ method }) => method).sort());
  });
});
