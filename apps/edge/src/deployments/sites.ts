import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from '../refusal.ts';
import type { Visit } from '../visit.ts';

/** A static version: its manifest names all files. */
export interface SiteTarget {
  readonly tenantId: string;
  readonly manifestSha256: string;
  readonly spa: 'auto' | 'on' | 'off';
}

/** Answers from the files of a static version. */
export interface Sites {
  /** `refuse` answers instead, where the site has nothing to say. */
  request(
    req: IncomingMessage,
    res: ServerResponse,
    visit: Visit,
    target: SiteTarget,
    refuse: (refusal: Refusal) => void,
  ): Promise<void> | void;
}
