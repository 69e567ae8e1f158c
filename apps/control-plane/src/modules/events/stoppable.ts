/** A stream that ends when it is told to, also while it waits: a generator alone hears of `return` only at its next value. */
export const stoppable = <T>(run: (signal: AbortSignal) => AsyncGenerator<T>): AsyncIterable<T> => ({
  [Symbol.asyncIterator]: () => {
    const stop = new AbortController();
    const values = run(stop.signal);
    return {
      next: () => values.next(),
      return: () => {
        stop.abort();
        return values.return(undefined);
      },
    };
  },
});
