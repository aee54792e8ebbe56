/** Time and chance, as a client meets them. */

import { sleep } from './time';

/** A clock in milliseconds, how to sleep, and numbers from 0 up to 1. Tests may put in their own: pauses cost nothing. */
export interface Ambient {
  now(): number;
  /** Rejects with the signal's reason when it is aborted before. */
  sleep(ms: number, signal?: AbortSignal | null): Promise<void>;
  random(): number;
}

/** Those of the machine. */
export const ambient: Ambient = { now: () => Date.now(), sleep, random: () => Math.random() };
