/** Waiting for an end, by what is asked meanwhile. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AsyncQueueClient, WaitTimeoutError } from 'astraflow-sdk';
import { json, scripted, silence } from './server';

test('a task is waited for by requests that the API holds back', async (t) => {
  const state = (status: string) => json({ task: { id: 'a', status } });
  const server = await scripted(t, state('delayed'), state('processing'), state('completed'));
  await new AsyncQueueClient('k', { baseUrl: server.url }).wait('a');
  assert.deepEqual(
    server.received.map(({ url }) => url),
    Array(3).fill('/v1/tasks/a?wait=20'),
  );
});

test('a task is waited for in peace where the API holds nothing back', async (t) => {
  const server = await scripted(t, json({ task: { id: 'a', status: 'pending' } }));
  await assert.rejects(
    new AsyncQueueClient('k', { baseUrl: server.url }).wait('a', { maxWait: 1_500 }),
    WaitTimeoutError,
  );
  assert.ok(server.received.length <= 4, `${server.received.length} requests`);
});

test('a task is not waited for longer than was said, even without any answer', async (t) => {
  const server = await scripted(t, silence);
  const began = Date.now();
  await assert.rejects(new AsyncQueueClient('k', { baseUrl: server.url }).wait('a', { maxWait: 100 }), {
    name: 'WaitTimeoutError',
    last: undefined,
  });
  assert.ok(Date.now() - began < 3_000);
});

test('a task is waited for until a signal says no', async (t) => {
  const server = await scripted(t, silence);
  const reason = new Error('never mind');
  const controller = new AbortController();
  const rejected = assert.rejects(
    new AsyncQueueClient('k', { baseUrl: server.url }).wait('a', { signal: controller.signal }),
    reason,
  );
  await server.arrived(1);
  controller.abort(reason);
  await rejected;
  const called = new AsyncQueueClient('k', { baseUrl: server.url }).wait('a', { signal: AbortSignal.abort(reason) });
  await assert.rejects(called, reason);
});
