/** The road of every request: one try after another, until there is an answer to return or an error to throw. */

import { crypto, runtime } from '#platform';
import { ambient, type Ambient } from './ambient';
import { APIConnectionError, APITimeoutError, type APIStatusError, statusError, UnexpectedAnswerError } from './errors';
import {
  atLeastZero,
  baseUrl,
  headerValue,
  type ClientOptions,
  type CreateOptions,
  type RequestOptions,
} from './options';
import type { WithResponse } from './promise';
import { failureCode, LONGEST_RETRY_AFTER, passing, pauseMs, Repeat, unclear, unsent } from './retry';
import { later, raced } from './time';
import { VERSION } from './version';

export type Query = Record<string, string | number | boolean | Date | null | undefined>;

/** One request of an API. */
export interface Spec {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** From the base URL on; its variable parts are encoded. */
  path: string;
  query?: Query | undefined;
  /** Sent as JSON; an instance of URLSearchParams as a form. */
  body?: unknown;
  headers?: Record<string, string> | undefined;
  /**
   * Why a POST may be sent again after a failure that leaves open whether it was carried out: the API knows it by an
   * `Idempotency-Key`, which it gets, or twice is as good as once.
   */
  again?: 'keyed' | 'harmless' | undefined;
  /** Milliseconds that the answer may be held back, on top of the timeout. */
  patience?: number | undefined;
  /** How the client shows who it is, where it is not the API's usual way. */
  credential?: Credential | undefined;
}

/** How a client shows who it is. */
export interface Credential {
  /** The headers that show it. */
  headers(signal?: AbortSignal): Promise<Record<string, string>>;
  /** Forget what those headers held, because it was refused. Whether there can be another. */
  renew(refused: Record<string, string>): boolean;
}

/** A credential that stays as it is. */
export function fixed(headers: Record<string, string>): Credential {
  return { headers: async () => headers, renew: () => false };
}

interface Try {
  response: Response;
  text: string;
}

export class Transport {
  readonly base: string;
  readonly ambient: Ambient;
  readonly #options: ClientOptions;
  readonly #credential: Credential;

  constructor(options: ClientOptions, credential: Credential) {
    this.base = baseUrl(options.baseUrl);
    this.ambient = options.ambient ?? ambient;
    this.#options = options;
    this.#credential = credential;
  }

