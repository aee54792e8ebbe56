/** Where a suite tries the clients out: a deployment of the real app, and servers for it to call. */

import type { ClientOptions } from 'astraflow-sdk';

/** What a deployment offers to scripts. */
export interface Offer {
  base_url: string;
  asyncqueue: { teams: { id: string; plan: string; api_key: string; signing_secret: string }[] };
  asyncflow: { api_key: string; seed: string };
  astraflow: { client_id: string; client_secret: string; admin: { email: string; password: string } };
}

/** What a server of the suite's answers. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A request that came to such a server: its path, and header names in lower case. */
export interface Received {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface Receiver {
  url: string;
  /** Resolves when so many requests have come. */
  arrived(count: number): Promise<Received[]>;
}

export interface Place {
  offer: Offer;
  /** Leads a client here. */
  options: ClientOptions;
  /** How requests get here. */
  fetch: typeof fetch;
  /** A server for the deployment to call: it answers the n-th request with the n-th answer, all later ones with the last. */
  receiver(...answers: Answer[]): Promise<Receiver>;
  /** The deployment's time, in milliseconds. */
  now(): number;
  /** Resolves when so many milliseconds have passed there. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

let names = 0;

/** A name that no other test has. */
export function unique(what: string): string {
  names += 1;
  return `${what}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}-${names}`;
}
