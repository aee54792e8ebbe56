/** What is tried again, when, and what is not. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import {
  APIConnectionError,
  APITimeoutError,
  AsimovClient,
  AstraClient,
  AsyncQueueClient,
  BadRequestError,
  RateLimitError,
  ServerError,
} from 'astraflow-sdk';
import { pauseMs, retryAfterSeconds } from '../src/retry';
import { raced } from '../src/time';
import { cut, json, scripted, silence } from './server';

const TASK = { task: { id: 'a', status: 'pending' } };
const NEW = { callbackUrl: 'http://localhost:9000/hook' };

const queue = (baseUrl: string, options = {}) => new AsyncQueueClient('key', { baseUrl, ...options });
/** A client with a request of which nobody knows that it may be sent again. */
class Bare extends AsyncQueueClient {
  async post(): Promise<unknown> {
    return (await this.send({ method: 'POST', path: '/v1/anything' })).data;
  }
}
const bare = (baseUrl: string, options = {}) => new Bare('key', { baseUrl, ...options });
const astra = (baseUrl: string, options = {}) => new AstraClient('token', { baseUrl, ...options });

describe('a request that reads', () => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    test(`is sent again after a ${status}`, async (t) => {
      const server = await scripted(t, json({ error: 'later' }, status), json(TASK));
      assert.deepEqual(await queue(server.url).getTask('a'), TASK);
      assert.equal(server.received.length, 2);
    });
  }

  for (const status of [400, 401, 403, 404, 409, 413, 422, 425, 501]) {
    test(`is not sent again after a ${status}`, async (t) => {
      const server = await scripted(t, json({ error: 'no' }, status), json(TASK));
      await assert.rejects(queue(server.url).getTask('a'), { status });
      assert.equal(server.received.length, 1);
    });
  }

  test('is sent again after a broken connection', async (t) => {
    const server = await scripted(t, cut, json(TASK));
    assert.deepEqual(await queue(server.url).getTask('a'), TASK);
  });

  test('is sent again when its answer breaks off', async (t) => {
    const server = await scripted(
      t,
      (response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"task":', () => response.destroy());
      },
      json(TASK),
    );
    assert.deepEqual(await queue(server.url).getTask('a'), TASK);
  });

  test('fails as its last try did, after two more', async (t) => {
    const server = await scripted(t, json({ error: 'down' }, 500));
    await assert.rejects(queue(server.url).getTask('a'), ServerError);
    assert.equal(server.received.length, 3);
  });

  test('is sent as often as the client, or the request, says', async (t) => {
    const server = await scripted(t, json({ error: 'down' }, 500));
    const client = queue(server.url, { maxRetries: 0 });
    await assert.rejects(client.getTask('a'), ServerError);
    assert.equal(server.received.length, 1);
    await assert.rejects(client.getTask('a', { maxRetries: 1 }), ServerError);
    assert.equal(server.received.length, 3);
  });
});

describe('a request that makes something', () => {
  test('is repeated with the same idempotency key and the same body', async (t) => {
    const server = await scripted(t, cut, json({ error: 'lost' }, 504), json(TASK, 201));
    await queue(server.url).createTask(NEW);
    const keys = server.received.map(({ headers }) => headers['idempotency-key']);
    assert.equal(keys.length, 3);
    assert.match(String(keys[0]), /^[0-9a-f]{32}$/);
    assert.equal(new Set(keys).size, 1);
    assert.equal(new Set(server.received.map(({ body }) => body)).size, 1);
  });

  test('has a key of its own each time', async (t) => {
    const server = await scripted(t, json(TASK, 201));
    const client = queue(server.url);
    await client.createTask(NEW);
    await client.createTask(NEW);
    assert.notEqual(server.received[0]?.headers['idempotency-key'], server.received[1]?.headers['idempotency-key']);
  });

  test('takes the key it is given', async (t) => {
    const server = await scripted(t, json(TASK, 201));
    await queue(server.url).createTask(NEW, { idempotencyKey: 'order-12345' });
    assert.equal(server.received[0]?.headers['idempotency-key'], 'order-12345');
  });

  test('is not repeated where the API knows no keys and may have done it', async (t) => {
    for (const reply of [
      cut,
      json({ error: 'late' }, 408),
      json({ error: 'lost' }, 504),
      json({ error: 'down' }, 503),
    ]) {
      const server = await scripted(t, reply, json({ id: 'u1' }, 201));
      await assert.rejects(bare(server.url).post());
      assert.equal(server.received.length, 1);
    }
  });

  test('is repeated without a key after a 429: nothing was done', async (t) => {
    const server = await scripted(t, json({ code: 429 }, 429, { 'retry-after': '0' }), json({ id: 'u1' }, 201));
    await bare(server.url).post();
    assert.equal(server.received.length, 2);
    assert.equal(server.received[0]?.headers['idempotency-key'], undefined);
  });

  test('is repeated without a key when it never left', async (t) => {
    const server = createServer((_, response) => json({ id: 'u1' }, 201)(response, undefined as never));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    t.after(() => server.closeAllConnections());
    t.after(() => server.close());
    setTimeout(() => server.listen(port, '127.0.0.1'), 200);
    const client = bare(`http://127.0.0.1:${port}`, { maxRetries: 20 });
    assert.deepEqual(await client.post(), { id: 'u1' });
  });

  test('is repeated without a key where twice is as good as once', async (t) => {
    const server = await scripted(t, cut, json({ id: 'a' }));
    await new AsimovClient({ baseUrl: server.url }).call('hello', { message: 'Hello' });
    assert.equal(server.received.length, 2);
  });
});

