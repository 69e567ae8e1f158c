import type { BrowserActor } from '@miosa/kernel';

/** How browser tokens are judged. Registered by their own module, which ranks above this one. */
export interface BrowserCredentials {
  verify(token: string): Promise<BrowserActor | null>;
  /** Of these, the ones whose token no longer holds. Asked for open streams, so nothing may be answered from memory. */
  ended(actors: readonly BrowserActor[]): Promise<ReadonlySet<BrowserActor>>;
}

/** Before anything is registered, no browser token is good. */
export const createBrowserSlot = () => {
  let registered: BrowserCredentials | undefined;
  return {
    register: (credentials: BrowserCredentials): void => {
      registered = credentials;
    },
    verify: async (token: string): Promise<BrowserActor | null> => (await registered?.verify(token)) ?? null,
    ended: async (actors: readonly BrowserActor[]): Promise<ReadonlySet<BrowserActor>> =>
      actors.length === 0 ? new Set() : ((await registered?.ended(actors)) ?? new Set(actors)),
  };
};

export type BrowserSlot = ReturnType<typeof createBrowserSlot>;
