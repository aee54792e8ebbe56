/** Asimov: any operation of the deployment's own, at once or in the background. */

import { env } from '#platform';
import { ConflictError } from './errors';
import {
  headerValue,
  segment,
  type ClientOptions,
  type CreateOptions,
  type RequestOptions,
  type WaitOptions,
} from './options';
import { APIPromise } from './promise';
import { Client, fixed, type Spec } from './transport';
import { untilEnd } from './waiting';

export interface AsimovClientOptions extends ClientOptions {
  /** A key of a team; else the environment variable ASYNCQUEUE_API_KEY. The local stack needs none. */
  apiKey?: string | undefined;
}

export type OperationState = 'PENDING' | 'RUNNING' | 'COMPLETED' | 'FAILURE';

export interface ResourceMetadata {
  _state: OperationState;
  _type: string;
  _creationTime: string;
  _lastModified?: string;
}

/** A resource in its envelope. Until there is a result, `data` is the input. */
export interface Resource<D = Record<string, unknown>> {
  id: string;
  apiVersion: string;
  kind: string;
  metadata: ResourceMetadata;
  data: D;
}

export interface OperationError {
  code: string;
  message: string;
}

/** A task, with the members of its data beside its own. */
export type SimpleOperationTask<D = Record<string, unknown>> = D & {
  id: string;
  _state: OperationState;
  _creationTime: string;
  _lastModified?: string;
  error?: OperationError;
};

/** A task around its resource. */
export interface OperationTask<D = Record<string, unknown>> extends Resource<Resource<D>> {
  error?: OperationError;
}

export interface GetOperationTaskOptions extends RequestOptions {
  /** Seconds that the answer is held back until the state changes, 25 at most. */
  wait?: number | undefined;
}

/** Milliseconds that an operation may take within its call. */
const LONGEST_CALL_MS = 25_000;

const ENDS: ReadonlySet<string> = new Set(['COMPLETED', 'FAILURE']);

/** A client of Asimov. */
export class AsimovClient extends Client {
  /** With a key, and options; or with options alone. */
  constructor(apiKey?: string | AsimovClientOptions, options: AsimovClientOptions = {}) {
    const given = typeof apiKey === 'object' ? apiKey : { ...options, apiKey: apiKey ?? options.apiKey };
    const key = given.apiKey ?? env('ASYNCQUEUE_API_KEY');
    super(given, fixed(key === undefined ? {} : { authorization: `Bearer ${headerValue('apiKey', key)}` }));
  }

  /** Carry out an operation, `hello` for instance, and return its result. */
  call<D = Record<string, unknown>>(kind: string, input: object, options?: RequestOptions): APIPromise<Resource<D>> {
    const path = `/api/${segment('kind', kind)}`;
    // Nothing is kept of it, so that it may be carried out twice.
    return this.#ask({ method: 'POST', path, body: input, again: 'harmless', patience: LONGEST_CALL_MS }, options);
  }

  /** Start an operation in the background. Accepted means kept: it runs to an end. */
  start<D = Record<string, unknown>>(kind: string, input: object, options?: CreateOptions): APIPromise<Resource<D>> {
    const path = `/api/${segment('kind', kind)}`;
    const headers = { prefer: 'respond-async' };
    return this.#ask({ method: 'POST', path, body: input, headers, again: 'keyed' }, options);
  }

  /** How an operation in the background stands. */
  get<D = Record<string, unknown>>(
    id: string,
    options: GetOperationTaskOptions = {},
  ): APIPromise<SimpleOperationTask<D>> {
    return this.#task(id, {}, options);
  }

  /** The same, as a task around its resource. */
  getFull<D = Record<string, unknown>>(
    id: string,
    options: GetOperationTaskOptions = {},
  ): APIPromise<OperationTask<D>> {
    return this.#task(id, { 'x-message-struct': 'fully' }, options);
  }

  /** Withdraw an operation that still waits: it is not carried out any more. */
  cancel<D = Record<string, unknown>>(id: string, options?: RequestOptions): APIPromise<SimpleOperationTask<D>> {
    const answer = this.send<SimpleOperationTask<D>>({ method: 'DELETE', path: taskPath(id) }, options);
    return new APIPromise(
      answer.catch(async (error: unknown) => {
        // The first try may have done it, and only its answer got lost.
        const found =
          error instanceof ConflictError && error.uncertain ? await this.get<D>(id, options).withResponse() : null;
        if (found?.data.error?.code !== 'CANCELLED') throw error;
        return found;
      }),
    );
  }

  /** Wait until an operation has ended, however it did. Throws WaitTimeoutError after `maxWait`. */
  wait<D = Record<string, unknown>>(id: string, options?: WaitOptions): Promise<SimpleOperationTask<D>> {
    return untilEnd<SimpleOperationTask<D>>(
      {
        what: `Task ${id}`,
        ask: (seconds, request) => this.get<D>(id, { ...request, wait: seconds }),
        state: ({ _state }) => _state,
        ends: ENDS,
      },
      this.ambient,
      options,
    );
  }

  #task<T>(id: string, headers: Record<string, string>, options: GetOperationTaskOptions): APIPromise<T> {
    const { wait, ...request } = options;
    return this.#ask(
      { method: 'GET', path: taskPath(id), headers, query: { wait }, patience: (wait ?? 0) * 1000 },
      request,
    );
  }

  #ask<T>(spec: Spec, options?: RequestOptions): APIPromise<T> {
    return new APIPromise(this.send<T>(spec, options));
  }
}

function taskPath(id: string): string {
  return `/api/tasks/${segment('id', id)}`;
}
