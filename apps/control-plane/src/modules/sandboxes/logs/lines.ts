import { Fault } from '@miosa/kernel';
import { Check } from 'typebox/value';
import { callStream } from '../agent/client.ts';
import { linesOf } from '../agent/lines.ts';
import type { Pool } from '../agent/pool.ts';
import { type AgentProcess, AgentStreamEvent } from '../agent/protocol.ts';
import { BEGINNING, type Offsets } from './position.ts';

export interface Line {
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
  /** Where to go on after it. */
  readonly offsets: Offsets;
}

const OPEN_MS = 15_000;
/** A line without end is cut here: it must neither fill our memory nor wait for ever. */
const LINE_MAX_BYTES = 64 * 1024;
const NEWLINE = 10;

/** Cuts the bytes of two interleaved streams into lines, and knows after each where to go on. */
export const createCutter = (from: Offsets) => {
  const done: { stdout: number; stderr: number } = { ...from };
  const rest = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  const take = (stream: 'stdout' | 'stderr', line: Buffer, next: number): Line => {
    done[stream] = next;
    return { stream, line: line.toString('utf8').replace(/\r$/, ''), offsets: { ...done } };
  };
  return {
    *push(stream: 'stdout' | 'stderr', bytes: Buffer, offset: number): Generator<Line> {
      const skip = Math.max(0, done[stream] - offset);
      if (skip >= bytes.length) return;
      let pending = bytes.subarray(skip);
      let at = offset + skip;
      for (let end = pending.indexOf(NEWLINE); end !== -1; end = pending.indexOf(NEWLINE)) {
        const line = Buffer.concat([rest[stream], pending.subarray(0, end)]);
        rest[stream] = Buffer.alloc(0);
        at += end + 1;
        pending = pending.subarray(end + 1);
        yield take(stream, line, at);
      }
      rest[stream] = Buffer.concat([rest[stream], pending]);
      if (rest[stream].length < LINE_MAX_BYTES) return;
      const line = rest[stream];
      rest[stream] = Buffer.alloc(0);
      yield take(stream, line, at + pending.length);
    },
    /** The process has ended: what has no line end is a line all the same. */
    *end(at: number): Generator<Line> {
      for (const stream of ['stdout', 'stderr'] as const) if (rest[stream].length > 0) yield take(stream, rest[stream], at);
    },
  };
};

const bytesOf = ({ data, encoding }: { readonly data: string; readonly encoding: 'utf8' | 'base64' }): Buffer =>
  Buffer.from(data, encoding);

const open = (pool: Pool, id: string, offset: number | undefined, signal: AbortSignal) =>
  callStream(pool, { method: 'GET', path: `/processes/${id}/stream`, query: { offset }, timeoutMs: OPEN_MS, signal });

/** The agent is the customer's: what it says need not make sense. */
const eventIn = (text: string): AgentStreamEvent | null => {
  try {
    const event: unknown = JSON.parse(text);
    return Check(AgentStreamEvent, event) ? event : null;
  } catch {
    return null;
  }
};

const isGone = (error: unknown): boolean => error instanceof Fault && error.code === 'GONE';

/** The lines of one process from `from` on: until the process ends, or with `until` as far as that offset. */
export async function* readLines(
  pool: Pool,
  process: AgentProcess,
  from: Offsets = BEGINNING,
  { until = Number.POSITIVE_INFINITY, signal }: { readonly until?: number; readonly signal: AbortSignal },
): AsyncGenerator<Line> {
  const offset = Math.min(from.stdout, from.stderr);
  // What was overwritten meanwhile is lost; the rest is not.
  const stream = await open(pool, process.id, offset, signal).catch((error: unknown) => {
    if (!isGone(error)) throw error;
    return open(pool, process.id, undefined, signal);
  });
  const hangUp = (): void => void stream.destroy();
  signal.addEventListener('abort', hangUp);
  if (signal.aborted) hangUp();
  const cutter = createCutter(from);
  let at = offset;
  try {
    for await (const text of linesOf(stream)) {
      const event = eventIn(text);
      if (event === null || event.type === 'error') return;
      if (event.type === 'exit') return yield* cutter.end(at);
      if (event.type === 'started') continue;
      const bytes = bytesOf(event);
      at = event.offset + bytes.length;
      yield* cutter.push(event.type, bytes, event.offset);
      if (at >= until) return;
    }
  } finally {
    signal.removeEventListener('abort', hangUp);
    stream.destroy();
  }
}