describe('Retry-After', () => {
  test('is waited for', async (t) => {
    const server = await scripted(t, json({ error: 'later' }, 503, { 'retry-after': '1' }), json(TASK));
    await queue(server.url).getTask('a');
    const [first, second] = server.received;
    assert.ok(second!.at - first!.at >= 1_000, `${second!.at - first!.at} ms`);
  });

  test('of more than two minutes is not: the error is thrown at once', async (t) => {
    const server = await scripted(t, json({ error: 'later' }, 429, { 'retry-after': '121' }));
    const began = Date.now();
    await assert.rejects(queue(server.url).getTask('a'), (error: unknown) => {
      assert.ok(error instanceof RateLimitError);
      assert.equal(error.retryAfter, 121);
      return true;
    });
    assert.equal(server.received.length, 1);
    assert.ok(Date.now() - began < 1_000);
  });

  test('is read as seconds or as a date, and passed over otherwise', () => {
    const read = (text: string) =>
      retryAfterSeconds(new Headers({ 'retry-after': text }), Date.parse('2026-01-01T00:00:00Z'));
    assert.equal(read('7'), 7);
    assert.equal(read('Thu, 01 Jan 2026 00:01:30 GMT'), 90);
    assert.equal(read('Wed, 31 Dec 2025 23:59:00 GMT'), 0);
    for (const text of ['soon', '-1', '1.5', '2026-01-01', '']) assert.equal(read(text), undefined, text);
    assert.equal(retryAfterSeconds(new Headers(), 0), undefined);
  });

  test('has jitter on top; without it the pause is anything below a limit that doubles', () => {
    assert.equal(pauseMs(0, undefined, 0), 0);
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((attempt) => pauseMs(attempt, undefined, 1)),
      [500, 1000, 2000, 4000, 8000, 8000],
    );
    assert.equal(pauseMs(0, 60, 0), 60_000);
    assert.equal(pauseMs(0, 60, 1), 60_500);
  });
});

describe('time', () => {
  test('is up when no answer comes', async (t) => {
    const server = await scripted(t, silence);
    const late = queue(server.url, { timeout: 50, maxRetries: 0 }).getTask('a');
    await assert.rejects(late, (error: unknown) => {
      assert.ok(error instanceof APITimeoutError);
      assert.ok(error instanceof APIConnectionError);
      assert.equal(error.message, 'No answer within 50 ms');
      return true;
    });
  });

  test('is up when an answer begins and does not end', async (t) => {
    const server = await scripted(t, (response) => response.writeHead(200).write('{'));
    await assert.rejects(queue(server.url).getTask('a', { timeout: 50, maxRetries: 0 }), APITimeoutError);
  });

  test('is never up when it is longer than any timer', async (t) => {
    const server = await scripted(t, json(TASK));
    for (const timeout of [Infinity, 2 ** 31])
      assert.deepEqual(await queue(server.url, { timeout, maxRetries: 0 }).getTask('a'), TASK);
  });

  test('counts for each try', async (t) => {
    const server = await scripted(t, silence, json(TASK));
    assert.deepEqual(await queue(server.url, { timeout: 100 }).getTask('a'), TASK);
  });

  test('is longer by as much as the answer may be held back', async (t) => {
    const server = await scripted(t, (response, request) => setTimeout(() => json(TASK)(response, request), 300));
    assert.deepEqual(await queue(server.url, { timeout: 100, maxRetries: 0 }).getTask('a', { wait: 1 }), TASK);
  });
});

