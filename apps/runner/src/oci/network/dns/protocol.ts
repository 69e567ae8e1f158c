/** What the name server process and the runner say to each other, one JSON line each. The runner decides; the process only parses. */

export interface Setup {
  /** Where questions go on; null = nowhere, every answer is a failure. */
  readonly upstream: string | null;
}

/** `instead`: this address is the answer, and nobody else is asked. */
export type Verdict = 'forward' | 'empty' | 'refuse' | { readonly instead: string };

export interface Question {
  readonly source: string;
  readonly name: string;
  readonly type: string;
}

/** Before an answer with addresses may be given. */
export interface Found {
  readonly source: string;
  /** What was asked for, then the names it stands for, in the order of the chain. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly ttl: number;
}

/** Addresses that the sandbox may now reach, and for how long they may be kept; null = answer as if there were no such name. */
export type Granted = { readonly addresses: readonly string[]; readonly ttl: number } | null;

export type Ask = { readonly n: number } & ({ readonly ready: true } | { readonly question: Question } | { readonly found: Found });
export type Reply =
  | { readonly setup: Setup }
  | { readonly n: number; readonly verdict: Verdict }
  | { readonly n: number; readonly granted: Granted };
