import { createHmac, timingSafeEqual } from 'node:crypto';
import { Fault } from '@miosa/kernel';
import { Type } from 'typebox';
import type { Page } from './route.ts';

/** Query properties of every list: spread into `Type.Object`. */
export const PAGE_QUERY = {
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'Most objects in one answer.' }),
  cursor: Type.Optional(
    Type.String({ maxLength: 1024, description: '`next_cursor` of the previous answer, with the same filters; valid 24 hours.' }),
  ),
};

/**
 * Where a page ended: the last row's time with microseconds, as text from Postgres (a JavaScript date would round it, and rows of
 * the same millisecond would be skipped or repeated), and its id.
 */
export interface Position {
  readonly at: string;
  readonly id: string;
}

/** Handlers see `query.cursor` already verified and opened by the pipeline: this is its reading. */
export const positionOf = (cursor: string | undefined): Position | null => {
  if (cursor === undefined) return null;
  const split = cursor.indexOf(' ');
  return { at: cursor.slice(0, split), id: cursor.slice(split + 1) };
};

/** A page out of `limit + 1` fetched rows. The pipeline seals `nextCursor`. */
export const pageOf = <R, T>(rows: readonly R[], limit: number, keyOf: (row: R) => Position, render: (row: R) => T): Page<T> => {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  const key = more ? keyOf(last) : null;
  return { items: items.map(render), nextCursor: key === null ? null : `${key.at} ${key.id}` };
};

const LIFE_SECONDS = 24 * 3600;
const MAC_BYTES = 16;

export interface CursorContext {
  readonly route: string;
  readonly tenantId: string;
  /** The query as sent; `limit` and `cursor` do not count as filters. */
  readonly query: Readonly<Record<string, unknown>>;
}

export interface Cursors {
  seal(context: CursorContext, position: string): string;
  /** Throws BAD_REQUEST for a cursor of another list, organization or set of filters, or older than 24 h. */
  open(context: CursorContext, cursor: string): string;
}

const badCursor = (): Fault => new Fault('BAD_REQUEST', 'This cursor is not valid here: begin again without one.');

export const createCursors = (secret: Buffer, nowMs: () => number = Date.now): Cursors => {
  const mac = ({ route, tenantId, query }: CursorContext, payload: string): Buffer => {
    const filters = Object.entries(query).filter(([name]) => name !== 'cursor' && name !== 'limit');
    const bound = JSON.stringify([route, tenantId, filters.sort(([a], [b]) => (a < b ? -1 : 1)), payload]);
    return createHmac('sha256', secret).update(bound).digest().subarray(0, MAC_BYTES);
  };
  return {
    seal: (context, position) => {
      const payload = `${Math.floor(nowMs() / 1000) + LIFE_SECONDS}:${position}`;
      return Buffer.concat([mac(context, payload), Buffer.from(payload)]).toString('base64url');
    },
    open: (context, cursor) => {
      const bytes = Buffer.from(cursor, 'base64url');
      const payload = bytes.subarray(MAC_BYTES).toString();
      if (bytes.length <= MAC_BYTES || !timingSafeEqual(bytes.subarray(0, MAC_BYTES), mac(context, payload))) throw badCursor();
      const split = payload.indexOf(':');
      if (Number(payload.slice(0, split)) * 1000 < nowMs()) throw badCursor();
      return payload.slice(split + 1);
    },
  };
};
