export interface Gate {
  /** False when there is no room; otherwise `leave` must follow. */
  enter(source: string): boolean;
  leave(source: string): void;
}

/** At most so many at once, altogether and of one source. */
export const gate = (most: number, mostPerSource: number): Gate => {
  const counts = new Map<string, number>();
  let all = 0;
  return {
    enter: (source) => {
      const now = counts.get(source) ?? 0;
      if (all >= most || now >= mostPerSource) return false;
      counts.set(source, now + 1);
      all += 1;
      return true;
    },
    leave: (source) => {
      const left = (counts.get(source) ?? 1) - 1;
      all -= 1;
      if (left > 0) counts.set(source, left);
      else counts.delete(source);
    },
  };
};
