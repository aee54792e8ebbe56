/** What the SDK needs of a browser, or of any other runtime with the web's globals. */

export const crypto: Crypto = globalThis.crypto;

/** Sent as User-Agent; null where the runtime keeps that header to itself. */
export const runtime: string | null = null;

/** An environment variable: there are none. */
export function env(_name: string): string | undefined {
  return undefined;
}
