/** AstraFlow: tasks, users and webhooks of an application team. */

import { env } from '#platform';
import { ambient } from './ambient';
import { ConfigurationError } from './errors';
import { segment, type ClientOptions, type CreateOptions, type RequestOptions } from './options';
import { NumberedPage, nextParameter, Page } from './page';
import { APIPromise, PagePromise, type WithResponse } from './promise';
import { bearer, ClientCredentials, type TokenAnswer, type TokenSource } from './tokens';
import { Client, type Credential, type Spec } from './transport';

export interface AstraClientOptions extends ClientOptions {
  /** A bearer token; else the environment variable ASTRAFLOW_TOKEN. */
  token?: TokenSource | undefined;
  /** With `clientSecret`, in place of a token: tokens are fetched, and renewed in time. Else ASTRAFLOW_CLIENT_ID. */
  clientId?: string | undefined;
  /** Else ASTRAFLOW_CLIENT_SECRET. */
  clientSecret?: string | undefined;
  /** What the fetched tokens are to open, such as `tasks:read tasks:write`; all that the client may unless said. */
  scope?: string | undefined;
}

export type AstraTaskStatus = 'pending' | 'active' | 'completed';
export type AstraTaskPriority = 'low' | 'medium' | 'high';

/** A task as lists show it. */
export interface AstraTaskSummary {
  id: string;
  name: string;
  status: AstraTaskStatus;
}

/** A task by itself. */
export interface AstraTask extends AstraTaskSummary {
  description: string;
  due_date?: string;
  priority?: AstraTaskPriority;
  created_at: string;
  updated_at: string;
}

/** A task as the answer to its creation shows it. */
export interface CreatedAstraTask extends AstraTaskSummary {
  due_date?: string;
  priority?: AstraTaskPriority;
}

export interface NewAstraTask {
  name: string;
  description?: string | undefined;
  /** ISO 8601. The event `task.due` tells of it when the task is not completed by then. */
  due_date?: string | Date | undefined;
  priority?: AstraTaskPriority | undefined;
}

/** What is to change; what is left out stays. */
export interface AstraTaskChanges {
  name?: string | undefined;
  description?: string | undefined;
  status?: AstraTaskStatus | undefined;
  due_date?: string | Date | null | undefined;
  priority?: AstraTaskPriority | null | undefined;
}

/** What the answer to a change shows. */
export interface UpdatedAstraTask {
  id: string;
  status: AstraTaskStatus;
  updated_at: string;
}

export interface PageQuery {
  /** From 1 on. */
  page?: number | undefined;
  /** Items on one page: 20 unless said otherwise, 100 at most. */
  per_page?: number | undefined;
}

export interface AstraTaskQuery extends PageQuery {
  status?: AstraTaskStatus | undefined;
}

export type UserRole = 'admin' | 'member' | 'viewer';

export interface User {
  id: string;
  email: string;
  created_at: string;
}

export interface UserQuery extends PageQuery {
  role?: UserRole | undefined;
  active?: boolean | undefined;
}

export interface NewUser {
  email: string;
  password: string;
  role?: UserRole | undefined;
}

export type WebhookEventName = 'task.created' | 'task.updated' | 'task.due';

export interface NewWebhook {
  url: string;
  event: WebhookEventName;
}

export interface Webhook {
  id: string;
  url: string;
  event: WebhookEventName;
  created_at: string;
  enabled: boolean;
  disabled_at?: string;
  disabled_reason?: string;
}

/** A webhook as the answer that made it shows it: the only time its secret is shown. */
export interface CreatedWebhook {
  id: string;
  url: string;
  event: WebhookEventName;
  created_at: string;
  /** For `verifyWebhook`. */
  secret: string;
}

export interface RotatedWebhook {
  id: string;
  /** The new secret, shown this once. */
  secret: string;
  /** Until when everything is signed with the old secret too. */
  previous: { expires_at: string } | null;
}

/** What a webhook is sent. */
export interface WebhookEvent {
  event: WebhookEventName | 'ping';
  created_at: string;
  data: AstraTask;
}

/** One thing that a webhook was told of, or is about to be. */
export interface Delivery {
  id: string;
  /** The `webhook-id` of its requests, the same for all that tell of the same event. */
  message_id: string;
  event: string;
  status: 'pending' | 'delivered' | 'failed';
  created_at: string;
  completed_at?: string;
  next_attempt_at: string | null;
  attempts: DeliveryAttempt[];
  /** What is sent; the signature is another one for each attempt. */
  request: { url: string; headers: Record<string, string>; body: string };
  response: { status_code: number; headers: Record<string, string>; body: string; duration_ms: number } | null;
  error: string | null;
}

