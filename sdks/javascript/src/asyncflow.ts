/** AsyncFlow: messages that are processed later, for people who learn to integrate. */

import { env } from '#platform';
import {
  baseUrl,
  headerValue,
  needed,
  segment,
  type ClientOptions,
  type CreateOptions,
  type RequestOptions,
  type WaitOptions,
} from './options';
import { nextParameter, Page } from './page';
import { APIPromise, PagePromise } from './promise';
import { Client, fixed, type Spec } from './transport';
import { untilEnd } from './waiting';

export interface AsyncFlowClientOptions extends ClientOptions {
  /** Else the environment variable ASYNCFLOW_API_KEY. */
  apiKey?: string | undefined;
  /** The name of your student group; else ASYNCFLOW_GROUP. */
  group?: string | undefined;
}

export type MessageStatus = 'Queued' | 'Processing' | 'Completed' | 'Failed';

export interface NewMessage {
  destination: string;
  content: string;
  /** Informational only. */
  priority?: string | undefined;
}

export interface AcceptedMessage {
  accepted: boolean;
  trackingId: string;
  message: string;
  submittedAt: string;
}

export interface Message {
  trackingId: string;
  status: MessageStatus;
  submittedAt: string;
  processedAt: string | null;
  errorDetails: string | null;
}

export interface MessageQuery {
  /** The newest so many; 1000 unless said otherwise, which is the most. */
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface GetMessageOptions extends RequestOptions {
  /** Seconds that the answer is held back until the status changes, 25 at most. */
  wait?: number | undefined;
}

/** How a group's client did. */
export interface GroupReport {
  group: string;
  profile: string;
  firstRequestAt: string | null;
  lastRequestAt: string | null;
  submitted: number;
  completed: number;
  failed: number;
  unfinished: number;
  requests: number;
  throttled: number;
  earlyRetries: number;
  polls: number;
  pollsPerMessage: number;
  simulatedFaults: number;
  lostResponses: number;
  duplicates: number;
  recovered: number;
}

const ENDS: ReadonlySet<string> = new Set(['Completed', 'Failed']);

/** A group's messages, oldest first; the page after it has older ones. `for await` begins with the newest of all. */
export class MessagePage extends Page<Message> {
  protected override inOrder(): Iterable<Message> {
    return [...this].reverse();
  }
}

/** A client of AsyncFlow, for one group. */
export class AsyncFlowClient extends Client {
  /** With the key, and options that name the group; or with options that hold both. */
  constructor(apiKey?: string | AsyncFlowClientOptions, options: AsyncFlowClientOptions = {}) {
    const given = typeof apiKey === 'object' ? apiKey : { ...options, apiKey: apiKey ?? options.apiKey };
    const how = (what: string) => `${what} is needed: new AsyncFlowClient(apiKey, { group }), or set`;
    const key = needed(given.apiKey ?? env('ASYNCFLOW_API_KEY'), `${how('An API key')} ASYNCFLOW_API_KEY`);
    const group = needed(given.group ?? env('ASYNCFLOW_GROUP'), `${how('A group')} ASYNCFLOW_GROUP`);
    // The manual's base URL ends with the endpoint's own name.
    const base = baseUrl(given.baseUrl).replace(/\/asyncflow$/, '');
    super(
      { ...given, baseUrl: base },
      fixed({ 'x-api-key': headerValue('apiKey', key), 'x-student-group': headerValue('group', group) }),
    );
  }

  /**
   * Submit a message. It is sent with an idempotency key, so that a lost answer can be asked for again without a second
   * message. Pass a key of your own where the tracking id shall follow from the seed: a key decides on the id.
   */
  submit(message: NewMessage, options?: CreateOptions): APIPromise<AcceptedMessage> {
    return this.#ask({ method: 'POST', path: '/asyncflow', body: message, again: 'keyed' }, options);
  }

  /** How a message stands. */
  get(trackingId: string, options: GetMessageOptions = {}): APIPromise<Message> {
    const { wait, ...request } = options;
    const path = `/asyncflow/${segment('trackingId', trackingId)}`;
    return this.#ask({ method: 'GET', path, query: { wait }, patience: (wait ?? 0) * 1000 }, request);
  }

  /** The group's newest messages, oldest first. */
  list(query: MessageQuery = {}, options?: RequestOptions): PagePromise<MessagePage, Message> {
    return new PagePromise(
      this.send<Message[]>({ method: 'GET', path: '/asyncflow', query: { ...query } }, options).then((answer) => {
        const cursor = nextParameter(answer.response.headers, 'cursor');
        const next = cursor === undefined ? null : () => this.list({ ...query, cursor }, options);
        return { ...answer, data: new MessagePage(answer.data, next) };
      }),
    );
  }

  /** How the group's client did so far. */
  report(options?: RequestOptions): APIPromise<GroupReport> {
    return this.#ask({ method: 'GET', path: '/asyncflow/report' }, options);
  }

  /** Wait until a message is processed, however it went. Throws WaitTimeoutError after `maxWait`. */
  wait(trackingId: string, options?: WaitOptions): Promise<Message> {
    return untilEnd(
      {
        what: `Message ${trackingId}`,
        ask: (seconds, request) => this.get(trackingId, { ...request, wait: seconds }),
        state: ({ status }) => status,
        ends: ENDS,
      },
      this.ambient,
      options,
    );
  }

  #ask<T>(spec: Spec, options?: RequestOptions): APIPromise<T> {
    return new APIPromise(this.send<T>(spec, options));
  }
}
