/** What the SDK needs of Node.js. */

import { webcrypto } from 'node:crypto';

export const crypto = webcrypto as unknown as Crypto;

/** Sent as User-Agent; null where the runtime keeps that header to itself. */
export const runtime: string | null = `node ${process.versions.node}`;

/** An environment variable; undefined when it is unset or empty. */
export function env(name: string): string | undefined {
  return process.env[name] || undefined;
}
