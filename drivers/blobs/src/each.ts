/** Does the work for every item, at most `limit` at a time. The first failure ends it when what is under way is done: nothing goes on behind the caller's back. */
export const each = async <T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> => {
  let next = 0;
  const failures: unknown[] = [];
  const walk = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const at = next++;
      await work(items[at] as T).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, walk));
  if (failures.length > 0) throw failures[0];
};
