/** The real app in a process of its own, without a socket: what is slept here costs no time there either. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answer, Offer, Place, Received } from './place';

const ROOT = new URL('../../../../', import.meta.url);
const PYTHON = process.env['SLUICE_PYTHON'] ?? fileURLToPath(new URL('.venv/bin/python', ROOT));
const APP = fileURLToPath(new URL('../../scripts/in_process.py', import.meta.url));

interface Line {
  now: number;
  document: Offer;
  reply: { status: number; headers: Record<string, string>; body: string };
  call?: Received;
}

export async function inProcess(): Promise<Place> {
  const app = spawn(PYTHON, [APP], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(app.stdout)[Symbol.asyncIterator]();
  const servers = new Map<string, { answers: Answer[]; received: Received[] }>();
  let clock = 0;
  let turn: Promise<unknown> = Promise.resolve();

  async function heard(): Promise<Line> {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error('The app has ended');
      const line = JSON.parse(value) as Line;
      if (line.call === undefined) {
        clock = line.now;
        return line;
      }
      write(called(line.call));
    }
  }

  function called({ url, method, headers, body }: Received): object {
    const { origin, pathname } = new URL(url);
    const { answers, received } = servers.get(origin)!;
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    received.push({ method, url: pathname, headers: Object.fromEntries(lower), body });
    const { status, body: said = {}, headers: told = {} } = answers[Math.min(received.length, answers.length) - 1]!;
    return { status, body: JSON.stringify(said), headers: told };
  }

  /** One message after the other: the app does one thing at a time. */
  function said(message: object): Promise<Line> {
    const answered = turn.then(() => {
      write(message);
      return heard();
    });
    turn = answered.catch(() => undefined);
    return answered;
  }

  function write(message: object): void {
    app.stdin.write(`${JSON.stringify(message)}\n`);
  }

  const handed: typeof fetch = async (input, init = {}) => {
    const { pathname, search } = new URL(String(input));
    const { method = 'GET', headers, body, signal } = init;
    signal?.throwIfAborted();
    const request = {
      method,
      target: pathname + search,
      headers: Object.fromEntries(new Headers(headers)),
      body: body === undefined || body === null ? '' : String(body),
    };
    const { reply } = await said({ request });
    return new Response(reply.body || null, { status: reply.status, headers: reply.headers });
  };

  const { document } = await heard();
  const ambient = {
    now: () => clock,
    sleep: async (ms: number, signal?: AbortSignal | null) => {
      signal?.throwIfAborted();
      await said({ sleep: Math.ceil(ms) });
    },
    random: () => 0.5,
  };
  return {
    offer: document,
    options: { baseUrl: document.base_url, fetch: handed, ambient },
    fetch: handed,
    now: ambient.now,
    pass: ambient.sleep,
    receiver: async (...answers) => {
      const url = `http://127.0.0.1:${20_000 + servers.size}`;
      const received: Received[] = [];
      servers.set(url, { answers, received });
      return {
        url,
        arrived: async (count) => {
          for (let tries = 0; received.length < count; tries += 1) {
            if (tries > 100) throw new Error(`${received.length} requests came, not ${count}`);
            await ambient.sleep(1_000);
          }
          return received;
        },
      };
    },
    close: async () => {
      app.stdin.end();
      await once(app, 'exit');
    },
  };
}