export interface DeliveryAttempt {
  started_at: string;
  finished_at: string | null;
  outcome: string;
  status_code: number | null;
  error: string | null;
}

export interface DeliveryQuery {
  /** Deliveries on one page: 20 unless said otherwise, 50 at most. */
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** What was done, in words. */
export interface Confirmation {
  message: string;
}

/** A page of tasks: an array with the members that the API's answer has. */
export class AstraTaskPage extends NumberedPage<AstraTaskSummary> {
  get tasks(): AstraTaskSummary[] {
    return [...this];
  }
}

/** A page of users: an array with the members that the API's answer has. */
export class UserPage extends NumberedPage<User> {
  get users(): User[] {
    return [...this];
  }
}

/** A client of AstraFlow. */
export class AstraClient extends Client {
  /** With a token, and options; or with options that hold one, or client credentials. */
  constructor(token?: TokenSource | AstraClientOptions, options: AstraClientOptions = {}) {
    const given = typeof token === 'object' ? token : { ...options, ...(token === undefined ? {} : { token }) };
    super(
      given,
      credential(given, async (spec) => (await this.send<TokenAnswer>(spec)).data),
    );
  }

  /** The tasks of the tenant. */
  getTasks(query: AstraTaskQuery = {}, options?: RequestOptions): PagePromise<AstraTaskPage, AstraTaskSummary> {
    const next = (page: number) => this.getTasks({ ...query, page }, options);
    return new PagePromise(
      this.send<{ tasks: AstraTaskSummary[]; page: number; total: number }>(
        { method: 'GET', path: '/api/v1/tasks', query: { ...query } },
        options,
      ).then((answer) => {
        const { tasks, page, total } = answer.data;
        return { ...answer, data: new AstraTaskPage(tasks, page, total, following(answer, next)) };
      }),
    );
  }

  /** One task. */
  getTask(id: string, options?: RequestOptions): APIPromise<AstraTask> {
    return this.#ask({ method: 'GET', path: taskPath(id) }, options);
  }

  /** A new task. */
  createTask(task: NewAstraTask, options?: CreateOptions): APIPromise<CreatedAstraTask> {
    return this.#ask({ method: 'POST', path: '/api/v1/tasks', body: task, again: 'keyed' }, options);
  }

  /** Change a task. */
  updateTask(id: string, changes: AstraTaskChanges, options?: RequestOptions): APIPromise<UpdatedAstraTask> {
    return this.#ask({ method: 'PUT', path: taskPath(id), body: changes }, options);
  }

  /** Delete a task for good. */
  deleteTask(id: string, options?: RequestOptions): APIPromise<Confirmation> {
    return this.#ask({ method: 'DELETE', path: taskPath(id) }, options);
  }

  /** The users of the tenant. For admins. */
  getUsers(query: UserQuery = {}, options?: RequestOptions): PagePromise<UserPage, User> {
    const next = (page: number) => this.getUsers({ ...query, page }, options);
    return new PagePromise(
      this.send<{ users: User[]; page: number; total: number }>(
        { method: 'GET', path: '/api/v1/users', query: { ...query } },
        options,
      ).then((answer) => {
        const { users, page, total } = answer.data;
        return { ...answer, data: new UserPage(users, page, total, following(answer, next)) };
      }),
    );
  }

  /** A new user. For admins. */
  createUser(user: NewUser, options?: CreateOptions): APIPromise<User> {
    return this.#ask({ method: 'POST', path: '/api/v1/users', body: user, again: 'keyed' }, options);
  }

  /** Register a webhook; keep its secret for `verifyWebhook`. */
  createWebhook(webhook: NewWebhook, options?: CreateOptions): APIPromise<CreatedWebhook> {
    return this.#ask({ method: 'POST', path: '/api/v1/webhooks', body: webhook, again: 'keyed' }, options);
  }

  /** All webhooks. */
  getWebhooks(options?: RequestOptions): APIPromise<Webhook[]> {
    return new APIPromise(
      this.send<{ webhooks: Webhook[] }>({ method: 'GET', path: '/api/v1/webhooks' }, options).then((answer) => ({
        ...answer,
        data: answer.data.webhooks,
      })),
    );
  }

