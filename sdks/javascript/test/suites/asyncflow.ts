/** AsyncFlow through the SDK, wherever the deployment is: ten requests in its window, and no fault that is not asked for. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AsyncFlowClient,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  ServerError,
} from 'astraflow-sdk';
import { unique, type Place } from '../places/place';

export default function asyncFlow(place: Place): void {
  const { offer } = place;
  const flow = (options = {}) =>
    new AsyncFlowClient(offer.asyncflow.api_key, { ...place.options, group: unique('group'), ...options });

  test('a message is submitted, waited for and listed', async () => {
    const client = flow();
    const accepted = await client.submit({
      destination: 'always-complete',
      content: 'Twelve boxes',
      priority: 'normal',
    });
    assert.equal(accepted.accepted, true);
    assert.match(accepted.trackingId, /^ASF-[0-9A-F]{32}$/);
    const message = await client.wait(accepted.trackingId, { maxWait: 60_000 });
    assert.equal(message.status, 'Completed');
    assert.deepEqual([...(await client.list())], [message]);
  });

  test('a message that fails has an end too', async () => {
    const client = flow();
    const { trackingId } = await client.submit({ destination: 'always-fail', content: 'Twelve boxes' });
    const message = await client.wait(trackingId);
    assert.equal(message.status, 'Failed');
    assert.ok(message.errorDetails);
  });

  test('a lost answer is asked for again, and there is one message', async () => {
    const client = flow();
    const idempotencyKey = unique('parcel');
    const parcel = { destination: 'warehouse', content: 'Parcel 4711' };
    const forced = { idempotencyKey, headers: { prefer: 'code=504' }, maxRetries: 0 };
    await assert.rejects(
      client.submit(parcel, forced),
      (error: unknown) => error instanceof ServerError && error.status === 504,
    );
    await client.submit(parcel, { idempotencyKey });
    assert.equal((await client.list()).length, 1);
  });

  test('a simulated fault is survived without anybody noticing', async () => {
    let answers = 0;
    const counting: typeof fetch = (input, init) => {
      answers += 1;
      if (answers === 1)
        init = { ...init, headers: { ...(init?.headers as Record<string, string>), prefer: 'code=500' } };
      return place.fetch(input, init);
    };
    const client = flow({ fetch: counting });
    await client.submit({ destination: 'warehouse', content: 'Twelve boxes' });
    assert.equal(answers, 2);
    assert.equal((await client.list()).length, 1);
  });

  test('over the limit the client waits as long as it is asked to', async () => {
    const statuses: number[] = [];
    const noting: typeof fetch = async (input, init) => {
      const response = await place.fetch(input, init);
      statuses.push(response.status);
      return response;
    };
    const client = flow({ fetch: noting });
    for (let number = 0; number < 11; number += 1) await client.list();
    assert.deepEqual(statuses, [...Array(10).fill(200), 429, 200]);
    const report = await client.report();
    assert.equal(report.throttled, 1);
    assert.equal(report.earlyRetries, 0);
  });

  test('over the limit the error says when there is more', async () => {
    const client = flow({ maxRetries: 0 });
    for (let number = 0; number < 10; number += 1) await client.list();
    await assert.rejects(client.list(), (error: unknown) => {
      assert.ok(error instanceof RateLimitError);
      assert.equal(error.limit, 10);
      assert.equal(error.remaining, 0);
      assert.ok(error.retryAfter! >= 1 && error.retryAfter! <= 60);
      assert.ok(error.reset! * 1000 > place.now() - 1000);
      return true;
    });
  });

  test('older messages are on the pages after the first', async () => {
    const client = flow();
    const made: string[] = [];
    for (let number = 0; number < 3; number += 1) {
      made.push((await client.submit({ destination: 'warehouse', content: `${number}` })).trackingId);
    }
    const newest = await client.list({ limit: 2 });
    assert.equal(newest.length, 2);
    assert.ok(newest.hasNextPage);
    const older = await newest.nextPage();
    assert.deepEqual(new Set([...older!, ...newest].map(({ trackingId }) => trackingId)), new Set(made));
    const all = [];
    for await (const message of client.list({ limit: 2 })) all.push(message.trackingId);
    assert.deepEqual(all, [...older!, ...newest].map(({ trackingId }) => trackingId).reverse());
  });

  test('refusals are the errors of their statuses', async () => {
    const client = flow();
    const { trackingId } = await client.submit({ destination: 'warehouse', content: 'Twelve boxes' });
    await assert.rejects(flow().get(trackingId), PermissionDeniedError);
    await assert.rejects(client.get(`ASF-${'0'.repeat(32)}`), NotFoundError);
    await assert.rejects(client.submit({ destination: '', content: 'x' }), (error: unknown) => {
      assert.ok(error instanceof BadRequestError);
      assert.equal(error.detail, 'Missing destination');
      return true;
    });
    await assert.rejects(new AsyncFlowClient('wrong', { ...place.options, group: 'g' }).list(), { status: 401 });
  });
}