  /** Send a request until it succeeds, and read the answer's JSON. */
  async send<T>(spec: Spec, options: CreateOptions = {}): Promise<WithResponse<T>> {
    const { signal } = options;
    const url = this.base + spec.path + queryString(spec.query);
    const repeat = spec.again || spec.method !== 'POST' ? Repeat.Safe : Repeat.Undone;
    const most = atLeastZero('maxRetries', options.maxRetries ?? this.#options.maxRetries ?? 2);
    const timeout = atLeastZero('timeout', options.timeout ?? this.#options.timeout ?? 10_000) + (spec.patience ?? 0);
    const credential = spec.credential ?? this.#credential;
    const headers = this.#headers(spec, options);
    const body =
      spec.body === undefined || spec.body instanceof URLSearchParams ? spec.body : JSON.stringify(spec.body);
    let renewed = false;
    let uncertain = false;
    for (let attempt = 0; ;) {
      const shown = await credential.headers(signal);
      const init: RequestInit = { method: spec.method, headers: { ...headers, ...shown }, redirect: 'manual' };
      if (body !== undefined) init.body = body;
      let retryAfter: number | undefined;
      try {
        const { response, text } = await this.#try(url, init, timeout, signal);
        if (response.ok)
          return { data: json<T>(response, text), response, requestId: response.headers.get('x-request-id') };
        if (response.status === 401 && !renewed && credential.renew(shown)) {
          renewed = true;
          continue;
        }
        const error = refusal(response, text, uncertain);
        retryAfter = error.retryAfter;
        const tooLong = retryAfter !== undefined && retryAfter > LONGEST_RETRY_AFTER;
        if (attempt >= most || tooLong || !passing(response.status, repeat)) throw error;
        uncertain ||= unclear(response.status);
      } catch (error) {
        if (!(error instanceof APIConnectionError)) throw error;
        if (attempt >= most || !(repeat === Repeat.Safe || !error.sent)) throw error;
        uncertain ||= error.sent;
      }
      await this.ambient.sleep(pauseMs(attempt, retryAfter, this.ambient.random()), signal);
      attempt += 1;
    }
  }

  /** One try. Throws APIConnectionError, or what `signal` was aborted with. */
  async #try(url: string, init: RequestInit, timeout: number, signal: AbortSignal | undefined): Promise<Try> {
    signal?.throwIfAborted();
    const controller = new AbortController();
    const late = new APITimeoutError(`No answer within ${timeout} ms`, { sent: true });
    const inTime = later(timeout, () => controller.abort(late));
    const stop = () => controller.abort(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    const send = this.#options.fetch ?? fetch;
    try {
      // The race is for a `fetch` of the caller's that does not heed its signal.
      const response = await raced(send(url, { ...init, signal: controller.signal }), controller.signal);
      return { response, text: await raced(response.text(), controller.signal) };
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason;
      const cause = (error as Error | null)?.cause ?? error;
      const why = failureCode(error) ?? (cause instanceof Error ? cause.message : String(cause));
      throw new APIConnectionError(`Connection failed: ${why}`, { sent: !unsent(error), cause });
    } finally {
      inTime();
      signal?.removeEventListener('abort', stop);
    }
  }

  #headers(spec: Spec, options: CreateOptions): Record<string, string> {
    const form = spec.body instanceof URLSearchParams;
    const given = { ...this.#options.headers, ...options.headers };
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries({
      accept: 'application/json',
      ...(runtime === null ? {} : { 'user-agent': this.#userAgent() }),
      ...lowerCase(given),
      ...(spec.body === undefined
        ? {}
        : { 'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json' }),
      ...lowerCase(spec.headers ?? {}),
      ...(spec.again === 'keyed' ? { 'idempotency-key': options.idempotencyKey ?? madeUp() } : {}),
    })) {
      headers[name] = headerValue(name, value);
    }
    return headers;
  }

  #userAgent(): string {
    const { appInfo } = this.#options;
    return `astraflow-sdk-javascript/${VERSION} (${runtime})${appInfo === undefined ? '' : ` ${appInfo}`}`;
  }
}

/** What a client and its requests share: a transport, and methods that may be taken off the object and called alone. */
export abstract class Client {
  readonly #transport: Transport;

  constructor(options: ClientOptions, credential: Credential) {
    this.#transport = new Transport(options, credential);
    for (let type = Object.getPrototypeOf(this); type !== Client.prototype; type = Object.getPrototypeOf(type)) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
        if (name === 'constructor' || typeof value !== 'function' || Object.hasOwn(this, name)) continue;
        Object.defineProperty(this, name, { value: value.bind(this), writable: true, configurable: true });
      }
    }
  }

  /** The address of the deployment. */
  get baseUrl(): string {
    return this.#transport.base;
  }

  /** @internal */
  protected get ambient(): Ambient {
    return this.#transport.ambient;
  }

  /** @internal */
  protected send<T>(spec: Spec, options?: RequestOptions): Promise<WithResponse<T>> {
    return this.#transport.send<T>(spec, options);
  }
}

/** A key that no other request has. Not `randomUUID`, which pages without TLS do not have. */
function madeUp(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function queryString(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    parameters.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  const text = parameters.toString();
  return text && `?${text}`;
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function json<T>(response: Response, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw unexpected(response, `The answer (${response.status}) is not JSON: is baseUrl that of a Sluice deployment?`);
  }
}

function refusal(response: Response, text: string, uncertain: boolean): APIStatusError {
  // A browser shows nothing of a redirect that is not followed.
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    throw unexpected(response, 'The deployment answered with a redirect, which is not followed: correct baseUrl');
  }
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // The text is all there is.
  }
  return statusError(response, body, uncertain);
}

function unexpected(response: Response, message: string): UnexpectedAnswerError {
  return new UnexpectedAnswerError(message, response.status, response.headers.get('x-request-id'));
}
