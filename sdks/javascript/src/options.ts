/** What all clients, and all of their requests, can be told. */

import { env } from '#platform';
import type { Ambient } from './ambient';
import { ConfigurationError } from './errors';

/** Options of a client. */
export interface ClientOptions {
  /** Where the deployment is, such as `http://127.0.0.1:8000`; else the environment variable ASTRAFLOW_BASE_URL. */
  baseUrl?: string | URL | undefined;
  /** Milliseconds that one try may take, its answer included; 10000 unless said otherwise. */
  timeout?: number | undefined;
  /** How often a request is tried again after a passing failure; 2 unless said otherwise. */
  maxRetries?: number | undefined;
  /** Headers that go with every request. */
  headers?: Record<string, string> | undefined;
  /** Used in place of the global `fetch`. */
  fetch?: typeof fetch | undefined;
  /** The name of your program, and its version if you like: it goes into User-Agent. */
  appInfo?: string | undefined;
  /** Used in place of the machine's clock, sleep and chance: for your tests. */
  ambient?: Ambient | undefined;
}

/** Options of a single request. */
export interface RequestOptions {
  /** Calls the request off: its promise is rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds that one try may take, in place of the client's. */
  timeout?: number | undefined;
  /** How often it is tried again, in place of the client's. */
  maxRetries?: number | undefined;
  /** Headers that go with it, before the client's own. */
  headers?: Record<string, string> | undefined;
}

/** Options of a request that makes something, and that the API knows again by a key. */
export interface CreateOptions extends RequestOptions {
  /** Your own name for this request; one is made up otherwise. The same key and content again make nothing new. */
  idempotencyKey?: string | undefined;
}

/** Options of waiting for an end. */
export interface WaitOptions extends RequestOptions {
  /** Milliseconds to wait at most, over all requests; no limit unless said otherwise. */
  maxWait?: number | undefined;
}

/** The address of the deployment, without a slash at its end. Throws ConfigurationError. */
export function baseUrl(given: string | URL | undefined): string {
  const text = given === undefined ? env('ASTRAFLOW_BASE_URL') : String(given);
  if (!text) {
    throw new ConfigurationError(
      'Which deployment? Pass { baseUrl } or set ASTRAFLOW_BASE_URL (local stack: http://127.0.0.1:8000)',
    );
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ConfigurationError('baseUrl must be an http:// or https:// address');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigurationError('baseUrl must be an http:// or https:// address');
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new ConfigurationError('baseUrl must not have a user name, password, query or fragment');
  }
  return url.href.replace(/\/+$/, '');
}

/** What has to be there. Throws ConfigurationError, which says how to give it. */
export function needed<T>(value: T | undefined, how: string): T {
  if (value === undefined) throw new ConfigurationError(how);
  return value;
}

/** A credential or another value of a header. Throws ConfigurationError, which does not repeat it. */
export function headerValue(name: string, value: unknown): string {
  if (typeof value !== 'string' || !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
    throw new ConfigurationError(`${name} must be a string of printable ASCII characters, not empty`);
  }
  return value;
}

/** A part of a path, encoded. Throws ConfigurationError: an empty one would ask for something else. */
export function segment(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value === '.' || value === '..') {
    throw new ConfigurationError(`${name} must be a string, not empty`);
  }
  return encodeURIComponent(value);
}

/** A number of at least 0. Throws ConfigurationError. */
export function atLeastZero(name: string, value: number): number {
  if (typeof value !== 'number' || !(value >= 0)) throw new ConfigurationError(`${name} must be a number of 0 or more`);
  return value;
}
