/** Signatures, and everything that must not pass for one. */

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { verifyWebhook, WebhookVerificationError } from 'astraflow-sdk';

// The example of the Standard Webhooks specification.
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BODY = '{"test": 2432232314}';
const STANDARD = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
  'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const now = new Date(1614265330_000);
const hex = createHmac('sha256', Buffer.from(SECRET.slice(6), 'base64'))
  .update(`1614265330.${BODY}`)
  .digest('hex');
const OWN = { 'X-AsyncQueue-Signature': `t=1614265330,v1=${hex}` };

describe('a request that fits its signature', () => {
  for (const [scheme, headers] of Object.entries({ 'Standard Webhooks': STANDARD, 't=...,v1=...': OWN })) {
    test(`of ${scheme} is believed`, async () => {
      assert.deepEqual(await verifyWebhook(BODY, headers, SECRET, { now }), { test: 2432232314 });
    });

    test(`of ${scheme} is believed as bytes, and with headers of another make`, async () => {
      const bytes = new TextEncoder().encode(BODY);
      for (const body of [bytes, Buffer.from(BODY), bytes.buffer as ArrayBuffer]) {
        await verifyWebhook(body, new Headers(headers), SECRET, { now });
        await verifyWebhook(
          body,
          Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]])),
          SECRET,
          { now },
        );
      }
    });

    test(`of ${scheme} is believed with one of several secrets`, async () => {
      await verifyWebhook(BODY, headers, ['whsec_AAAA', SECRET], { now });
      await verifyWebhook(BODY, headers, SECRET.slice(6), { now });
      await assert.rejects(verifyWebhook(BODY, headers, ['whsec_AAAA'], { now }), WebhookVerificationError);
      await assert.rejects(verifyWebhook(BODY, headers, [], { now }), WebhookVerificationError);
    });

    test(`of ${scheme} is refused with another body`, async () => {
      await assert.rejects(verifyWebhook(BODY.replace('2', '3'), headers, SECRET, { now }), /does not fit/);
    });

    test(`of ${scheme} is refused when it is older, or newer, than the tolerance`, async () => {
      const at = (seconds: number) => ({ now: new Date(now.getTime() + seconds * 1000) });
      await verifyWebhook(BODY, headers, SECRET, at(300));
      await verifyWebhook(BODY, headers, SECRET, at(-300));
      await assert.rejects(verifyWebhook(BODY, headers, SECRET, at(301)), /too old/);
      await assert.rejects(verifyWebhook(BODY, headers, SECRET, at(-301)), /too far ahead/);
      await assert.rejects(verifyWebhook(BODY, headers, SECRET), /too old/);
      await verifyWebhook(BODY, headers, SECRET, { ...at(301), tolerance: 301 });
      await assert.rejects(
        verifyWebhook(BODY, headers, SECRET, { now, tolerance: Number.NaN }),
        WebhookVerificationError,
      );
      await assert.rejects(verifyWebhook(BODY, headers, SECRET, { now: new Date(NaN) }), WebhookVerificationError);
    });
  }

  test('is believed while two secrets sign', async () => {
    const signature = `v1,${Buffer.alloc(32).toString('base64')} v1a,xyz ${STANDARD['webhook-signature']}`;
    await verifyWebhook(BODY, { ...STANDARD, 'webhook-signature': signature }, SECRET, { now });
    await verifyWebhook(BODY, { 'x-asyncqueue-signature': `t=1614265330,v1=${'0'.repeat(64)},v1=${hex}` }, SECRET, {
      now,
    });
  });

  test('gives text where the body is no JSON', async () => {
    const signature = createHmac('sha256', Buffer.from(SECRET.slice(6), 'base64'))
      .update('1614265330.hello')
      .digest('hex');
    assert.equal(
      await verifyWebhook('hello', { 'x-asyncqueue-signature': `t=1614265330,v1=${signature}` }, SECRET, { now }),
      'hello',
    );
  });
});

describe('a request is refused', () => {
  const without = (name: string) => Object.fromEntries(Object.entries(STANDARD).filter(([each]) => each !== name));
  const changed = (name: string, value: string) => ({ ...STANDARD, [name]: value });
  const cases: [string, Record<string, string>][] = [
    ['without a signature', {}],
    ['without an id', without('webhook-id')],
    ['without a time', without('webhook-timestamp')],
    ['with another id', changed('webhook-id', 'msg_other')],
    ['with a time that was moved', changed('webhook-timestamp', '1614265331')],
    ['with a time that is no number', changed('webhook-timestamp', '1614265330.0')],
    ['with a time in words', changed('webhook-timestamp', 'now')],
    ['with an empty signature', changed('webhook-signature', '')],
    [
      'with a signature of another kind',
      changed('webhook-signature', STANDARD['webhook-signature'].replace('v1,', 'v1a,')),
    ],
    ['with a signature that is no base64', changed('webhook-signature', 'v1,***')],
    ['with a shorter signature', changed('webhook-signature', 'v1,g0hM')],
    ['with a bad standard signature beside a good own one', { ...changed('webhook-signature', 'v1,AAAA'), ...OWN }],
    ['with t alone', { 'x-asyncqueue-signature': 't=1614265330' }],
    ['with v1 alone', { 'x-asyncqueue-signature': `v1=${hex}` }],
    ['with a signature of odd length', { 'x-asyncqueue-signature': `t=1614265330,v1=${hex.slice(1)}` }],
    ['with v0', { 'x-asyncqueue-signature': `t=1614265330,v0=${hex}` }],
  ];
  for (const [how, headers] of cases) {
    test(how, async () => {
      await assert.rejects(verifyWebhook(BODY, headers, SECRET, { now }), WebhookVerificationError);
    });
  }

  test('when only the parsed body is there', async () => {
    await assert.rejects(verifyWebhook(JSON.parse(BODY), STANDARD, SECRET, { now }), /must be the raw body/);
  });

  test('when the secret is none', async () => {
    for (const secret of ['', 'whsec_', 'whsec_***', undefined as unknown as string]) {
      await assert.rejects(
        verifyWebhook(BODY, STANDARD, secret === undefined ? [secret] : secret, { now }),
        /secret must be a signing secret/,
      );
    }
  });
});
