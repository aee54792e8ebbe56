/** AstraFlow through the SDK, against the local stack. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import AstraClient, {
  AuthenticationError,
  BadRequestError,
  ConflictError,
  NotFoundError,
  PermissionDeniedError,
} from 'astraflow-sdk';
import { json, scripted, type Reply } from './server';
import { stack } from './stack';

const { client_id: clientId, client_secret: clientSecret } = stack.astraflow;
const client = new AstraClient('YOUR_TOKEN');
const own = `${process.pid}-${Date.now()}`;

describe('a task', () => {
  test('is made, read, changed and deleted', async () => {
    const made = await client.createTask({ name: 'New', due_date: '2035-07-01T12:00:00Z', priority: 'high' });
    assert.deepEqual(made, {
      id: made.id,
      name: 'New',
      status: 'pending',
      due_date: '2035-07-01T12:00:00Z',
      priority: 'high',
    });
    const read = await client.getTask(made.id);
    assert.equal(read.description, '');
    const changed = await client.updateTask(made.id, { status: 'completed', due_date: null });
    assert.deepEqual(Object.keys(changed), ['id', 'status', 'updated_at']);
    assert.equal((await client.getTask(made.id)).due_date, undefined);
    assert.deepEqual(await client.deleteTask(made.id), { message: 'Task deleted successfully' });
    await assert.rejects(client.getTask(made.id), (error: unknown) => {
      assert.ok(error instanceof NotFoundError);
      assert.equal(error.code, 404);
      assert.equal(error.detail, 'Resource does not exist');
      return true;
    });
  });

  test('without a name is refused by the name of the field', async () => {
    await assert.rejects(client.createTask({} as { name: string }), (error: unknown) => {
      assert.ok(error instanceof BadRequestError);
      assert.equal(error.detail, 'name is required');
      return true;
    });
  });
});

test('the list of tasks is an array that goes on', async () => {
  const made = new Set<string>();
  for (let number = 0; number < 5; number += 1) {
    const { id } = await client.createTask({ name: `Listed ${number}` });
    await client.updateTask(id, { status: 'active' });
    made.add(id);
  }
  const page = await client.getTasks({ status: 'active', per_page: 2 });
  assert.ok(Array.isArray(page));
  assert.equal(page.length, 2);
  assert.equal(page.page, 1);
  assert.equal(page.total, 5);
  assert.deepEqual(page.tasks, [...page]);
  assert.equal(JSON.stringify(page), JSON.stringify([...page]));
  assert.equal(page.map(({ id }) => id).constructor, Array);
  assert.deepEqual(Object.keys(page[0]!), ['id', 'name', 'status']);

  const second = await page.nextPage();
  assert.equal(second?.page, 2);
  const third = await second!.nextPage();
  assert.equal(third?.length, 1);
  assert.equal(await third!.nextPage(), null);

  const seen = new Set<string>();
  for await (const { id } of client.getTasks({ status: 'active', per_page: 2 })) seen.add(id);
  assert.deepEqual(seen, made);
  assert.equal([...page, ...second!, ...third!].length, 5);
  for (const id of made) await client.deleteTask(id);
});

describe('a user', () => {
  test('is made by an admin, once, and listed', async () => {
    const email = `sdk-${own}@example.com`;
    const user = await client.createUser({ email, password: 'secret', role: 'viewer' });
    assert.equal(user.email, email);
    await assert.rejects(client.createUser({ email, password: 'secret' }), ConflictError);
    const viewers = await client.getUsers({ role: 'viewer', active: true, per_page: 100 });
    assert.ok(viewers.some(({ id }) => id === user.id));
    assert.deepEqual(viewers.users, [...viewers]);
  });
});

describe('a webhook', () => {
  test('is registered, tried out, replaced in its secret and deleted', async (t) => {
    const server = await scripted(t, json({}));
    const made = await client.createWebhook({ url: server.url, event: 'task.due' });
    assert.match(made.secret, /^whsec_/);
    assert.ok((await client.getWebhooks()).some(({ id }) => id === made.id));
    assert.equal((await client.getWebhook(made.id)).enabled, true);

    const ping = await client.pingWebhook(made.id);
    await server.arrived(1);
    const delivered = async () => {
      for (;;) {
        const delivery = await client.getDelivery(made.id, ping.id);
        if (delivery.status !== 'pending') return delivery;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const delivery = await delivered();
    assert.equal(delivery.status, 'delivered');
    assert.equal(delivery.response?.status_code, 200);
    await client.replayDelivery(made.id, ping.id);
    await server.arrived(2);
    const all = [];
    for await (const each of client.getDeliveries(made.id, { limit: 1 })) all.push(each);
    assert.equal(all.length, 2);
    assert.deepEqual(all[1], delivery);
    assert.equal(delivery.request.url, server.url);

    const rotated = await client.rotateWebhookSecret(made.id, { overlap_seconds: 60 });
    assert.notEqual(rotated.secret, made.secret);
    assert.equal((await client.enableWebhook(made.id)).enabled, true);
    assert.deepEqual(await client.deleteWebhook(made.id), { message: 'Webhook deleted successfully' });
    await assert.rejects(client.getWebhook(made.id), NotFoundError);
  });
});

describe('credentials of a client', () => {
  test('buy the tokens that its requests need', async () => {
    const bought = new AstraClient({ clientId, clientSecret });
    const { id } = await bought.createTask({ name: 'By a program' });
    assert.equal((await bought.getTask(id)).name, 'By a program');
  });

  test('buy no more than was asked for', async () => {
    const bought = new AstraClient({ clientId, clientSecret, scope: 'tasks:read' });
    await bought.getTasks();
    await assert.rejects(bought.createTask({ name: 'No' }), PermissionDeniedError);
  });

  test('that are wrong are refused as such', async () => {
    const wrong = new AstraClient({ clientId, clientSecret: 'wrong' });
    await assert.rejects(wrong.getTasks(), (error: unknown) => {
      assert.ok(error instanceof AuthenticationError);
      assert.equal(error.code, 'invalid_client');
      return true;
    });
  });

  const token = (name: string, expires_in = 3600) => json({ access_token: name, token_type: 'Bearer', expires_in });
  const page = json({ tasks: [], page: 1, total: 0 });
  const refused = json({ code: 401, error: 'Unauthorized', message: 'Invalid or missing authentication token' }, 401);

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

test('a token that is wrong is refused', async () => {
  await assert.rejects(new AstraClient('wrong').getTasks(), AuthenticationError);
});
