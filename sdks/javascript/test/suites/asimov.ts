/** Asimov through the SDK, wherever the deployment is. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AsimovClient, BadRequestError, NotFoundError } from 'astraflow-sdk';
import { unique, type Place } from '../places/place';

interface Primes {
  below: number;
  count: number;
}

export default function asimov(place: Place): void {
  const client = new AsimovClient(place.options);

  test('an operation is carried out at once', async () => {
    const { kind, metadata, data } = await client.call<{ message: string }>('hello', { message: 'Hello, Asimov' });
    assert.equal(kind, 'platform.Hello');
    assert.equal(metadata._state, 'COMPLETED');
    assert.equal(data.message, 'Hello, Master Asimov');
  });

  test('an operation is started, waited for, and shown in both structures', async () => {
    const { data: started, response } = await client.start<Primes>('primes', { below: 1_000_000 }).withResponse();
    assert.equal(response.status, 202);
    assert.equal(started.metadata._state, 'PENDING');
    const task = await client.wait<Primes>(started.id, { maxWait: 60_000 });
    assert.equal(task._state, 'COMPLETED');
    assert.equal(task.count, 78_498);
    assert.deepEqual(await client.get<Primes>(started.id), task);
    const full = await client.getFull<Primes>(started.id);
    assert.equal(full.kind, 'platform.Task');
    assert.equal(full.data.kind, 'platform.Primes');
    assert.deepEqual(full.data.data, { below: 1_000_000, count: 78_498 });
  });

  test('an operation that has ended cannot be withdrawn', async () => {
    const { id } = await client.start('hello', { message: 'Hello, Asimov' });
    await client.wait(id);
    await assert.rejects(client.cancel(id), { status: 409, code: 'CONFLICT' });
  });

  test('an operation is started once for one idempotency key', async () => {
    const idempotencyKey = unique('greeting');
    const first = await client.start('hello', { message: 'Hello, Asimov' }, { idempotencyKey });
    const second = await client.start('hello', { message: 'Hello, Asimov' }, { idempotencyKey });
    assert.equal(second.id, first.id);
  });

  test('what is started with a key is nobody else’s', async () => {
    const team = new AsimovClient(place.offer.asyncqueue.teams[0]!.api_key, place.options);
    const { id } = await team.start('hello', { message: 'Hello, Asimov' });
    await team.get(id);
    await assert.rejects(client.get(id), NotFoundError);
  });

  test('refusals name what is wrong', async () => {
    await assert.rejects(client.call('hello', {}), (error: unknown) => {
      assert.ok(error instanceof BadRequestError);
      assert.equal(error.code, 'INVALID_REQUEST');
      return true;
    });
    await assert.rejects(client.call('nonsense', {}), NotFoundError);
  });
}
