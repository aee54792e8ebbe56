/** Which failures are worth another try, and how long to wait before it. */

/** When a request may be sent again. */
export enum Repeat {
  /** Always: once or twice is the same, by its method or by its idempotency key. */
  Safe,
  /** Only after an answer, or a failure, that says that nothing was done. */
  Undone,
}

/** Longer than this is not waited for, in seconds: the error is thrown at once. */
export const LONGEST_RETRY_AFTER = 120;

const FIRST_MS = 500;
const MOST_MS = 8_000;

const PASSING = new Set([408, 429, 500, 502, 503, 504]);
/** Failures before a byte of the request was sent, as Node.js names them. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether an answer with this status may be followed by another try. */
export function passing(status: number, repeat: Repeat): boolean {
  return PASSING.has(status) && (repeat === Repeat.Safe || !unclear(status));
}

/** Whether an answer with this status leaves open if anything was done. */
export function unclear(status: number): boolean {
  return status >= 500 || status === 408;
}

/** Whether a request that failed with this error never left. */
export function unsent(error: unknown): boolean {
  const code = failureCode(error);
  return code !== undefined && UNSENT.has(code);
}

/** The system's name for a failed connection, where the runtime tells. */
export function failureCode(error: unknown): string | undefined {
  const code = ((error as { cause?: unknown } | null)?.cause as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** What `Retry-After` asks for, in seconds from `now`; it is a number or an HTTP date (RFC 9110, section 10.2.3). */
export function retryAfterSeconds(headers: Headers, now: number): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}

/**
 * Milliseconds to wait before the try after `attempt` (0 is the first): full jitter, `drawn` from 0 up to 1, under a
 * doubling limit, on top of what the answer asked for, so that clients that were turned away together do not come back
 * together.
 */
export function pauseMs(attempt: number, retryAfter: number | undefined, drawn: number): number {
  const jitter = drawn * Math.min(MOST_MS, FIRST_MS * 2 ** attempt);
  return (retryAfter ?? 0) * 1000 + jitter;
}
