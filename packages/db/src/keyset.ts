import { type RawBuilder, sql } from 'kysely';

/**
 * A timestamptz column as text with microseconds. Positions of lists are made of it and not of JavaScript dates, whose
 * milliseconds would skip or repeat rows.
 */
export const exactTime = (column: string): RawBuilder<string> =>
  sql<string>`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Rows after `position` in newest-first order: served by an index on `(…, time desc, id desc)`. */
export const afterPosition = (
  timeColumn: string,
  idColumn: string,
  position: { readonly at: string; readonly id: string },
): RawBuilder<boolean> => sql<boolean>`(${sql.ref(timeColumn)}, ${sql.ref(idColumn)}) < (${position.at}::timestamptz, ${position.id})`;
