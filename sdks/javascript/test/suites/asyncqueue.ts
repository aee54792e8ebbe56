/** AsyncQueue through the SDK, wherever the deployment is. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AsyncQueueClient, ConflictError, NotFoundError, WaitTimeoutError, type Task } from 'astraflow-sdk';
import { unique, type Place } from '../places/place';

export default function asyncQueue(place: Place): void {
  const { offer, options } = place;
  const client = new AsyncQueueClient('your-api-key', options);
  const [pro, free] = offer.asyncqueue.teams;
  const later = () => new Date(place.now() + 3_600_000);

  describe('a task', () => {
    test('is created, waited for, and shows its result', async () => {
      const server = await place.receiver({ status: 200, body: { processedId: 123 } });
      const { task } = await client.createTask({
        callbackUrl: server.url,
        body: '{"id":123}',
        headers: { 'X-Custom': 'value' },
      });
      assert.equal(task.status, 'pending');
      assert.deepEqual(task.headers, { 'X-Custom': 'value' });
      const { task: done } = await client.wait(task.id, { maxWait: 60_000 });
      assert.equal(done.status, 'completed');
      assert.deepEqual(JSON.parse(done.result!.body), { processedId: 123 });
      const [request] = await server.arrived(1);
      assert.equal(request?.headers['x-custom'], 'value');
      const { attempts } = await client.attempts(task.id);
      assert.deepEqual(
        attempts.map(({ outcome }) => outcome),
        ['succeeded'],
      );
      const shown = await client.getTask(task.id, { include: 'request' });
      assert.equal(shown.task.body, '{"id":123}');
    });

    test('is polled until it is complete', async () => {
      const { task } = await client.createTask({ callbackUrl: (await place.receiver({ status: 200 })).url });
      const result = await client.pollUntilComplete(task.id, { maxAttempts: 50, interval: 100 });
      assert.equal(result.task.status, 'completed');
    });

    test('that does not end in time says how it stands', async () => {
      const { task } = await client.createTask({ callbackUrl: 'https://example.com/hook', delayUntil: later() });
      const began = place.now();
      for (const waiting of [
        () => client.wait(task.id, { maxWait: 200 }),
        () => client.pollUntilComplete(task.id, { maxAttempts: 2, interval: 10 }),
      ]) {
        await assert.rejects(waiting, (error: unknown) => {
          assert.ok(error instanceof WaitTimeoutError);
          assert.equal((error.last as { task: Task }).task.status, 'delayed');
          return true;
        });
      }
      assert.ok(place.now() - began < 5_000);
      await client.cancelTask(task.id);
    });

    test('is cancelled once', async () => {
      const { task } = await client.createTask({ callbackUrl: 'https://example.com/hook', delayUntil: later() });
      const cancelled = await client.cancelTask(task.id);
      assert.equal(cancelled.task.status, 'cancelled');
      await assert.rejects(client.cancelTask(task.id), ConflictError);
      assert.equal((await client.wait(task.id)).task.status, 'cancelled');
    });

    test('is made once for one idempotency key', async () => {
      const order = { callbackUrl: 'https://example.com/hook', delayUntil: '2099-01-01T00:00:00Z' };
      const idempotencyKey = unique('order');
      const first = await client.createTask(order, { idempotencyKey });
      const { data, response } = await client.createTask(order, { idempotencyKey }).withResponse();
      assert.equal(data.task.id, first.task.id);
      assert.equal(response.headers.get('idempotent-replayed'), 'true');
      await assert.rejects(client.createTask({ ...order, method: 'PUT' }, { idempotencyKey }), { status: 422 });
      await client.cancelTask(first.task.id);
    });

    test('that nobody knows is not found', async () => {
      await assert.rejects(client.getTask('550e8400-e29b-41d4-a716-446655440000'), (error: unknown) => {
        assert.ok(error instanceof NotFoundError);
        assert.equal(error.detail, 'Task not found');
        assert.match(error.message, /request id: \S+\)$/);
        return true;
      });
    });
  });

  describe('the list of tasks', () => {
    test('goes on from page to page, in a loop or by hand', async () => {
      // The free team's list is no other test's.
      const own = new AsyncQueueClient(free!.api_key, options);
      const made: string[] = [];
      for (let number = 0; number < 5; number += 1) {
        const { task } = await own.createTask({ callbackUrl: 'https://example.com/hook', delayUntil: later() });
        made.unshift(task.id);
      }
      const seen: string[] = [];
      for await (const task of own.listTasks({ status: 'delayed', limit: 2 })) seen.push(task.id);
      assert.deepEqual(seen, made);

      const page = await own.listTasks({ status: 'delayed', limit: 2 });
      assert.deepEqual(page.pagination, { total: 5, limit: 2, offset: 0, hasMore: true });
      assert.ok(page.hasNextPage);
      const second = await page.nextPage();
      const third = await second!.nextPage();
      assert.deepEqual(
        third!.tasks.map(({ id }) => id),
        made.slice(4),
      );
      assert.equal(third!.hasNextPage, false);
      assert.equal(await third!.nextPage(), null);

      const rest: string[] = [];
      for await (const task of second!) rest.push(task.id);
      assert.deepEqual(rest, made.slice(2));
      const from = await own.listTasks({ status: 'delayed', offset: 1, limit: 2, sortOrder: 'asc' });
      assert.deepEqual(
        from.tasks.map(({ id }) => id),
        [made[3], made[2]],
      );
      assert.deepEqual(
        (await from.nextPage())!.tasks.map(({ id }) => id),
        [made[1], made[0]],
      );
      for (const id of made) await own.cancelTask(id);
    });

    test('that fails is told to the loop', async () => {
      const looping = async () => {
        for await (const _ of client.listTasks({ status: 'nonsense' as 'failed' })) assert.fail();
      };
      await assert.rejects(looping(), /status must be one of/);
    });
  });

  describe('a team', () => {
    const own = new AsyncQueueClient(pro!.api_key, options);

    test('makes, replaces and revokes its keys', async () => {
      const made = await own.createKey({ name: 'build server' }, { idempotencyKey: 'june' });
      assert.deepEqual(await own.createKey({ name: 'build server' }, { idempotencyKey: 'june' }), made);
      assert.match(made.key, /^aq_live_/);
      const other = new AsyncQueueClient(made.key, options);
      assert.ok((await other.listKeys()).keys.some(({ id }) => id === made.id));
      const rotated = await own.rotateKey(made.id, { overlapSeconds: 60 });
      assert.equal(rotated.previous.id, made.id);
      assert.deepEqual(await own.revokeKey(made.id), { id: made.id, revoked: true });
      await own.revokeKey(rotated.id);
      await assert.rejects(other.listKeys(), { name: 'AuthenticationError', detail: 'Invalid or revoked API key' });
    });

    test('has members', async () => {
      const member = await own.addMember({ email: 'sdk@example.com' });
      assert.ok((await own.listMembers()).members.some(({ email }) => email === 'sdk@example.com'));
      assert.deepEqual(await own.removeMember(member.id), { id: member.id, removed: true });
    });

    test('replaces its signing secret', async () => {
      const other = new AsyncQueueClient(free!.api_key, options);
      const before = await other.signingSecret();
      const after = await other.rotateSigningSecret({ overlapSeconds: 60 });
      assert.notEqual(after.secret, before.secret);
      assert.ok(after.previous);
    });
  });
}
