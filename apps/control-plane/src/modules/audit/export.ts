import { Readable } from 'node:stream';
import type { Database } from '@miosa/db';
import { Fault, type Op } from '@miosa/kernel';
import { type Filters, pageOfEntries, presentEntry } from './list.ts';

export type Format = 'text/csv' | 'application/x-ndjson';

export const EXPORT_FORMATS: readonly Format[] = ['text/csv', 'application/x-ndjson'];
const BATCH = 500;

/** Null: the ordinary JSON page. An `Accept` that allows none of the three is NOT_ACCEPTABLE. */
export const exportFormat = (accept: string | undefined): Format | null => {
  const wanted = (accept ?? '*/*').split(',').map((part) => (part.split(';')[0] ?? '').trim().toLowerCase());
  const first = wanted.find(
    (type) => EXPORT_FORMATS.includes(type as Format) || ['*/*', 'application/*', 'application/json'].includes(type),
  );
  if (first === undefined) throw new Fault('NOT_ACCEPTABLE', `Entries come as application/json, ${EXPORT_FORMATS.join(' or ')}.`);
  return EXPORT_FORMATS.find((format) => format === first) ?? null;
};

const COLUMNS = [
  ...([
    'id',
    'created_at',
    'tenant_id',
    'actor_type',
    'actor_id',
    'actor_name',
    'api_key_id',
    'action',
    'resource_type',
    'resource_id',
  ] as const),
  ...(['workspace_id', 'project_id', 'external_workspace_id', 'external_user_id', 'external_project_id', 'outcome', 'error_code'] as const),
  ...(['ip_address', 'user_agent', 'request_id', 'metadata', 'prev_hash', 'hash'] as const),
];

/** RFC 4180. A spreadsheet runs a cell that begins like a formula: an apostrophe makes it text (OWASP, CSV injection). */
export const csvCell = (value: string): string => {
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
};

type Wire = ReturnType<typeof presentEntry>;

const csvLine = ({ actor, ...entry }: Wire): string => {
  const flat: Readonly<Record<string, unknown>> = { ...entry, actor_type: actor.type, actor_id: actor.id, actor_name: actor.name };
  const text = (value: unknown): string => (typeof value === 'object' ? (value === null ? '' : JSON.stringify(value)) : String(value));
  return `${COLUMNS.map((name) => csvCell(text(flat[name]))).join(',')}\r\n`;
};

async function* lines(op: Op, db: Database, filters: Filters, format: Format): AsyncGenerator<string> {
  if (format === 'text/csv') yield `${COLUMNS.join(',')}\r\n`;
  for (let beforeSeq: string | null = null; ; ) {
    const rows = await pageOfEntries(op, db, filters, { beforeSeq, limit: BATCH });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows
      .map(presentEntry)
      .map((entry) => (format === 'text/csv' ? csvLine(entry) : `${JSON.stringify(entry)}\n`))
      .join('');
    if (rows.length < BATCH) return;
    beforeSeq = String(last.seq);
  }
}

/** All matching entries, newest first, a page in memory at a time: the reader sets the pace. */
export const exportEntries = (op: Op, db: Database, filters: Filters, format: Format): Readable =>
  Readable.from(lines(op, db, filters, format), { objectMode: false, highWaterMark: 64 * 1024 });
