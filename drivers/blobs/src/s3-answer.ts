import type { IncomingMessage } from 'node:http';
import { Fault, invalid } from '@miosa/kernel';
import { away, full, missing } from './faults.ts';

/** Far above any error or page of a listing; a store that sends more is none. */
const MAX_TEXT_BYTES = 4 * 2 ** 20;
const NO_ROOM = /^(QuotaExceeded|InsufficientCapacity|InsufficientStorage|NoSpaceLeft|XMinioStorageFull|XMinioAdminBucketQuotaExceeded)$/;
const PASSING = /^(SlowDown|RequestTimeout|InternalError|ServiceUnavailable|BadDigest|XAmzContentSHA256Mismatch|IncompleteBody)$/;

export const textOf = async (answer: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_TEXT_BYTES) throw away('s3: the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Of the first element of that name. */
export const fieldOf = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`)
    .exec(xml)?.[1]
    ?.replace(/&(amp|lt|gt|quot|apos);/g, (all, entity: string) => ENTITIES[entity] ?? all);

const passing = new WeakSet<Fault>();

/** Whether the same call may succeed in a moment: it got no answer, or one that says so. */
export const isPassing = (error: unknown): boolean => !(error instanceof Fault) || passing.has(error);

/** An error answer of the store (S3 API, "Error responses") as a caller can act on it. */
export const faultOfAnswer = async (method: string, answer: IncomingMessage): Promise<Fault> => {
  const { statusCode: status = 0 } = answer;
  const text = await textOf(answer).catch(() => '');
  const code = fieldOf(text, 'Code') ?? '';
  const said = `s3: ${method} ${status} ${code} ${fieldOf(text, 'Message') ?? ''}`.trim();
  // A HEAD has no body: what it does not find is the object, or else the next call will say it is the bucket.
  if (status === 404 && (code === 'NoSuchKey' || code === '')) return missing();
  if (status === 416) return invalid('range', 'there are no such bytes in the content');
  if (status === 507 || NO_ROOM.test(code)) return full(said);
  const fault = away(said);
  if (status >= 500 || status === 429 || status === 408 || PASSING.test(code)) passing.add(fault);
  return fault;
};
