/** Small servers of the tests' own: they answer by a script, and remember what they were asked. */

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Received {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  at: number;
}

export type Reply = (response: ServerResponse, request: Received) => void;

export interface Script {
  url: string;
  received: Received[];
  /** Resolves when so many requests have come. */
  arrived(count: number): Promise<Received[]>;
}

/** Answers the n-th request with the n-th reply, all later ones with the last; until the test is over. */
export async function scripted(t: TestContext, ...replies: Reply[]): Promise<Script> {
  const server = await listening(...replies);
  t.after(server.close);
  return server;
}

/** The same, until it is closed. */
export async function listening(...replies: Reply[]): Promise<Script & { close(): void }> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const { method = '', url = '', headers } = request;
    const seen = { method, url, headers, body, at: Date.now() };
    received.push(seen);
    const reply = replies[Math.min(received.length, replies.length) - 1];
    if (reply === undefined) throw new Error('a script needs a reply');
    reply(response, seen);
    for (const look of waiting) look();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  const arrived = (count: number) =>
    new Promise<Received[]>((resolve) => {
      const look = () => {
        if (received.length >= count) resolve(received);
      };
      waiting.add(look);
      look();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, arrived, close };
}

/** Answers with JSON. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

/** Breaks the connection instead of answering. */
export const cut: Reply = (response) => response.destroy();

/** Never answers. */
export const silence: Reply = () => undefined;
