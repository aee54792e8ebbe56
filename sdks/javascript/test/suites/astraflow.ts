/** AstraFlow through the SDK, wherever the deployment is. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import AstraClient, {
  AuthenticationError,
  BadRequestError,
  ConflictError,
  NotFoundError,
  PermissionDeniedError,
} from 'astraflow-sdk';
import { unique, type Place } from '../places/place';

export default function astraFlow(place: Place): void {
  const { client_id: clientId, client_secret: clientSecret } = place.offer.astraflow;
  const client = new AstraClient('YOUR_TOKEN', place.options);

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

  test('a creation whose answer got lost is repeated, and made once', async () => {
    let lost = 0;
    const losing: typeof fetch = async (input, init) => {
      const response = await place.fetch(input, init);
      if (init?.method === 'POST' && lost < 2) {
        lost += 1;
        throw new TypeError('fetch failed');
      }
      return response;
    };
    const email = `${unique('lost')}@example.com`;
    const unlucky = new AstraClient('YOUR_TOKEN', { ...place.options, fetch: losing });
    const name = unique('lost');
    const { id } = await unlucky.createTask({ name });
    assert.equal(lost, 2);
    const found = [];
    for await (const task of client.getTasks({ per_page: 100 })) if (task.name === name) found.push(task.id);
    assert.deepEqual(found, [id]);
    lost = 0;
    assert.equal((await unlucky.createUser({ email, password: 'secret' })).email, email);
    lost = 0;
    const webhook = await unlucky.createWebhook({ url: 'https://example.com/lost', event: 'task.due' });
    const hooks = await client.getWebhooks();
    assert.equal(hooks.filter(({ url }) => url === 'https://example.com/lost').length, 1);
    await client.deleteWebhook(webhook.id);
  });

  test('a key of one’s own makes one task', async () => {
    const idempotencyKey = unique('report');
    const first = await client.createTask({ name: 'New' }, { idempotencyKey });
    const { data, response } = await client.createTask({ name: 'New' }, { idempotencyKey }).withResponse();
    assert.deepEqual(data, first);
    assert.equal(response.headers.get('idempotent-replayed'), 'true');
    await assert.rejects(client.createTask({ name: 'Other' }, { idempotencyKey }), { status: 422 });
  });

  describe('a user', () => {
    test('is made by an admin, once, and listed', async () => {
      const email = `${unique('sdk')}@example.com`;
      const user = await client.createUser({ email, password: 'secret', role: 'viewer' });
      assert.equal(user.email, email);
      await assert.rejects(client.createUser({ email, password: 'secret' }), ConflictError);
      const viewers = await client.getUsers({ role: 'viewer', active: true, per_page: 100 });
      assert.ok(viewers.some(({ id }) => id === user.id));
      assert.deepEqual(viewers.users, [...viewers]);
    });
  });

  describe('a webhook', () => {
    test('is registered, tried out, replaced in its secret and deleted', async () => {
      const server = await place.receiver({ status: 200 });
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
          await place.pass(50);
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

      const rotated = await client.rotateWebhookSecret(made.id, { overlap_seconds: 60 }, { idempotencyKey: 'june' });
      assert.notEqual(rotated.secret, made.secret);
      const again = await client.rotateWebhookSecret(made.id, { overlap_seconds: 60 }, { idempotencyKey: 'june' });
      assert.deepEqual(again, rotated);
      assert.equal((await client.enableWebhook(made.id)).enabled, true);
      assert.deepEqual(await client.deleteWebhook(made.id), { message: 'Webhook deleted successfully' });
      await assert.rejects(client.getWebhook(made.id), NotFoundError);
    });
  });

  describe('credentials of a client', () => {
    test('buy the tokens that its requests need', async () => {
      const bought = new AstraClient({ ...place.options, clientId, clientSecret });
      const { id } = await bought.createTask({ name: 'By a program' });
      assert.equal((await bought.getTask(id)).name, 'By a program');
    });

    test('buy no more than was asked for', async () => {
      const bought = new AstraClient({ ...place.options, clientId, clientSecret, scope: 'tasks:read' });
      await bought.getTasks();
      await assert.rejects(bought.createTask({ name: 'No' }), PermissionDeniedError);
    });

    test('that are wrong are refused as such', async () => {
      const wrong = new AstraClient({ ...place.options, clientId, clientSecret: 'wrong' });
      await assert.rejects(wrong.getTasks(), (error: unknown) => {
        assert.ok(error instanceof AuthenticationError);
        assert.equal(error.code, 'invalid_client');
        return true;
      });
    });
  });

  test('a token that is wrong is refused', async () => {
    await assert.rejects(new AstraClient('wrong', place.options).getTasks(), AuthenticationError);
  });
}
