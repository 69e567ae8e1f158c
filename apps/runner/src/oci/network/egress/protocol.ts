/** What the egress proxy process and the runner say to each other, one JSON line each. The runner decides; the process carries out. */

export interface Setup {
  /** Resolver; null = no name is found. */
  readonly upstream: string | null;
  /** Certificates (PEM) that servers may be signed by besides those of the public internet; empty = none. */
  readonly authorities: string;
}

/** A sandbox wants to speak to a host. */
export interface Opening {
  readonly source: string;
  readonly host: string;
  readonly port: 80 | 443;
}

export interface Secret {
  readonly placeholder: string;
  readonly value: string;
}

/** `certificate` and `key` (PEM) answer for the host; both empty on port 80, where no secret is ever sent. */
export interface Opened {
  readonly certificate: string;
  readonly key: string;
  readonly secrets: readonly Secret[];
}

/** What its name stands for. */
export interface Reaching {
  readonly source: string;
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly port: 80 | 443;
}

export type Ask = { readonly n: number } & ({ readonly ready: true } | { readonly opening: Opening } | { readonly reaching: Reaching });
export type Reply =
  | { readonly setup: Setup }
  /** Connections of this sandbox end: what it may do has changed. */
  | { readonly drop: string }
  | { readonly n: number; readonly opened: Opened | null }
  | { readonly n: number; readonly addresses: readonly string[] };
