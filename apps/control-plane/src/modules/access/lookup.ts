import { BoundedMap } from './bounded-map.ts';

/** Membership, role, suspension and log-out are seen within a second (contract 2.3): nothing is remembered longer. */
const LOOKUP_TTL_MS = 900;
const MAX_LOOKUPS = 10_000;

/** A lookup whose answer is good for less than a second, counted from when it was asked. */
export const createLookup = <T>(nowMs: () => number) => {
  const answers = new BoundedMap<string, { readonly answer: Promise<T>; readonly until: number }>(MAX_LOOKUPS);
  return {
    get: (key: string, ask: () => Promise<T>): Promise<T> => {
      const known = answers.get(key);
      if (known !== undefined && nowMs() < known.until) return known.answer;
      const answer = ask();
      answers.set(key, { answer, until: nowMs() + LOOKUP_TTL_MS });
      // A failure is not an answer.
      answer.catch(() => answers.delete(key));
      return answer;
    },
    clear: () => answers.clear(),
  };
};
