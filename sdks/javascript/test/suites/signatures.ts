/** Signatures of what the deployment sends. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import AstraClient, {
  AsyncQueueClient,
  verifyWebhook,
  WebhookVerificationError,
  type CompletionEvent,
  type WebhookEvent,
} from 'astraflow-sdk';
import type { Place } from '../places/place';

export default function signatures(place: Place): void {
  const when = () => ({ now: new Date(place.now()) });

  test('callbacks and completion webhooks of AsyncQueue are signed with the secret of the team', async () => {
    const server = await place.receiver({ status: 200, body: { ok: true } });
    const team = place.offer.asyncqueue.teams[0]!;
    const client = new AsyncQueueClient(team.api_key, place.options);
    const { secret } = await client.signingSecret();
    assert.equal(secret, team.signing_secret);
    const { task } = await client.createTask({
      callbackUrl: `${server.url}/hook`,
      body: '{"order":12345}',
      onCompleteUrl: `${server.url}/done`,
    });
    const [callback, completion] = await server.arrived(2);
    assert.equal(callback?.url, '/hook');
    assert.deepEqual(await verifyWebhook(callback!.body, callback!.headers, secret, when()), { order: 12345 });
    const { 'webhook-signature': _, ...own } = callback!.headers;
    assert.deepEqual(await verifyWebhook(callback!.body, own, secret, when()), { order: 12345 });
    const told = await verifyWebhook<CompletionEvent>(completion!.body, completion!.headers, secret, when());
    assert.equal(told.event, 'task.completed');
    assert.equal(told.task.id, task.id);
    assert.equal(told.task.result?.statusCode, 200);
  });

  test('webhooks of AstraFlow are signed with the secret that their registration showed', async () => {
    const server = await place.receiver({ status: 200, body: { ok: true } });
    const client = new AstraClient('YOUR_TOKEN', place.options);
    const webhook = await client.createWebhook({ url: server.url, event: 'task.created' });
    const task = await client.createTask({ name: 'Signed' });
    // Others make tasks at the same time, and are told of too.
    for (let count = 1; ; count += 1) {
      const request = (await server.arrived(count))[count - 1]!;
      const told = await verifyWebhook<WebhookEvent>(request.body, request.headers, webhook.secret, when());
      assert.equal(told.event, 'task.created');
      await assert.rejects(
        verifyWebhook(request.body, request.headers, `whsec_${btoa('somebody else of 24 bytes')}`, when()),
        WebhookVerificationError,
      );
      if (told.data.id === task.id) break;
    }
    await client.deleteWebhook(webhook.id);
  });
}
