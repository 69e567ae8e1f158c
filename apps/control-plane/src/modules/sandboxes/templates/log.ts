import { setTimeout as sleep } from 'node:timers/promises';
import type { SseEvent } from '@miosa/http';
import type { Core } from '../deps.ts';
import { createCutter } from '../logs/lines.ts';
import { BEGINNING } from '../logs/position.ts';
import { type BuildLine, findBuild, insertLines, linesAfter } from './store.ts';

/** Of one build. What is more is dropped, and the last line says so. */
const MAX_LINES = 20_000;
const MAX_BYTES = 4 * 2 ** 20;
const FLUSH_MS = 200;
/** How often a reader of a running build looks. */
const LOOK_MS = 250;
const BATCH = 1000;

export interface BuildLog {
  say(line: string): void;
  /** Output of one command; bytes may end within a line. */
  output(): { push(stream: 'stdout' | 'stderr', bytes: Buffer): void; end(): void };
  /** Everything said so far is stored. */
  close(): Promise<void>;
}

export const openBuildLog = (core: Core, buildId: string): BuildLog => {
  let seq = 0;
  let bytes = 0;
  let waiting: BuildLine[] = [];
  let writing: Promise<void> = Promise.resolve();
  const flush = (): void => {
    const lines = waiting;
    waiting = [];
    if (lines.length > 0)
      writing = writing
        .then(() => insertLines(core.db.read, lines))
        .catch((error: unknown) => core.log.warn({ err: error, buildId }, 'lines of a build are lost'));
  };
  const timer = setInterval(flush, FLUSH_MS);
  const add = (stream: BuildLine['stream'], line: string): void => {
    if (seq > MAX_LINES || bytes > MAX_BYTES) return;
    seq += 1;
    bytes += line.length;
    const full = seq > MAX_LINES || bytes > MAX_BYTES;
    waiting.push({
      build_id: buildId,
      seq,
      ts: core.now(),
      stream: full ? 'system' : stream,
      // Postgres takes no NUL in a text.
      line: full ? 'The log is full: what follows is not kept.' : line.replaceAll('\0', '\uFFFD'),
    });
  };
  return {
    say: (line) => add('system', line),
    output: () => {
      const cutter = createCutter(BEGINNING);
      let at = 0;
      return {
        push: (stream, chunk) => {
          for (const { line } of cutter.push(stream, chunk, at)) add(stream, line);
          at += chunk.length;
        },
        end: () => {
          for (const { stream, line } of cutter.end(at)) add(stream, line);
        },
      };
    },
    close: async () => {
      clearInterval(timer);
      flush();
      await writing;
    },
  };
};

export const logLineOf = ({ ts, stream, line }: BuildLine) => ({ ts: ts.toISOString(), stream, line });

/** `log` for each line as it comes, `end` when the build is over. */
export async function* streamBuildLog(
  core: Core,
  build: { readonly id: string; readonly template_id: string },
  after: number,
  signal: AbortSignal,
): AsyncGenerator<SseEvent> {
  for (let seq = after; !signal.aborted; ) {
    // In this order: what a build that is over has said is all there.
    const now = await findBuild(core.db.read, build.template_id, build.id);
    const lines = await linesAfter(core.db.read, build.id, seq, BATCH);
    for (const row of lines) {
      seq = row.seq;
      yield { type: 'log', id: String(row.seq), data: logLineOf(row) };
    }
    if (lines.length === BATCH) continue;
    if (now === undefined || now.state === 'ready' || now.state === 'failed') {
      yield { type: 'end', data: { state: now?.state ?? 'failed', error: now?.error ?? null } };
      return;
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}
