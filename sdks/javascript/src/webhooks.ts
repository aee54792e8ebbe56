/** Whether a request really came from the deployment: signatures of webhooks and callbacks. */

import { crypto } from '#platform';
import { WebhookVerificationError } from './errors';

/** The headers of a request: those of Node.js, of the Fetch API, or a plain object. */
export type IncomingHeaders = Headers | Record<string, string | string[] | undefined>;

export interface VerifyOptions {
  /** Seconds by which the signature's time may differ from this machine's; 300 unless said otherwise. */
  tolerance?: number | undefined;
  /** The time to compare with, in place of now. */
  now?: Date | undefined;
}

interface Signed {
  timestamp: string;
  /** What stands before the body in the signed text. */
  prefix: string;
  signatures: Uint8Array[];
}

const HMAC = { name: 'HMAC', hash: 'SHA-256' };

/**
 * Verify a request by its signature and return its body: JSON parsed, other text as it is.
 *
 * `payload` is the raw body, exactly as it arrived. Standard Webhooks (`webhook-signature`) is verified where it was
 * sent, `X-AsyncQueue-Signature: t=...,v1=...` otherwise. With several secrets one of them has to fit.
 * Throws WebhookVerificationError.
 */
export async function verifyWebhook<T = unknown>(
  payload: string | Uint8Array | ArrayBuffer,
  headers: IncomingHeaders,
  secret: string | readonly string[],
  options: VerifyOptions = {},
): Promise<T> {
  const body = bytes(payload);
  const signed = standard(headers) ?? timed(headers);
  if (signed === null) throw new WebhookVerificationError('The request has no signature');
  recent(signed.timestamp, options);
  const message = joined(new TextEncoder().encode(signed.prefix), body);
  for (const each of typeof secret === 'string' ? [secret] : secret) {
    const key = await crypto.subtle.importKey('raw', secretBytes(each), HMAC, false, ['verify']);
    for (const signature of signed.signatures) {
      // Compares in constant time.
      const fits = await crypto.subtle.verify(HMAC, key, signature as BufferSource, message as BufferSource);
      if (fits) return read<T>(body);
    }
  }
  throw new WebhookVerificationError('The signature does not fit: another secret, or a body that was changed');
}

/** `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64> ...` over `{id}.{timestamp}.{body}`. */
function standard(headers: IncomingHeaders): Signed | null {
  const signature = header(headers, 'webhook-signature');
  if (signature === null) return null;
  const [id, timestamp] = [header(headers, 'webhook-id'), header(headers, 'webhook-timestamp')];
  if (!id || !timestamp) throw new WebhookVerificationError('webhook-id or webhook-timestamp is missing');
  const entries = signature.split(' ').map((entry) => entry.split(','));
  const signatures = entries.flatMap(([version, value]) => (version === 'v1' && value ? (base64(value) ?? []) : []));
  return { timestamp, prefix: `${id}.${timestamp}.`, signatures };
}

/** `t=<seconds>,v1=<hex>,...` over `{t}.{body}`. */
function timed(headers: IncomingHeaders): Signed | null {
  const signature = header(headers, 'x-asyncqueue-signature');
  if (signature === null) return null;
  const entries = signature.split(',').map((entry) => entry.trim().split('='));
  const timestamp = entries.find(([name]) => name === 't')?.[1];
  if (!timestamp) throw new WebhookVerificationError('X-AsyncQueue-Signature has no time t');
  const signatures = entries.flatMap(([name, value]) => (name === 'v1' && value ? (hexadecimal(value) ?? []) : []));
  return { timestamp, prefix: `${timestamp}.`, signatures };
}

function recent(timestamp: string, { tolerance = 300, now = new Date() }: VerifyOptions): void {
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookVerificationError('The time of the signature is not a number');
  const age = now.getTime() / 1000 - Number(timestamp);
  // Written so that a tolerance or a time that is no number lets nothing through.
  if (!(Math.abs(age) <= tolerance)) {
    throw new WebhookVerificationError(`The signature is too ${age > 0 ? 'old' : 'far ahead'}: check the clock`);
  }
}

function header(headers: IncomingHeaders, name: string): string | null {
  if (typeof (headers as Headers).get === 'function') return (headers as Headers).get(name);
  for (const [given, value] of Object.entries(headers as Record<string, string | string[] | undefined>)) {
    if (given.toLowerCase() === name && value !== undefined) return Array.isArray(value) ? value.join(' ') : value;
  }
  return null;
}

function bytes(payload: unknown): Uint8Array {
  if (typeof payload === 'string') return new TextEncoder().encode(payload);
  // Not `instanceof`: the bytes may come from another realm, as in some test runners.
  if (ArrayBuffer.isView(payload)) return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  if (Object.prototype.toString.call(payload) === '[object ArrayBuffer]') return new Uint8Array(payload as ArrayBuffer);
  throw new WebhookVerificationError(
    'payload must be the raw body, a string or bytes: a parsed one cannot be verified',
  );
}

/** The key in a secret: base64, with `whsec_` before it or without. */
function secretBytes(secret: string): BufferSource {
  const key = typeof secret === 'string' ? base64(secret.replace(/^whsec_/, '')) : null;
  if (!key?.length) throw new WebhookVerificationError('secret must be a signing secret, whsec_...');
  return key as BufferSource;
}

function base64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function hexadecimal(text: string): Uint8Array | null {
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

function read<T>(body: Uint8Array): T {
  const text = new TextDecoder().decode(body);
  try {
    return JSON.parse(text) as T;
  } catch {
    return text as T;
  }
}
