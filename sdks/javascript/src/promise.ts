/** Promises of answers: awaited they are the data, and the response behind it is there for whoever asks. */

/** The data of an answer, with the response that it came in. */
export interface WithResponse<T> {
  data: T;
  /** Status and headers. Its body was read. */
  response: Response;
  /** The id to name in questions about this request. */
  requestId: string | null;
}

/** What a method returns: `await` it for the data. */
export class APIPromise<T> extends Promise<T> {
  readonly #answer: Promise<WithResponse<T>>;

  /** What `then` makes is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** @internal */
  constructor(answer: Promise<WithResponse<T>>) {
    super((resolve, reject) => answer.then(({ data }) => resolve(data), reject));
    this.#answer = answer;
  }

  /** The data together with status, headers and request id. */
  withResponse(): Promise<WithResponse<T>> {
    // Whoever asks here hears of a failure here.
    this.catch(() => undefined);
    return this.#answer.then((answer) => answer);
  }
}

/** A promise of a page: `for await` goes through this page and all that follow. */
export class PagePromise<P extends AsyncIterable<T>, T> extends APIPromise<P> implements AsyncIterable<T> {
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    yield* await this;
  }
}
