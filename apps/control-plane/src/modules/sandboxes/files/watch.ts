import type { Readable } from 'node:stream';
import type { SseEvent } from '@miosa/http';
import type { Op } from '@miosa/kernel';
import { Check } from 'typebox/value';
import { callStream } from '../agent/client.ts';
import { nonsense, unreachable } from '../agent/faults.ts';
import { linesOf } from '../agent/lines.ts';
import { AgentChange } from '../agent/protocol.ts';
import { explain, withAgent } from '../agent/with-agent.ts';
import type { Core } from '../deps.ts';
import { filesAt } from './confine.ts';

/** Reading a tree of thousands of folders comes before the first byte. */
const BEGIN_MS = 30_000;

/** Resolves when everything is under watch: what is changed after that is told. Watching is reading: it keeps no sandbox from its idle deadline. */
export const watchFiles = (
  op: Op,
  core: Core,
  id: string,
  query: { readonly path: string; readonly recursive: boolean },
): Promise<AsyncIterable<SseEvent>> =>
  withAgent(op, core, id, 'reading', async (pool) => {
    const call = { method: 'GET', path: filesAt(op, '/files/watch'), query, timeoutMs: BEGIN_MS, signal: op.signal } as const;
    return changes(op, core, id, await callStream(pool, call));
  });

const parse = (line: string): AgentChange => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = null;
  }
  if (!Check(AgentChange, value)) throw nonsense(`line: ${line.slice(0, 200)}`);
  return value;
};

const eventOf = (change: AgentChange): SseEvent => {
  if (change.type === 'overflow') return { type: 'overflow', data: { path: change.path, reason: change.reason.slice(0, 100) } };
  const { type, path, oldPath, isDir, sizeBytes } = change;
  return { type, data: { path, ...(oldPath === undefined ? {} : { old_path: oldPath }), is_dir: isDir, size_bytes: sizeBytes } };
};

/** The agent's lines as events. Ends after the deletion of the folder itself, or with what has become of the sandbox. */
async function* changes(op: Op, core: Core, id: string, stream: Readable): AsyncGenerator<SseEvent> {
  // A generator that waits for a quiet folder hears of a hang-up only through its stream.
  const hangUp = (): void => void stream.destroy();
  op.signal.addEventListener('abort', hangUp);
  if (op.signal.aborted) hangUp();
  let last: AgentChange['type'] | undefined;
  try {
    for await (const line of linesOf(stream)) {
      const change = parse(line);
      last = change.type;
      yield eventOf(change);
    }
    if (last !== 'deleted') throw unreachable(new Error('the watch ended'));
  } catch (error) {
    throw await explain(core, id, error instanceof Error && error.name === 'Fault' ? error : unreachable(error));
  } finally {
    op.signal.removeEventListener('abort', hangUp);
    stream.destroy();
  }
}
