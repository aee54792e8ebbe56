/** AsyncQueue: HTTP callbacks with delays, retries, budgets and completion webhooks. */

import { env } from '#platform';
import { ConfigurationError, ConflictError, WaitTimeoutError } from './errors';
import {
  atLeastZero,
  headerValue,
  needed,
  segment,
  type ClientOptions,
  type CreateOptions,
  type RequestOptions,
  type WaitOptions,
} from './options';
import { nextParameter } from './page';
import { APIPromise, PagePromise } from './promise';
import { Client, fixed, type Spec } from './transport';
import { untilEnd } from './waiting';

export interface AsyncQueueClientOptions extends ClientOptions {
  /** A key of the team; else the environment variable ASYNCQUEUE_API_KEY. */
  apiKey?: string | undefined;
}

export type TaskStatus = 'pending' | 'delayed' | 'processing' | 'completed' | 'failed' | 'timeout' | 'cancelled';
export type CallbackMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';
export type RetryBackoff = 'linear' | 'exponential';

export interface NewTask {
  /** The HTTP or HTTPS URL to call. */
  callbackUrl: string;
  /** POST unless said otherwise. */
  method?: CallbackMethod | undefined;
  headers?: Record<string, string> | undefined;
  /** The body of the callback: text, for instance of `JSON.stringify`. Not sent with GET. */
  body?: string | undefined;
  /** Seconds that all attempts together may wait for answers; 30 unless said otherwise. */
  maxWaitTime?: number | undefined;
  /** Seconds that one attempt may wait; 30 unless said otherwise. */
  timeout?: number | undefined;
  /** The task does not run before this time (ISO 8601). */
  delayUntil?: string | Date | undefined;
  /** Attempts after the first, 0 to 10; 3 unless said otherwise. */
  maxRetries?: number | undefined;
  /** `exponential` unless said otherwise: 1, 2, 4, 8 ... seconds. */
  retryBackoff?: RetryBackoff | undefined;
  /** Where a webhook goes when the task has ended. */
  onCompleteUrl?: string | undefined;
}

export interface Task {
  id: string;
  teamId: string;
  status: TaskStatus;
  callbackUrl: string;
  method: CallbackMethod;
  maxWaitTime: number;
  timeout: number;
  maxRetries: number;
  retryCount: number;
  retryBackoff: RetryBackoff;
  delayUntil?: string;
  /** The answer to the last attempt, where there was one. */
  result?: TaskResult;
  /** Why it failed. */
  error?: string;
  createdAt: string;
  startedAt?: string;
  completedAt?: string;
  /** Shown by the answer to the creation, and on request: values that look like secrets are masked then. */
  headers?: Record<string, string>;
  body?: string;
  onCompleteUrl?: string;
}

export interface TaskResult {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
  /** Milliseconds. */
  duration: number;
}

export interface TaskQuery {
  status?: TaskStatus | undefined;
  /** Tasks on one page: 50 unless said otherwise, 100 at most. */
  limit?: number | undefined;
  offset?: number | undefined;
  /** By creation; `desc` unless said otherwise. */
  sortOrder?: 'asc' | 'desc' | undefined;
  createdAfter?: string | Date | undefined;
  createdBefore?: string | Date | undefined;
  cursor?: string | undefined;
}

export interface Pagination {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
}

export interface GetTaskOptions extends RequestOptions {
  /** Seconds that the answer is held back until the status changes, 25 at most. */
  wait?: number | undefined;
  /** `request` shows headers, body and onCompleteUrl too. */
  include?: 'request' | undefined;
}

export interface PollOptions extends RequestOptions {
  /** How often to look; 60 times unless said otherwise. */
  maxAttempts?: number | undefined;
  /** Milliseconds between two looks; 1000 unless said otherwise. */
  interval?: number | undefined;
}

/** What the webhook to `onCompleteUrl` holds. */
export interface CompletionEvent {
  event: 'task.completed' | 'task.failed' | 'task.timeout';
  task: {
    id: string;
    status: TaskStatus;
    result: TaskResult | null;
    error: string | null;
    retryCount: number;
    createdAt: string;
    completedAt: string | null;
  };
}

