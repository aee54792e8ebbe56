/** Waiting that can be called off. */

/** The longest that a timer can be set to; what is longer is no limit. */
const LONGEST_MS = 2 ** 31 - 1;

/** Do something after so many milliseconds. Call what is returned to leave it. */
export function later(ms: number, act: () => void): () => void {
  if (ms > LONGEST_MS) return () => undefined;
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}

/** Resolve after so many milliseconds; reject with the signal's reason when it is aborted before. */
export function sleep(ms: number, signal?: AbortSignal | null): Promise<void> {
  return unlessAborted((settle) => later(ms, () => settle()), signal);
}

/** The promise's outcome; the signal's reason when it is aborted before. The promise itself goes on. */
export function raced<T>(promise: Promise<T>, signal?: AbortSignal | null): Promise<T> {
  if (!signal) return promise;
  // Its failure is nobody's any more once the signal was first.
  promise.catch(() => undefined);
  return unlessAborted((settle, fail) => {
    promise.then(settle, fail);
    return () => undefined;
  }, signal);
}

function unlessAborted<T>(
  begin: (settle: (value: T) => void, fail: (reason: unknown) => void) => () => void,
  signal?: AbortSignal | null,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const aborted = () => {
      end();
      reject(signal?.reason);
    };
    const finished = () => signal?.removeEventListener('abort', aborted);
    const end = begin(
      (value) => {
        finished();
        resolve(value);
      },
      (reason) => {
        finished();
        reject(reason);
      },
    );
    signal?.addEventListener('abort', aborted, { once: true });
  });
}
