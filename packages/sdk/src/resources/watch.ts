import { ConnectionError, MiosaError } from '../errors.ts';
import { openEvents } from '../eventStream.ts';
import { backoffMs, sleep } from '../retry.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';

/** What happened to a file or folder. `overflow`: some changes were lost, or may have been; list again. */
export type FileChange =
  | { readonly type: 'created' | 'modified' | 'deleted'; readonly path: string; readonly isDir: boolean; readonly sizeBytes: number }
  | { readonly type: 'renamed'; readonly path: string; readonly oldPath: string; readonly isDir: boolean; readonly sizeBytes: number }
  | { readonly type: 'overflow'; readonly path: string; readonly reason: string };

/** Changes as they come. Begun by the call, not by the loop; leaving the loop, or `close`, ends it. */
export interface FileWatch extends AsyncIterable<FileChange> {
  /** Resolves when everything is under watch: what is changed after that is told. */
  readonly ready: Promise<void>;
  close(): void;
}

export interface WatchOptions extends CallOptions {
  /** Folders below too; default true. */
  readonly recursive?: boolean;
}

const HOME = '/workspace';

const lost = (cause?: unknown): ConnectionError =>
  new ConnectionError({ status: 0, code: 'CONNECTION_LOST', message: 'The watch broke off.', cause });

/** A watch over as many connections as it takes; after each new one it tells `overflow`, since nobody watched in between. */
export const watchFiles = (t: Transport, id: string, folder: string | undefined, options: WatchOptions = {}): FileWatch => {
  const { recursive, signal: outer, ...rest } = options;
  const stopping = new AbortController();
  const end = (): void => stopping.abort(outer?.reason);
  if (outer?.aborted) end();
  outer?.addEventListener('abort', end, { once: true });
  const close = (): void => {
    outer?.removeEventListener('abort', end);
    stopping.abort();
  };
  const open = () =>
    openEvents<FileChange>(t, {
      method: 'GET',
      path: path`/sandboxes/${id}/files/watch`,
      query: { path: folder, recursive },
      options: { ...rest, signal: stopping.signal },
    });
  const first = open();
  const ready = first.then(() => undefined);
  ready.catch(() => undefined); // the loop throws it

  async function* follow(): AsyncGenerator<FileChange> {
    const maxRetries = options.maxRetries ?? t.maxRetries;
    let last: FileChange['type'] | undefined;
    try {
      for (let failures = 0, connection = first; ; connection = open()) {
        try {
          const changes = await connection;
          if (connection !== first) yield { type: 'overflow', path: folder ?? HOME, reason: 'reconnected' };
          for await (const change of changes) {
            failures = 0;
            last = change.type;
            yield change;
          }
          if (last === 'deleted') return; // the folder itself
          throw lost();
        } catch (error) {
          outer?.throwIfAborted();
          if (stopping.signal.aborted) return;
          const problem = error instanceof MiosaError ? error : lost(error);
          if (connection === first && last === undefined && !(await ready.then(() => true).catch(() => false))) throw problem;
          if (failures >= maxRetries || !problem.retryable) throw problem;
          await sleep(backoffMs(failures++), stopping.signal);
        }
      }
    } finally {
      close();
    }
  }
  return { ready, close, [Symbol.asyncIterator]: follow };
};