export interface Attempt {
  number: number;
  scheduledAt: string;
  startedAt: string;
  finishedAt: string | null;
  outcome: string;
  statusCode: number | null;
  error: string | null;
  nextAttemptAt: string | null;
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  createdAt: string;
  /** A request with the key, noted once an hour. */
  lastUsedAt?: string;
  expiresAt?: string;
}

/** A key as the answer that made it shows it: the only time it is shown in full. */
export interface CreatedApiKey {
  id: string;
  key: string;
  name: string;
  createdAt: string;
}

export interface RotatedApiKey extends CreatedApiKey {
  previous: { id: string; expiresAt: string };
}

export interface Member {
  id: string;
  email: string;
  createdAt: string;
}

export interface SigningSecret {
  /** For `verifyWebhook`. */
  secret: string;
  createdAt: string;
  previous: { expiresAt: string } | null;
}

export interface Rotation {
  /** How long the old one goes on beside the new one; a day unless said otherwise. */
  overlapSeconds?: number | undefined;
}

const ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'timeout', 'cancelled']);

/** A page of tasks. `for await` goes through the tasks of this page and of all that follow. */
export class TaskPage implements AsyncIterable<Task> {
  readonly tasks: Task[];
  readonly pagination: Pagination;
  readonly #next: (() => PromiseLike<TaskPage>) | null;

  /** @internal */
  constructor(tasks: Task[], pagination: Pagination, next: (() => PromiseLike<TaskPage>) | null) {
    this.tasks = tasks;
    this.pagination = pagination;
    this.#next = next;
  }

  /** Whether there is a page after this one. */
  get hasNextPage(): boolean {
    return this.#next !== null;
  }

  /** The page after this one; null when this is the last. */
  async nextPage(): Promise<TaskPage | null> {
    return this.#next === null ? null : this.#next();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Task, void, undefined> {
    for (let page: TaskPage | null = this; page !== null; page = await page.nextPage()) yield* page.tasks;
  }
}

/** A client of AsyncQueue. */
export class AsyncQueueClient extends Client {
  /** With a key of the team, and options; or with options that hold it. */
  constructor(apiKey?: string | AsyncQueueClientOptions, options: AsyncQueueClientOptions = {}) {
    const given = typeof apiKey === 'object' ? apiKey : { ...options, apiKey: apiKey ?? options.apiKey };
    const how = 'An API key is needed: new AsyncQueueClient(apiKey), or set ASYNCQUEUE_API_KEY';
    const key = needed(given.apiKey ?? env('ASYNCQUEUE_API_KEY'), how);
    super(given, fixed({ authorization: `Bearer ${headerValue('apiKey', key)}` }));
  }

  /** A new task. Accepted means kept: from then on it runs to an end. */
  createTask(task: NewTask, options?: CreateOptions): APIPromise<{ task: Task }> {
    return this.#ask({ method: 'POST', path: '/v1/tasks', body: task, again: 'keyed' }, options);
  }

