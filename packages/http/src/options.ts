import type { IncomingHttpHeaders } from 'node:http';
import type { Actor, Log, Op } from '@miosa/kernel';
import type { Translate } from './faults.ts';
import type { IdempotencyStore } from './idempotency.ts';
import type { RateLimits } from './limits.ts';
import type { Refused } from './refusal.ts';
import type { Route } from './route.ts';

/** A page for people, outside the API. */
export interface HtmlPage {
  readonly id: string;
  /** Path, with `:name` for what varies. */
  readonly url: string;
  readonly html: string;
  /** Content-Security-Policy. */
  readonly policy: string;
}

export interface ServerOptions {
  readonly routes: readonly Route[];
  /** Pages of the public listener beside the API. Default: none. */
  readonly pages?: readonly HtmlPage[];
  /** `null` = 401. May throw a fault. `ip` is the client's address as the edge saw it. */
  authenticate(headers: IncomingHttpHeaders, ip: string | null): Promise<Actor | null>;
  /** Throws FORBIDDEN. */
  authorize(actor: Actor, route: Route): void;
  readonly idempotency?: IdempotencyStore;
  /** Rate limits of the public listener. Default: none. */
  readonly limits?: RateLimits;
  readonly log: Log;
  /** Dependency → does it answer? Any `false` makes `/readyz` 503. */
  readiness(): Promise<Record<string, boolean>>;
  readonly version: string;
  /** Public origin of the API, e.g. `https://api.miosa.localhost:8443`. */
  readonly apiUrl: string;
  /** Signs cursors; the same for all processes of an installation. Default: random for this process. */
  readonly cursorSecret?: Buffer;
  /** Faults for errors of lower layers, e.g. `databaseFault` of `@miosa/db`. */
  readonly translate?: Translate;
  /** May a page of this origin read the answers its browser token gets? (contract 1.11) Default: no. */
  originAllowed?(actor: Actor, origin: string): boolean | Promise<boolean>;
  /** Uses up a stream ticket presented for a request of this path; `null` = 401. `bound`: only one made for this very path. Default: none is good (contract 1.9). */
  redeemTicket?(ticket: string, path: string, bound: boolean): Promise<Actor | null>;
  /** Calls `end` when the credential behind `actor` stops being valid; answers how to stop watching. Cuts open streams (contract 2.4). */
  watchCredential?(actor: Actor, end: () => void): () => void;
  /** Hears of every credential that was told no (401 of a known one, 403). Must neither throw nor wait: the answer comes after it. */
  onRefused?(refused: Refused, op: Op): void;
  /** Compile every schema at once and compare answers with theirs. For tests. */
  readonly checkResponses?: boolean;
  /** How often open WebSockets are pinged. Default 30,000. */
  readonly pingMs?: number;
  /** How long `close` waits for requests in flight. Default 10,000. */
  readonly graceMs?: number;
}
