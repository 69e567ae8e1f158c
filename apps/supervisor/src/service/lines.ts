import type { Readable } from 'node:stream';

const MAX_LINE = 8192;

/** Calls back once a line, cut at 8 KiB. */
export const onLines = (stream: Readable, callback: (line: string) => void): void => {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) callback(line.slice(0, MAX_LINE));
  });
  stream.on('end', () => {
    if (rest !== '') callback(rest);
  });
};

const PINO_ERROR = 50;
const isError = (level: unknown): boolean => (typeof level === 'number' ? level >= PINO_ERROR : level === 'error' || level === 'fatal');

/** The text worth a look on the console, or null: errors of our JSON logs, and whatever is not JSON (a crash, the database's complaints). */
export const problemIn = (line: string): string | null => {
  if (line.trim() === '') return null;
  if (!line.startsWith('{')) return line;
  try {
    const entry: { level?: unknown; msg?: unknown; err?: { message?: unknown } } = JSON.parse(line);
    if (!isError(entry.level)) return null;
    const cause = typeof entry.err?.message === 'string' ? `: ${entry.err.message}` : '';
    return `${String(entry.msg ?? 'error')}${cause}`;
  } catch {
    return line;
  }
};
