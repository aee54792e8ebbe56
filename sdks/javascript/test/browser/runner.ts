/** As much of node:test as the suites take, for a page. */

type Body = () => unknown;

const tests: { name: string; body: Body }[] = [];
const within: string[] = [];

export function describe(name: string, body: () => void): void {
  within.push(name);
  body();
  within.pop();
}

export function test(name: string, body: Body): void {
  tests.push({ name: [...within, name].join(': '), body });
}

/** Runs all tests one after the other, and tells of each: with what it failed, or undefined. */
export async function run(told: (name: string, failure?: string) => Promise<void>): Promise<void> {
  for (const { name, body } of tests) {
    try {
      await body();
    } catch (error) {
      await told(name, error instanceof Error ? `${error.message}\n${error.stack}` : String(error));
      continue;
    }
    await told(name);
  }
}
