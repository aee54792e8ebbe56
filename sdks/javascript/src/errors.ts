/** Everything that this package throws, and how an answer becomes one of them. */

import { retryAfterSeconds } from './retry';

/** The parent of all errors of this package. */
export class AstraError extends Error {
  override name = 'AstraError';
}

/** A client was made, or called, with something that cannot work; the message names it and what is allowed. */
export class ConfigurationError extends AstraError {
  override name = 'ConfigurationError';
}

/** No answer came: no connection, or one that broke. */
export class APIConnectionError extends AstraError {
  override name = 'APIConnectionError';
  /** False when the request certainly never left; otherwise it may have been carried out. */
  readonly sent: boolean;

  constructor(message: string, options: { sent: boolean; cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.sent = options.sent;
  }
}

/** No answer came in time. */
export class APITimeoutError extends APIConnectionError {
  override name = 'APITimeoutError';
}

/** What was waited for did not end in time. `last` is how it stood. */
export class WaitTimeoutError<T = unknown> extends AstraError {
  override name = 'WaitTimeoutError';

  constructor(
    message: string,
    readonly last: T,
  ) {
    super(message);
  }
}

/** A success, but not what the API documents: another server perhaps, or a proxy in between. */
export class UnexpectedAnswerError extends AstraError {
  override name = 'UnexpectedAnswerError';

  constructor(
    message: string,
    readonly status: number,
    readonly requestId: string | null,
  ) {
    super(message);
  }
}

/** A webhook that must not be believed; the message says why. */
export class WebhookVerificationError extends AstraError {
  override name = 'WebhookVerificationError';
}

/** An answer that was no success. */
export class APIStatusError extends AstraError {
  override name = 'APIStatusError';
  /** The HTTP status. */
  readonly status: number;
  /** The API's own code, where it has one: 404 (AstraFlow), "NOT_FOUND" (Asimov), "invalid_client" (OAuth). */
  readonly code: string | number | undefined;
  /** What the API said, without status and request id. */
  readonly detail: string;
  /** The id to name in questions about this request. */
  readonly requestId: string | null;
  /** The body: JSON where it was JSON, else the text. */
  readonly body: unknown;
  readonly headers: Headers;
  /** Seconds that the API asks to wait before another try. */
  readonly retryAfter: number | undefined;
  /** Whether a try before this one had no clear answer, so that it may have done what this one was refused. */
  readonly uncertain: boolean;

  constructor(response: Pick<Response, 'status' | 'statusText' | 'headers'>, body: unknown, uncertain = false) {
    const refusal = readRefusal(body);
    const { status, headers } = response;
    const detail = refusal.detail ?? (response.statusText || 'No details');
    const requestId = headers.get('x-request-id');
    super(sentence(status, detail, requestId, refusal.type));
    this.status = status;
    this.code = refusal.code;
    this.detail = detail;
    this.requestId = requestId;
    this.body = body;
    this.headers = headers;
    this.retryAfter = retryAfterSeconds(headers, Date.now());
    this.uncertain = uncertain;
  }
}

/** 400: the request is not as the API wants it. */
export class BadRequestError extends APIStatusError {
  override name = 'BadRequestError';
}

/** 401: no credential, or one that opens nothing. */
export class AuthenticationError extends APIStatusError {
  override name = 'AuthenticationError';
}

/** 403: the credential does not reach this far. */
export class PermissionDeniedError extends APIStatusError {
  override name = 'PermissionDeniedError';
}

/** 404: there is no such thing, or it is somebody else's. */
export class NotFoundError extends APIStatusError {
  override name = 'NotFoundError';
}

/** 409: the state of things does not allow it. */
export class ConflictError extends APIStatusError {
  override name = 'ConflictError';
}

/** 422: an idempotency key that was used with another body. */
export class UnprocessableError extends APIStatusError {
  override name = 'UnprocessableError';
}

/** 429: too many requests. */
export class RateLimitError extends APIStatusError {
  override name = 'RateLimitError';
  /** Requests that one window allows. */
  readonly limit = count(this.headers, 'x-ratelimit-limit');
  /** Requests left in the window. */
  readonly remaining = count(this.headers, 'x-ratelimit-remaining');
  /** When one more request is allowed, in seconds since 1970. */
  readonly reset = count(this.headers, 'x-ratelimit-reset');
}

/** 5xx: the API's own trouble. */
export class ServerError extends APIStatusError {
  override name = 'ServerError';
}

const CLASSES: Record<number, typeof APIStatusError> = {
  400: BadRequestError,
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  422: UnprocessableError,
  429: RateLimitError,
};

/** The error that an answer stands for. */
export function statusError(response: Response, body: unknown, uncertain: boolean): APIStatusError {
  const known = CLASSES[response.status] ?? (response.status >= 500 ? ServerError : APIStatusError);
  return new known(response, body, uncertain);
}

interface Refusal {
  detail?: string | undefined;
  code?: string | number | undefined;
  type?: string | undefined;
}

/** Each API words its refusals in its own way; problem documents are those of RFC 9457. */
function readRefusal(body: unknown): Refusal {
  if (typeof body !== 'object' || body === null) return {};
  const { error, error_description, message, detail, code, type } = body as Record<string, unknown>;
  const told = [error_description, message, detail, error].find((each) => typeof each === 'string' && each !== '');
  const coded = [code, error_description === undefined ? undefined : error];
  return {
    detail: told as string | undefined,
    code: coded.find((each) => typeof each === 'string' || typeof each === 'number') as Refusal['code'],
    type: typeof type === 'string' && type !== 'about:blank' ? type : undefined,
  };
}

function sentence(status: number, detail: string, requestId: string | null, type: string | undefined): string {
  const about = [requestId && `request id: ${requestId}`, type && `see ${type}`].filter(Boolean).join('; ');
  return `${status} ${detail}${about && ` (${about})`}`;
}

function count(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
