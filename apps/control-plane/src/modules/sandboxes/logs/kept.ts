import { setTimeout as sleep } from 'node:timers/promises';
import type { SseEvent } from '@miosa/http';
import type { Log } from '@miosa/kernel';
import { createCutter } from './lines.ts';
import { BEGINNING } from './position.ts';

/** Of one log. What is more is dropped, and the last line says so. */
const MAX_LINES = 20_000;
const MAX_BYTES = 4 * 2 ** 20;
/** Lines of the platform itself behind a full log. */
const MAX_AFTERWARDS = 50;
const LATE_BYTES = 16 * 1024;
const FLUSH_MS = 200;
/** How often a reader of a log that still grows looks. */
const LOOK_MS = 250;
const BATCH = 1000;

/** One line of a build: what a command printed, or with `system` what the platform has to say. */
export interface KeptLine {
  readonly seq: number;
  readonly ts: Date;
  readonly stream: 'stdout' | 'stderr' | 'system';
  readonly line: string;
}

export interface LineKeeper<L extends KeptLine = KeptLine> {
  say(line: string): void;
  /** Output of one command; bytes may end within a line. */
  output(): { push(stream: 'stdout' | 'stderr', bytes: Buffer): void; end(): void };
  /** The newest lines, oldest first, at most twenty. */
  tail(): readonly L[];
  /** Everything said so far is stored. */
  close(): Promise<void>;
}

const TAIL = 20;

interface Keeping<L extends KeptLine> {
  /** Stores lines, in their order. */
  readonly write: (lines: L[]) => Promise<void>;
  /** As they are stored and shown: secrets removed, with what else belongs to a line. */
  readonly shape: (line: KeptLine) => L;
  readonly now: () => Date;
  readonly log: Log;
}

/** The lines of something that runs once, stored in batches. A failure to store is logged, and does not end what is logged about. */
export const keepLines = <L extends KeptLine>({ write, shape, now, log }: Keeping<L>): LineKeeper<L> => {
  let seq = 0;
  let bytes = 0;
  let waiting: L[] = [];
  let newest: L[] = [];
  let writing: Promise<void> = Promise.resolve();
  const flush = (): void => {
    const lines = waiting;
    waiting = [];
    if (lines.length > 0)
      writing = writing.then(() => write(lines)).catch((error: unknown) => log.warn({ err: error }, 'lines of a build are lost'));
  };
  const timer = setInterval(flush, FLUSH_MS);
  const isFull = (): boolean => seq > MAX_LINES || bytes > MAX_BYTES;
  let afterwards = 0;
  const remember = (stream: KeptLine['stream'], line: string): L => {
    // Postgres takes no NUL in a text.
    const shaped = shape({ seq: seq + 1, ts: now(), stream, line: line.replaceAll('\0', '\uFFFD') });
    newest.push(shaped);
    if (newest.length > 2 * TAIL) newest = newest.slice(-TAIL);
    return shaped;
  };
  const add = (stream: KeptLine['stream'], line: string): void => {
    const wasFull = isFull();
    const shaped = remember(stream, line);
    // How it ended is said in a full log too.
    if (wasFull && (stream !== 'system' || afterwards++ >= MAX_AFTERWARDS)) return;
    seq += 1;
    bytes += line.length;
    waiting.push(!wasFull && isFull() ? { ...shaped, stream: 'system', line: 'The log is full: what follows is not kept.' } : shaped);
  };
  return {
    say: (text) => {
      for (const line of text.split('\n')) add('system', line);
    },
    output: () => {
      const cutter = createCutter(BEGINNING);
      let at = 0;
      // Of a full log only the end is looked at, when there is no more: a flood of output must cost next to nothing.
      const late = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
      return {
        push: (stream, chunk) => {
          if (isFull()) late[stream] = Buffer.concat([late[stream].subarray(-LATE_BYTES), chunk.subarray(-LATE_BYTES)]);
          else {
            for (const { line } of cutter.push(stream, chunk, at)) add(stream, line);
            at += chunk.length;
          }
        },
        end: () => {
          for (const { stream, line } of cutter.end(at)) add(stream, line);
          for (const stream of ['stdout', 'stderr'] as const) {
            // What was cut may be half a secret.
            const isCut = late[stream].length > LATE_BYTES;
            const lines = late[stream]
              .subarray(-LATE_BYTES)
              .toString('utf8')
              .split('\n')
              .slice(isCut ? 1 : 0);
            for (const line of lines.filter((text) => text !== '').slice(-TAIL)) remember(stream, line);
          }
        },
      };
    },
    tail: () => newest.slice(-TAIL),
    close: async () => {
      clearInterval(timer);
      flush();
      await writing;
    },
  };
};

interface Following<L extends KeptLine> {
  /** What `end` tells; null while more may come. */
  readonly ended: () => Promise<Readonly<Record<string, unknown>> | null>;
  readonly after: (seq: number, limit: number) => Promise<readonly L[]>;
  readonly show: (line: L) => Readonly<Record<string, unknown>>;
}

/** `log` for each line as it comes, `end` when it is over. `from`: `Last-Event-ID`. */
export async function* followLines<L extends KeptLine>(
  { ended, after, show }: Following<L>,
  from: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<SseEvent> {
  const last = Number(from ?? 0);
  for (let seq = Number.isSafeInteger(last) && last > 0 ? Math.min(last, 2 ** 31 - 1) : 0; !signal.aborted; ) {
    // In this order: what something that is over has said is all there.
    const end = await ended();
    const lines = await after(seq, BATCH);
    for (const row of lines) {
      seq = row.seq;
      yield { type: 'log', id: String(row.seq), data: show(row) };
    }
    if (lines.length === BATCH) continue;
    if (end !== null) {
      yield { type: 'end', data: end };
      return;
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}
