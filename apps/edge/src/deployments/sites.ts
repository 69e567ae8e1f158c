import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Visit } from '../visit.ts';

/** A static version: its manifest names all files. */
export interface SiteTarget {
  readonly tenantId: string;
  readonly manifestSha256: string;
  readonly spa: 'auto' | 'on' | 'off';
}

/** Answers from the files of a static version. */
export interface Sites {
  request(req: IncomingMessage, res: ServerResponse, visit: Visit, target: SiteTarget): Promise<void> | void;
}
