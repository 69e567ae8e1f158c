export interface Page<T> {
  readonly items: readonly T[];
  /** Pass it to `.page()` for the next one; `null` at the end. */
  readonly nextCursor: string | null;
}

/** A list of the API: `for await` walks all pages, `.page()` fetches one. Nothing is requested before one of them is used. */
export class List<T> implements AsyncIterable<T> {
  readonly #fetch: (cursor: string | undefined) => Promise<Page<T>>;

  constructor(fetchPage: (cursor: string | undefined) => Promise<Page<T>>) {
    this.#fetch = fetchPage;
  }

  page(cursor?: string): Promise<Page<T>> {
    return this.#fetch(cursor);
  }

  /** Every item of every page. Use it where the list is known to be short. */
  async all(): Promise<T[]> {
    const items: T[] = [];
    for await (const item of this) items.push(item);
    return items;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.#fetch(cursor);
      yield* page.items;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
}
