/** A slow reader holds the writers back: so much waits for it and no more. */
const CAPACITY = 256;

/** Several writers, one reader. */
export const createQueue = <T>() => {
  const waiting: T[] = [];
  let ended = false;
  let wakeReader = (): void => {};
  const wakeWriters: (() => void)[] = [];
  const roused = (): void => {
    wakeReader();
    for (const wake of wakeWriters.splice(0)) wake();
  };
  return {
    /** Waits for room; false: nobody reads any more. */
    push: async (value: T): Promise<boolean> => {
      while (waiting.length >= CAPACITY && !ended) await new Promise<void>((resolve) => wakeWriters.push(resolve));
      if (ended) return false;
      waiting.push(value);
      wakeReader();
      return true;
    },
    end: (): void => {
      ended = true;
      roused();
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<T> {
      for (;;) {
        const value = waiting.shift();
        if (value !== undefined) {
          for (const wake of wakeWriters.splice(0)) wake();
          yield value;
        } else if (ended) return;
        else await new Promise<void>((resolve) => (wakeReader = resolve));
      }
    },
  };
};