describe('a refusal', () => {
  const gone = json({ code: 404, error: 'Not Found', message: 'Resource does not exist' }, 404);

  test('after a try that was lost says that this one may have done it', async (t) => {
    for (const lost of [cut, json({ error: 'lost' }, 504)]) {
      const server = await scripted(t, lost, gone);
      await assert.rejects(astra(server.url).deleteTask('a'), { name: 'NotFoundError', uncertain: true });
    }
  });

  test('after none, or after one that certainly did nothing, does not', async (t) => {
    const plain = await scripted(t, gone);
    await assert.rejects(astra(plain.url).deleteTask('a'), { uncertain: false });
    const limited = await scripted(t, json({ code: 429 }, 429, { 'retry-after': '0' }), gone);
    await assert.rejects(astra(limited.url).deleteTask('a'), { uncertain: false });
  });

  test('of a cancel is looked into when a try before it was lost', async (t) => {
    const refused = json({ error: 'Only pending or delayed tasks can be cancelled' }, 409);
    const shown = (status: string) => json({ task: { id: 'a', status } });
    const done = await scripted(t, cut, refused, shown('cancelled'));
    assert.equal((await queue(done.url).cancelTask('a')).task.status, 'cancelled');
    const over = await scripted(t, cut, refused, shown('completed'));
    await assert.rejects(queue(over.url).cancelTask('a'), { name: 'ConflictError', uncertain: true });
    const plain = await scripted(t, refused, shown('cancelled'));
    await assert.rejects(queue(plain.url).cancelTask('a'), { name: 'ConflictError' });
    assert.equal(plain.received.length, 1);
  });

  test('of a withdrawal of Asimov is looked into in the same way', async (t) => {
    const refused = json({ code: 'CONFLICT', message: 'Only a task that is PENDING can be cancelled' }, 409);
    const shown = (code: string) => json({ id: 'a', _state: 'FAILURE', error: { code, message: '' } });
    const done = await scripted(t, cut, refused, shown('CANCELLED'));
    assert.equal((await new AsimovClient({ baseUrl: done.url }).cancel('a')).error?.code, 'CANCELLED');
    const over = await scripted(t, cut, refused, shown('FAILED'));
    await assert.rejects(new AsimovClient({ baseUrl: over.url }).cancel('a'), { uncertain: true });
  });
});

describe('a signal', () => {
  test('that is aborted already sends nothing', async (t) => {
    const server = await scripted(t, json(TASK));
    const reason = new Error('never mind');
    await assert.rejects(queue(server.url).getTask('a', { signal: AbortSignal.abort(reason) }), reason);
    assert.equal(server.received.length, 0);
  });

  test('calls off a request under way, with its own reason', async (t) => {
    const server = await scripted(t, silence);
    const controller = new AbortController();
    const asked = queue(server.url).getTask('a', { signal: controller.signal });
    const rejected = assert.rejects(asked, { name: 'AbortError' });
    await server.arrived(1);
    controller.abort();
    await rejected;
    assert.equal(server.received.length, 1);
  });

  test('that was first leaves no failure behind that nobody hears of', async () => {
    const reason = new Error('never mind');
    await assert.rejects(raced(Promise.reject(new Error('late')), AbortSignal.abort(reason)), reason);
    await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('calls off the pause before the next try', async (t) => {
    const server = await scripted(t, json({ error: 'later' }, 503, { 'retry-after': '60' }));
    const reason = new Error('never mind');
    const controller = new AbortController();
    const began = Date.now();
    const rejected = assert.rejects(queue(server.url).getTask('a', { signal: controller.signal }), reason);
    await server.arrived(1);
    setTimeout(() => controller.abort(reason), 50);
    await rejected;
    assert.ok(Date.now() - began < 10_000);
  });
});

test('a failed connection says what failed', async () => {
  const failed = (port: number) => queue(`http://127.0.0.1:${port}`, { maxRetries: 0 }).getTask('a');
  await assert.rejects(failed(2), {
    name: 'APIConnectionError',
    sent: false,
    message: 'Connection failed: ECONNREFUSED',
  });
  await assert.rejects(failed(1), { name: 'APIConnectionError', message: 'Connection failed: bad port' });
});

test('a bad request is said to be one', async (t) => {
  const server = await scripted(t, json({ error: 'limit must be a whole number of 1 or more' }, 400));
  await assert.rejects(queue(server.url).listTasks({ limit: 0 }), BadRequestError);
});
