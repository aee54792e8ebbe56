/** Waiting for an end by requests that the API holds back until there is news. */

import type { Ambient } from './ambient';
import { WaitTimeoutError } from './errors';
import { atLeastZero, type RequestOptions, type WaitOptions } from './options';
import { later } from './time';

/** Seconds that one request asks to be held back; the APIs allow 25. */
export const HELD_S = 20;

/** An answer within so many milliseconds that brings no news was not held back: the next request waits in its place. */
const QUICK_MS = 500;
const PAUSE_MS = 1_000;
/** Milliseconds after the limit in which the last answer may still come. */
const GRACE_MS = 500;

export interface Awaited<T> {
  /** What is waited for, in words. */
  what: string;
  /** Ask once; the answer may be held back for so many seconds. */
  ask(seconds: number, options: RequestOptions): PromiseLike<T>;
  /** How it stands. */
  state(answer: T): string;
  /** The states after which nothing changes any more. */
  ends: ReadonlySet<string>;
}

/** The first answer that shows an end. Throws WaitTimeoutError when it does not come within `maxWait`. */
export async function untilEnd<T>(awaited: Awaited<T>, ambient: Ambient, options: WaitOptions = {}): Promise<T> {
  const { maxWait = Infinity, signal, ...request } = options;
  const deadline = ambient.now() + atLeastZero('maxWait', maxWait);
  const late = new AbortController();
  const inTime = later(maxWait + GRACE_MS, () => late.abort());
  const stop = () => late.abort();
  signal?.addEventListener('abort', stop, { once: true });
  let last: T | undefined;
  try {
    signal?.throwIfAborted();
    for (;;) {
      const asked = ambient.now();
      const seconds = Math.min(HELD_S, Math.max(0, deadline - asked) / 1000);
      const answer = await awaited.ask(seconds, { ...request, signal: late.signal });
      const news = last === undefined || awaited.state(last) !== awaited.state(answer);
      last = answer;
      if (awaited.ends.has(awaited.state(answer))) return answer;
      if (ambient.now() >= deadline) break;
      if (!news && ambient.now() - asked < QUICK_MS) await ambient.sleep(PAUSE_MS, late.signal);
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (!late.signal.aborted) throw error;
  } finally {
    inTime();
    signal?.removeEventListener('abort', stop);
  }
  throw new WaitTimeoutError(`${awaited.what} did not end within ${maxWait} ms`, last);
}
