import type { Form } from './file-table.ts';

/** Strong: the hash of the content, and which form of it. */
export const etagOf = (sha256: string, encoding: Form['encoding']): string =>
  encoding === 'identity' ? `"${sha256}"` : `"${sha256}-${encoding}"`;

/** RFC 9110 §13.1.2; weak comparison, since proxies on the way weaken tags. */
export const isUnchanged = (ifNoneMatch: string | undefined, etag: string): boolean => {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag) return true;
  return ifNoneMatch.split(',').some((item) => {
    const tag = item.trim();
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
};

export interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/** One range of a file (RFC 9110 §14.2). null: send all of it, as for several ranges and for what cannot be read; `unsatisfiable`: 416. */
export const rangeOf = (header: string | undefined, sizeBytes: number): ByteRange | 'unsatisfiable' | null => {
  const [, first = '', last = ''] = /^bytes=\s*([0-9]{0,15})-([0-9]{0,15})\s*$/i.exec(header ?? '') ?? [];
  if (first === '' && last === '') return null;
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? 'unsatisfiable' : { start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return null;
  if (start >= sizeBytes) return 'unsatisfiable';
  return { start, end: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
};