  /** One webhook. */
  getWebhook(id: string, options?: RequestOptions): APIPromise<Webhook> {
    return this.#ask({ method: 'GET', path: webhookPath(id) }, options);
  }

  /** Tell this webhook nothing more. */
  deleteWebhook(id: string, options?: RequestOptions): APIPromise<Confirmation> {
    return this.#ask({ method: 'DELETE', path: webhookPath(id) }, options);
  }

  /** Send a webhook something to answer. */
  pingWebhook(id: string, options?: CreateOptions): APIPromise<Delivery> {
    return this.#ask({ method: 'POST', path: `${webhookPath(id)}/ping`, again: 'keyed' }, options);
  }

  /** A new secret. Everything is signed with the old one too for `overlap_seconds`, a day unless said otherwise. */
  rotateWebhookSecret(
    id: string,
    rotation: { overlap_seconds?: number | undefined } = {},
    options?: CreateOptions,
  ): APIPromise<RotatedWebhook> {
    return this.#ask({ method: 'POST', path: `${webhookPath(id)}/rotate`, body: rotation, again: 'keyed' }, options);
  }

  /** Tell a webhook again that was disabled after too many failures. */
  enableWebhook(id: string, options?: RequestOptions): APIPromise<Webhook> {
    return this.#ask({ method: 'POST', path: `${webhookPath(id)}/enable`, again: 'harmless' }, options);
  }

  /** What a webhook was told, newest first. */
  getDeliveries(
    id: string,
    query: DeliveryQuery = {},
    options?: RequestOptions,
  ): PagePromise<Page<Delivery>, Delivery> {
    return new PagePromise(
      this.send<{ deliveries: Delivery[] }>(
        { method: 'GET', path: `${webhookPath(id)}/deliveries`, query: { ...query } },
        options,
      ).then((answer) => {
        const cursor = nextParameter(answer.response.headers, 'cursor');
        const next = cursor === undefined ? null : () => this.getDeliveries(id, { ...query, cursor }, options);
        return { ...answer, data: new Page(answer.data.deliveries, next) };
      }),
    );
  }

  /** One delivery, with what is sent. */
  getDelivery(id: string, delivery: string, options?: RequestOptions): APIPromise<Delivery> {
    return this.#ask({ method: 'GET', path: deliveryPath(id, delivery) }, options);
  }

  /** Send once more what was sent before. */
  replayDelivery(id: string, delivery: string, options?: CreateOptions): APIPromise<Delivery> {
    return this.#ask({ method: 'POST', path: `${deliveryPath(id, delivery)}/replay`, again: 'keyed' }, options);
  }

  #ask<T>(spec: Spec, options?: RequestOptions): APIPromise<T> {
    return new APIPromise(this.send<T>(spec, options));
  }
}

function credential(options: AstraClientOptions, fetch: (spec: Spec) => Promise<TokenAnswer>): Credential {
  const { token, clientId, clientSecret, scope } = options;
  if (token !== undefined) return bearer(token);
  if (clientId !== undefined || clientSecret !== undefined) return bought(clientId, clientSecret);
  const known = env('ASTRAFLOW_TOKEN');
  if (known !== undefined) return bearer(known);
  const [id, secret] = [env('ASTRAFLOW_CLIENT_ID'), env('ASTRAFLOW_CLIENT_SECRET')];
  if (id !== undefined || secret !== undefined) return bought(id, secret);
  throw new ConfigurationError(
    'A token is needed: new AstraClient(token), { clientId, clientSecret }, or set ASTRAFLOW_TOKEN',
  );

  function bought(id: string | undefined, secret: string | undefined): Credential {
    return new ClientCredentials(id ?? '', secret ?? '', scope, fetch, options.ambient ?? ambient);
  }
}

/** The way to the page after this one, where the header `Link` names one. */
function following<P>(answer: WithResponse<{ page: number }>, next: (page: number) => P): (() => P) | null {
  return nextParameter(answer.response.headers, 'page') === undefined ? null : () => next(answer.data.page + 1);
}

function taskPath(id: string): string {
  return `/api/v1/tasks/${segment('id', id)}`;
}

function webhookPath(id: string): string {
  return `/api/v1/webhooks/${segment('id', id)}`;
}

function deliveryPath(id: string, delivery: string): string {
  return `${webhookPath(id)}/deliveries/${segment('delivery', delivery)}`;
}
