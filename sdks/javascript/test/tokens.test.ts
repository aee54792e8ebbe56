/** Tokens that a client buys, or is given: when they are asked for. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import AstraClient, { AuthenticationError } from 'astraflow-sdk';
import { json, scripted, type Reply } from './server';

const token = (name: string, expires_in = 3600) => json({ access_token: name, token_type: 'Bearer', expires_in });
const page = json({ tasks: [], page: 1, total: 0 });
const refused = json({ code: 401, error: 'Unauthorized', message: 'Invalid or missing authentication token' }, 401);

describe('credentials of a client', () => {
  test('are shown once for many requests at a time', async (t) => {
    const server = await scripted(t, token('t1'), page);
    const bought = new AstraClient({ baseUrl: server.url, clientId: 'a:b c', clientSecret: 'd/é' });
    await Promise.all([bought.getTasks(), bought.getTasks(), bought.getTasks()]);
    await bought.getTasks();
    assert.deepEqual(
      server.received.map(({ url }) => url),
      ['/oauth/token', ...Array(4).fill('/api/v1/tasks')],
    );
    const { headers, body } = server.received[0]!;
    assert.equal(body, 'grant_type=client_credentials');
    assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
    const basic = Buffer.from(String(headers.authorization).replace('Basic ', ''), 'base64').toString();
    assert.equal(basic, 'a%3Ab+c:d%2F%C3%A9');
    assert.ok(server.received.slice(1).every(({ headers: { authorization } }) => authorization === 'Bearer t1'));
  });

  test('buy a new token when the old one is over, or is refused', async (t) => {
    const server = await scripted(t, token('t1', 0), page, token('t2'), refused, token('t3'), page);
    const bought = new AstraClient({ baseUrl: server.url, clientId: 'a', clientSecret: 'b' });
    await bought.getTasks();
    await bought.getTasks();
    const shown = server.received.map(({ headers }) => headers.authorization);
    assert.deepEqual(
      shown.filter((each) => each?.startsWith('Bearer')),
      ['Bearer t1', 'Bearer t2', 'Bearer t3'],
    );
  });

  test('are not shown again and again when every token is refused', async (t) => {
    const server = await scripted(t, token('t1'), refused, token('t2'), refused);
    const bought = new AstraClient({ baseUrl: server.url, clientId: 'a', clientSecret: 'b' });
    await assert.rejects(bought.getTasks(), AuthenticationError);
    assert.equal(server.received.length, 4);
  });

  test('go on for the others when one request is called off', async (t) => {
    let release = () => undefined as void;
    const held: Reply = (response, request) => (release = () => token('t1')(response, request));
    const server = await scripted(t, held, page);
    const bought = new AstraClient({ baseUrl: server.url, clientId: 'a', clientSecret: 'b' });
    const controller = new AbortController();
    const called = assert.rejects(bought.getTasks({}, { signal: controller.signal }), { name: 'AbortError' });
    const other = bought.getTasks();
    await server.arrived(1);
    controller.abort();
    await called;
    release();
    assert.equal((await other).total, 0);
    assert.equal(server.received.length, 2);
  });
});

test('a token may come from a function, which is asked each time', async (t) => {
  const server = await scripted(t, json({ tasks: [], page: 1, total: 0 }));
  let number = 0;
  const asked = new AstraClient(async () => `t${(number += 1)}`, { baseUrl: server.url });
  await asked.getTasks();
  await asked.getTasks();
  assert.deepEqual(
    server.received.map(({ headers }) => headers.authorization),
    ['Bearer t1', 'Bearer t2'],
  );
});
