/** What answers become: data, errors, and what a request looks like on the way. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import * as sdk from 'astraflow-sdk';
import { json, scripted } from './server';

const { APIStatusError, AstraClient, AstraError, AsyncFlowClient, AsyncQueueClient } = sdk;
const QUICK = { maxRetries: 0 };

describe('an error', () => {
  const classes: [number, typeof APIStatusError][] = [
    [400, sdk.BadRequestError],
    [401, sdk.AuthenticationError],
    [403, sdk.PermissionDeniedError],
    [404, sdk.NotFoundError],
    [409, sdk.ConflictError],
    [422, sdk.UnprocessableError],
    [429, sdk.RateLimitError],
    [500, sdk.ServerError],
    [503, sdk.ServerError],
    [418, APIStatusError],
  ];
  for (const [status, type] of classes) {
    test(`of status ${status} is a ${type.name}`, async (t) => {
      const server = await scripted(t, json({ error: 'Told' }, status, { 'x-request-id': 'r-1' }));
      await assert.rejects(
        new AsyncQueueClient('k', { baseUrl: server.url, ...QUICK }).getTask('a'),
        (error: unknown) => {
          assert.ok(error instanceof type && error instanceof APIStatusError && error instanceof AstraError);
          assert.equal(error.name, type.name);
          assert.equal(error.constructor, type);
          assert.equal(error.status, status);
          assert.equal(error.requestId, 'r-1');
          assert.equal(error.detail, 'Told');
          assert.equal(error.code, undefined);
          assert.equal(error.message, `${status} Told (request id: r-1)`);
          assert.deepEqual(error.body, { error: 'Told' });
          return true;
        },
      );
    });
  }

  const bodies: [string, unknown, string, string | number | undefined][] = [
    [
      'AstraFlow',
      { code: 404, error: 'Not Found', message: 'Resource does not exist' },
      'Resource does not exist',
      404,
    ],
    [
      'Asimov',
      { code: 'NOT_FOUND', message: 'Task not found', timestamp: '', path: '', details: {} },
      'Task not found',
      'NOT_FOUND',
    ],
    [
      'OAuth',
      { error: 'invalid_client', error_description: 'Client authentication failed' },
      'Client authentication failed',
      'invalid_client',
    ],
    ['nobody known', { surprise: true }, 'Not Found', undefined],
    ['a list', [1], 'Not Found', undefined],
  ];
  for (const [api, body, detail, code] of bodies) {
    test(`in the words of ${api} is understood`, async (t) => {
      const server = await scripted(t, json(body, 404));
      await assert.rejects(new AsyncQueueClient('k', { baseUrl: server.url }).getTask('a'), { detail, code });
    });
  }

  test('names the page about its kind, where a problem document has one', async (t) => {
    const problem = { type: 'https://example.com/problems/quota', title: 'Quota', status: 403, detail: 'Used up' };
    const server = await scripted(t, json(problem, 403, { 'x-request-id': 'r-1' }));
    await assert.rejects(new AsyncQueueClient('k', { baseUrl: server.url }).getTask('a'), {
      message: '403 Used up (request id: r-1; see https://example.com/problems/quota)',
    });
  });

  test('without JSON has the text', async (t) => {
    const server = await scripted(t, (response) => response.writeHead(404).end('<html>'));
    await assert.rejects(new AsyncQueueClient('k', { baseUrl: server.url }).getTask('a'), {
      detail: 'Not Found',
      body: '<html>',
    });
  });

  test('about the rate tells how much is left and when there is more', async (t) => {
    const rate = {
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1705314660',
      'retry-after': '30',
    };
    const server = await scripted(t, json({ error: 'Rate limit exceeded' }, 429, rate));
    const limited = new AsyncQueueClient('k', { baseUrl: server.url, ...QUICK }).getTask('a');
    await assert.rejects(limited, { limit: 10, remaining: 0, reset: 1705314660, retryAfter: 30 });
  });
});

describe('an answer', () => {
  test('comes with its response when that is asked for', async (t) => {
    const server = await scripted(t, json({ keys: [] }, 200, { 'x-request-id': 'r-1', 'x-ratelimit-remaining': '9' }));
    const { data, response, requestId } = await new AsyncQueueClient('k', { baseUrl: server.url })
      .listKeys()
      .withResponse();
    assert.deepEqual(data, { keys: [] });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-ratelimit-remaining'), '9');
    assert.equal(requestId, 'r-1');
  });

  test('is an ordinary promise otherwise', async (t) => {
    const server = await scripted(t, json({ keys: [] }));
    const promise = new AsyncQueueClient('k', { baseUrl: server.url }).listKeys();
    assert.ok(promise instanceof Promise);
    assert.equal(promise.then((each) => each).constructor, Promise);
    assert.deepEqual(await Promise.all([promise, promise.finally(() => undefined)]), [{ keys: [] }, { keys: [] }]);
  });

  test('that failed is told once to whoever asked for the response', async (t) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    t.after(() => process.off('unhandledRejection', note));
    const server = await scripted(t, json({ error: 'no' }, 404));
    await assert.rejects(new AsyncQueueClient('k', { baseUrl: server.url }).listKeys().withResponse(), { status: 404 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(unhandled, []);
  });

  test('that is no JSON is said to be none', async (t) => {
    const server = await scripted(t, (response) => response.end('<html>Sign in</html>'));
    await assert.rejects(new AsyncQueueClient('k', { baseUrl: server.url }).listKeys(), {
      name: 'UnexpectedAnswerError',
      status: 200,
      message: 'The answer (200) is not JSON: is baseUrl that of a Sluice deployment?',
    });
  });

  test('that leads elsewhere is not followed: the key stays here', async (t) => {
    const elsewhere = await scripted(t, json([]));
    const server = await scripted(t, (response) => response.writeHead(307, { location: elsewhere.url }).end());
    const client = new AsyncFlowClient('key', { group: 'g', baseUrl: server.url });
    await assert.rejects(client.list(), /redirect, which is not followed/);
    assert.equal(elsewhere.received.length, 0);
  });
});

describe('a request', () => {
  test('says what sends it', async (t) => {
    const server = await scripted(t, json({ keys: [] }));
    await new AsyncQueueClient('k', { baseUrl: server.url, appInfo: 'orders/2.1' }).listKeys();
    const { headers } = server.received[0]!;
    assert.equal(
      headers['user-agent'],
      `astraflow-sdk-javascript/${sdk.VERSION} (node ${process.versions.node}) orders/2.1`,
    );
    assert.equal(headers.accept, 'application/json');
    assert.equal(headers['content-type'], undefined);
  });

  test('has the headers of the client and its own, whatever their case', async (t) => {
    const server = await scripted(t, json({ keys: [] }));
    const client = new AsyncQueueClient('k', {
      baseUrl: server.url,
      headers: { 'X-One': 'client', 'X-Two': 'client' },
    });
    await client.listKeys({ headers: { 'x-two': 'request', 'X-Request-Id': 'mine' } });
    const { headers } = server.received[0]!;
    assert.deepEqual([headers['x-one'], headers['x-two'], headers['x-request-id']], ['client', 'request', 'mine']);
    assert.equal(headers.authorization, 'Bearer k');
  });

  test('goes below the path of the base URL', async (t) => {
    const server = await scripted(t, json({ keys: [] }));
    await new AsyncQueueClient('k', { baseUrl: `${server.url}/live/` }).listKeys();
    assert.equal(server.received[0]?.url, '/live/v1/keys');
  });

  test('finds AsyncFlow under the base URL of its manual, too', async (t) => {
    const server = await scripted(t, json([]));
    await new AsyncFlowClient('k', { group: 'g', baseUrl: `${server.url}/asyncflow` }).list();
    assert.equal(server.received[0]?.url, '/asyncflow');
  });

  test('keeps what is variable in its place', async (t) => {
    const server = await scripted(t, json({ task: {} }));
    const client = new AsyncQueueClient('k', { baseUrl: server.url });
    await client.getTask('a/../b?c#d');
    assert.equal(server.received[0]?.url, '/v1/tasks/a%2F..%2Fb%3Fc%23d');
    for (const id of ['', '.', '..', undefined as unknown as string]) {
      assert.throws(() => client.getTask(id), {
        name: 'ConfigurationError',
        message: 'id must be a string, not empty',
      });
    }
    assert.equal(server.received.length, 1);
  });

  test('writes dates as the API reads them', async (t) => {
    const server = await scripted(t, json({ task: {} }), json({ tasks: [], pagination: {} }));
    const client = new AsyncQueueClient('k', { baseUrl: server.url });
    const date = new Date('2030-01-01T00:00:00Z');
    await client.createTask({ callbackUrl: 'http://localhost', delayUntil: date, body: undefined });
    await client.listTasks({ createdAfter: date, status: undefined });
    assert.deepEqual(JSON.parse(server.received[0]!.body), {
      callbackUrl: 'http://localhost',
      delayUntil: '2030-01-01T00:00:00.000Z',
    });
    assert.equal(server.received[1]?.url, '/v1/tasks?createdAfter=2030-01-01T00%3A00%3A00.000Z');
  });

  test('can be sent by another fetch', async () => {
    const asked: string[] = [];
    const own: typeof fetch = async (input) => {
      asked.push(String(input));
      return new Response('{"keys":[]}');
    };
    await new AsyncQueueClient('k', { baseUrl: 'https://sluice.example.com', fetch: own }).listKeys();
    assert.deepEqual(asked, ['https://sluice.example.com/v1/keys']);
  });

  test('by a fetch that ignores its signal is called off all the same', async () => {
    const deaf: typeof fetch = () => new Promise(() => undefined);
    const client = new AsyncQueueClient('k', {
      baseUrl: 'https://sluice.example.com',
      fetch: deaf,
      timeout: 20,
      ...QUICK,
    });
    await assert.rejects(client.listKeys(), sdk.APITimeoutError);
  });
});

describe('a client', () => {
  test('says what it lacks', () => {
    const base = process.env['ASTRAFLOW_BASE_URL'];
    delete process.env['ASTRAFLOW_BASE_URL'];
    try {
      assert.throws(() => new AsyncQueueClient('k'), /Pass \{ baseUrl \} or set ASTRAFLOW_BASE_URL/);
    } finally {
      process.env['ASTRAFLOW_BASE_URL'] = base;
    }
    assert.throws(() => new AsyncQueueClient(), /set ASYNCQUEUE_API_KEY/);
    assert.throws(() => new AsyncFlowClient('k'), /set ASYNCFLOW_GROUP/);
    assert.throws(() => new AsyncFlowClient({ group: 'g' }), /set ASYNCFLOW_API_KEY/);
    assert.throws(() => new AstraClient(), /set ASTRAFLOW_TOKEN/);
    assert.throws(() => new AstraClient({ clientId: 'a' }), /clientSecret must be a string/);
  });

  test('takes what is said before what the environment says', async (t) => {
    const server = await scripted(t, json({ tasks: [], page: 1, total: 0 }));
    const variables = { ASTRAFLOW_TOKEN: 'environment', ASTRAFLOW_BASE_URL: server.url };
    const before = { ...process.env };
    t.after(() => Object.assign(process.env, before));
    t.after(() => delete process.env['ASTRAFLOW_TOKEN']);
    Object.assign(process.env, variables);
    await new AstraClient().getTasks();
    await new AstraClient('argument').getTasks();
    await new AstraClient({ token: 'option' }).getTasks();
    await new AstraClient(undefined, { token: () => 'function' }).getTasks();
    const shown = server.received.map(({ headers }) => headers.authorization);
    assert.deepEqual(shown, ['Bearer environment', 'Bearer argument', 'Bearer option', 'Bearer function']);
  });

  test('refuses a base URL that is none', () => {
    for (const baseUrl of [
      '127.0.0.1:8000',
      'ftp://host',
      'nonsense',
      'http://user:pass@host',
      'http://host/?a=b',
      'http://host/#a',
    ]) {
      assert.throws(() => new AsyncQueueClient('k', { baseUrl }), /^ConfigurationError: baseUrl must /, baseUrl);
    }
    assert.equal(
      new AsyncQueueClient('k', { baseUrl: new URL('http://host:8000/live/') }).baseUrl,
      'http://host:8000/live',
    );
  });

  test('refuses numbers that are none', async () => {
    const client = new AsyncQueueClient('k', { baseUrl: 'http://127.0.0.1:9' });
    for (const options of [{ timeout: -1 }, { maxRetries: Number.NaN }, { timeout: '10' as unknown as number }]) {
      await assert.rejects(client.listKeys(options), /must be a number of 0 or more/);
    }
    await assert.rejects(client.wait('a', { maxWait: -1 }), /maxWait must be a number of 0 or more/);
    await assert.rejects(
      client.pollUntilComplete('a', { maxAttempts: 0 }),
      /maxAttempts must be a number of 1 or more/,
    );
  });

  test('never repeats a credential', async () => {
    const secret = 'sécret-4711\n';
    for (const make of [
      () => new AstraClient(secret, { baseUrl: 'http://127.0.0.1:9' }),
      () => new AsyncQueueClient(secret, { baseUrl: 'http://127.0.0.1:9' }),
      () => new AsyncFlowClient(secret, { group: 'g', baseUrl: 'http://127.0.0.1:9' }),
    ]) {
      assert.throws(make, (error: Error) => !inspect(error).includes('4711') && /printable ASCII/.test(error.message));
    }
    const client = new AstraClient('hidden-4711', { baseUrl: 'http://127.0.0.1:9', ...QUICK });
    assert.ok(!inspect(client, { depth: null, showHidden: true }).includes('4711'));
    assert.ok(!JSON.stringify(client).includes('4711'));
    const failed: unknown = await client.getTasks().catch((error: unknown) => error);
    assert.ok(!inspect(failed, { depth: null }).includes('4711'));
  });

  test('leaves nothing behind that keeps a program from ending', async (t) => {
    const { spawn } = await import('node:child_process');
    const server = await scripted(t, json({ keys: [] }), json({ task: { id: 'a', status: 'completed' } }));
    const program = `
      import { AsyncQueueClient } from 'astraflow-sdk';
      const client = new AsyncQueueClient('k', { baseUrl: '${server.url}', timeout: 600_000 });
      await client.listKeys({ signal: new AbortController().signal });
      await client.wait('a', { maxWait: 600_000 });
    `;
    const began = Date.now();
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    assert.ok(Date.now() - began < 8_000);
  });
});
