/** The local stack that the tests run beside, over sockets. */

import { json, listening } from '../server';
import type { Offer, Place } from './place';

const document = process.env['SLUICE_STACK'];
if (!document) throw new Error('Run the tests with `npm test`: they need a local stack beside them');

export const stack = JSON.parse(document) as Offer;

export function overHttp(): Place {
  const servers: { close(): void }[] = [];
  return {
    offer: stack,
    options: { baseUrl: stack.base_url },
    fetch,
    now: () => Date.now(),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    receiver: async (...answers) => {
      const server = await listening(...answers.map(({ status, body = {}, headers }) => json(body, status, headers)));
      servers.push(server);
      return server;
    },
    close: async () => servers.forEach((server) => server.close()),
  };
}
