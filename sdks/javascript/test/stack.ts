/** The local stack that the tests run beside: what it offers to scripts. */

export interface Stack {
  base_url: string;
  asyncqueue: { teams: { id: string; plan: string; api_key: string; signing_secret: string }[] };
  asyncflow: { api_key: string; seed: string };
  astraflow: { client_id: string; client_secret: string; admin: { email: string; password: string } };
}

const document = process.env['SLUICE_STACK'];
if (!document) throw new Error('Run the tests with `npm test`: they need a local stack beside them');

export const stack = JSON.parse(document) as Stack;

let groups = 0;

/** A group that no other test is in: each has a rate limit of its own. */
export function ownGroup(): string {
  groups += 1;
  return `sdk-${process.pid}-${groups}`;
}
