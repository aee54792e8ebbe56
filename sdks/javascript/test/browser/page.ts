/** The page: it runs the suites of all clients against the deployment that it is told, which is another origin. */

import type { Answer, Offer, Received } from '../places/place';
import { everyClient } from '../suites/every-client';
import { run } from './runner';

/** What `run.mjs` lends to the page. */
declare global {
  function offered(): Promise<Offer>;
  function opened(answers: Answer[]): Promise<string>;
  function arrived(url: string, count: number): Promise<Received[]>;
  function told(name: string, failure?: string): Promise<void>;
  function over(): Promise<void>;
}

const offer = await offered();
everyClient({
  offer,
  options: { baseUrl: offer.base_url },
  fetch: (input, init) => fetch(input, init),
  now: () => Date.now(),
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  receiver: async (...answers) => {
    const url = await opened(answers);
    return { url, arrived: (count) => arrived(url, count) };
  },
  close: async () => undefined,
});
await run(told);
await over();
