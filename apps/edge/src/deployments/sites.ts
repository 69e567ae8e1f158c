import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from '../refusal.ts';
import type { Visit } from '../visit.ts';

/** A static version: its manifest names all files. */
export interface SiteTarget {
  readonly tenantId: string;
  readonly manifestSha256: string;
  readonly spa: 'auto' | 'on' | 'off';
  /** Asked for under its staged address: what the site itself says to search engines does not count. */
  readonly staged: boolean;
}

/** Answers from the files of a static version; what it cannot answer goes to `refuse`. */
export interface Sites {
  request(
    req: IncomingMessage,
    res: ServerResponse,
    visit: Visit,
    target: SiteTarget,
    refuse: (refusal: Refusal) => void,
  ): Promise<void> | void;
}
