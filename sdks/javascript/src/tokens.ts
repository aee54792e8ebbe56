/** AstraFlow's bearer tokens: one that is given, one that a function finds, or those that client credentials buy. */

import type { Ambient } from './ambient';
import { ConfigurationError } from './errors';
import { headerValue } from './options';
import { fixed, type Credential, type Spec } from './transport';
import { raced } from './time';

/** A token, or a function that finds the one to use now; it is asked for every request. */
export type TokenSource = string | (() => string | Promise<string>);

/** The answer of the token endpoint (RFC 6749, section 5.1). */
export interface TokenAnswer {
  access_token: string;
  token_type: string;
  /** Seconds. */
  expires_in?: number;
  scope?: string;
}

/** Sends a request without the token that it is to fetch. */
export type Fetcher = (spec: Spec) => Promise<TokenAnswer>;

/** A token is replaced so many milliseconds before it ends, a short-lived one after nine tenths of its time. */
const EARLY_MS = 30_000;

export function bearer(token: TokenSource): Credential {
  if (typeof token === 'string') return fixed(header(token));
  return {
    headers: async (signal) => header(await raced(Promise.resolve(token()), signal)),
    renew: () => false,
  };
}

/** Tokens for a client of the deployment's (RFC 6749, section 4.4), fetched when they are needed, one at a time. */
export class ClientCredentials implements Credential {
  readonly #spec: Spec;
  readonly #fetch: Fetcher;
  readonly #ambient: Ambient;
  #current: { headers: Record<string, string>; until: number } | null = null;
  #coming: Promise<Record<string, string>> | null = null;

  constructor(clientId: string, clientSecret: string, scope: string | undefined, fetch: Fetcher, ambient: Ambient) {
    const basic = btoa(`${formEncoded('clientId', clientId)}:${formEncoded('clientSecret', clientSecret)}`);
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) });
    this.#spec = {
      method: 'POST',
      path: '/oauth/token',
      body,
      again: 'harmless',
      credential: fixed({ authorization: `Basic ${basic}` }),
    };
    this.#fetch = fetch;
    this.#ambient = ambient;
  }

  headers(signal?: AbortSignal): Promise<Record<string, string>> {
    if (this.#current !== null && this.#ambient.now() < this.#current.until)
      return Promise.resolve(this.#current.headers);
    // Shared by all requests that wait for it: one that is called off does not take it from the others.
    this.#coming ??= this.#bought().finally(() => {
      this.#coming = null;
    });
    return raced(this.#coming, signal);
  }

  renew(refused: Record<string, string>): boolean {
    if (this.#current?.headers === refused) this.#current = null;
    return true;
  }

  async #bought(): Promise<Record<string, string>> {
    const answer = await this.#fetch(this.#spec);
    const lifetime = (answer.expires_in ?? 3600) * 1000;
    const headers = header(answer.access_token);
    this.#current = { headers, until: this.#ambient.now() + Math.max(lifetime - EARLY_MS, lifetime * 0.9) };
    return headers;
  }
}

function header(token: string): Record<string, string> {
  return { authorization: `Bearer ${headerValue('token', token)}` };
}

/** Id and secret are encoded as a form's values before they are joined (RFC 6749, section 2.3.1). */
function formEncoded(name: string, value: string): string {
  if (typeof value !== 'string' || value === '') throw new ConfigurationError(`${name} must be a string, not empty`);
  return new URLSearchParams({ '': value }).toString().slice(1);
}
