/** Pages of lists. */

/** A page as an array, with the way to the next one. `for await` goes through this page and all that follow. */
export class Page<T> extends Array<T> implements AsyncIterable<T> {
  readonly #next: (() => PromiseLike<Page<T>>) | null;

  /** What `map` and `filter` make are ordinary arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** @internal */
  constructor(items: readonly T[], next: (() => PromiseLike<Page<T>>) | null) {
    super();
    for (const item of items) this.push(item);
    this.#next = next;
  }

  /** Whether there is a page after this one. */
  get hasNextPage(): boolean {
    return this.#next !== null;
  }

  /** The page after this one; null when this is the last. */
  async nextPage(): Promise<this | null> {
    return this.#next === null ? null : ((await this.#next()) as this);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let page: Page<T> | null = this; page !== null; page = await page.nextPage()) yield* page.inOrder();
  }

  /** The items of this page in the order of the whole list. */
  protected inOrder(): Iterable<T> {
    return this.values();
  }
}

/** One numbered page of a list that knows its length. */
export class NumberedPage<T> extends Page<T> {
  /** The number of this page, from 1. */
  readonly page: number;
  /** How many items all pages have together. */
  readonly total: number;

  /** @internal */
  constructor(items: readonly T[], page: number, total: number, next: (() => PromiseLike<Page<T>>) | null) {
    super(items, next);
    this.page = page;
    this.total = total;
  }
}

/**
 * A parameter of the next page's address in the header `Link` (RFC 8288); undefined when there is no next page. Only
 * the parameter is used: the request goes to the deployment that was asked before, wherever the header points.
 */
export function nextParameter(headers: Headers, name: string): string | undefined {
  for (const [, target, parameters] of (headers.get('link') ?? '').matchAll(/<([^>]*)>([^,<]*)/g)) {
    if (!/;\s*rel="?next"?\s*(?:;|$)/i.test(parameters ?? '')) continue;
    return new URLSearchParams(target?.split('?')[1] ?? '').get(name) ?? undefined;
  }
  return undefined;
}