  /** How a task stands. */
  getTask(id: string, options: GetTaskOptions = {}): APIPromise<{ task: Task }> {
    const { wait, include, ...request } = options;
    return this.#ask(
      { method: 'GET', path: taskPath(id), query: { wait, include }, patience: (wait ?? 0) * 1000 },
      request,
    );
  }

  /** The team's tasks. */
  listTasks(query: TaskQuery = {}, options?: RequestOptions): PagePromise<TaskPage, Task> {
    return new PagePromise(
      this.send<{ tasks: Task[]; pagination: Pagination }>(
        { method: 'GET', path: '/v1/tasks', query: { ...query } },
        options,
      ).then((answer) => {
        const { tasks, pagination } = answer.data;
        const cursor = nextParameter(answer.response.headers, 'cursor');
        const next =
          cursor === undefined ? null : () => this.listTasks({ ...query, offset: undefined, cursor }, options);
        return { ...answer, data: new TaskPage(tasks, pagination, next) };
      }),
    );
  }

  /** Cancel a task that is pending or delayed: no call starts after the answer. */
  cancelTask(id: string, options?: RequestOptions): APIPromise<{ task: Task }> {
    const answer = this.send<{ task: Task }>(
      { method: 'POST', path: `${taskPath(id)}/cancel`, again: 'harmless' },
      options,
    );
    return new APIPromise(
      answer.catch(async (error: unknown) => {
        // The first try may have done it, and only its answer got lost.
        const found =
          error instanceof ConflictError && error.uncertain ? await this.getTask(id, options).withResponse() : null;
        if (found?.data.task.status !== 'cancelled') throw error;
        return found;
      }),
    );
  }

  /** What was attempted so far. */
  attempts(id: string, options?: RequestOptions): APIPromise<{ attempts: Attempt[] }> {
    return this.#ask({ method: 'GET', path: `${taskPath(id)}/attempts` }, options);
  }

  /** Wait until a task has ended, however it did. Throws WaitTimeoutError after `maxWait`. */
  wait(id: string, options?: WaitOptions): Promise<{ task: Task }> {
    return untilEnd(
      {
        what: `Task ${id}`,
        ask: (seconds, request) => this.getTask(id, { ...request, wait: seconds }),
        state: ({ task }) => task.status,
        ends: ENDS,
      },
      this.ambient,
      options,
    );
  }

  /** Look at a task again and again until it has ended. Throws WaitTimeoutError. `wait` hears of it sooner. */
  async pollUntilComplete(id: string, options: PollOptions = {}): Promise<{ task: Task }> {
    const { maxAttempts = 60, interval = 1_000, ...request } = options;
    if (!(maxAttempts >= 1)) throw new ConfigurationError('maxAttempts must be a number of 1 or more');
    atLeastZero('interval', interval);
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.getTask(id, request);
      if (ENDS.has(found.task.status)) return found;
      if (attempt >= maxAttempts) {
        throw new WaitTimeoutError(`Task ${id} did not end within ${maxAttempts} looks`, found);
      }
      await this.ambient.sleep(interval, request.signal);
    }
  }

  /** The team's API keys, never in full. */
  listKeys(options?: RequestOptions): APIPromise<{ keys: ApiKey[] }> {
    return this.#ask({ method: 'GET', path: '/v1/keys' }, options);
  }

  /** A new API key. */
  createKey(key: { name: string }, options?: CreateOptions): APIPromise<CreatedApiKey> {
    return this.#ask({ method: 'POST', path: '/v1/keys', body: key, again: 'keyed' }, options);
  }

  /** Revoke an API key: the next request with it fails. */
  revokeKey(id: string, options?: RequestOptions): APIPromise<{ id: string; revoked: boolean }> {
    return this.#ask({ method: 'DELETE', path: `/v1/keys/${segment('id', id)}` }, options);
  }

  /** A new key in place of another, which goes on for a while. */
  rotateKey(id: string, rotation: Rotation = {}, options?: CreateOptions): APIPromise<RotatedApiKey> {
    return this.#ask(
      { method: 'POST', path: `/v1/keys/${segment('id', id)}/rotate`, body: rotation, again: 'keyed' },
      options,
    );
  }

  /** The team's members. */
  listMembers(options?: RequestOptions): APIPromise<{ members: Member[] }> {
    return this.#ask({ method: 'GET', path: '/v1/members' }, options);
  }

  /** A new member of the team. */
  addMember(member: { email: string }, options?: CreateOptions): APIPromise<Member> {
    return this.#ask({ method: 'POST', path: '/v1/members', body: member, again: 'keyed' }, options);
  }

  /** Remove a member from the team. */
  removeMember(id: string, options?: RequestOptions): APIPromise<{ id: string; removed: boolean }> {
    return this.#ask({ method: 'DELETE', path: `/v1/members/${segment('id', id)}` }, options);
  }

  /** The secret that callbacks and completion webhooks are signed with. */
  signingSecret(options?: RequestOptions): APIPromise<SigningSecret> {
    return this.#ask({ method: 'GET', path: '/v1/signing-secret' }, options);
  }

  /** A new signing secret; everything is signed with the old one too for a while. */
  rotateSigningSecret(rotation: Rotation = {}, options?: CreateOptions): APIPromise<SigningSecret> {
    return this.#ask({ method: 'POST', path: '/v1/signing-secret/rotate', body: rotation, again: 'keyed' }, options);
  }

  #ask<T>(spec: Spec, options?: RequestOptions): APIPromise<T> {
    return new APIPromise(this.send<T>(spec, options));
  }
}

function taskPath(id: string): string {
  return `/v1/tasks/${segment('id', id)}`;
}
