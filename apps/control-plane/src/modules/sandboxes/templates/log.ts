import type { SseEvent } from '@miosa/http';
import type { Core } from '../deps.ts';
import { followLines, keepLines, type LineKeeper } from '../logs/kept.ts';
import { type BuildLine, findBuild, insertLines, linesAfter } from './store.ts';

export type BuildLog = LineKeeper<BuildLine>;

export const openBuildLog = (core: Core, buildId: string): BuildLog =>
  keepLines<BuildLine>({
    write: (lines) => insertLines(core.db.read, lines),
    shape: (line) => ({ ...line, build_id: buildId }),
    now: core.now,
    log: core.log,
  });

export const logLineOf = ({ ts, stream, line }: BuildLine) => ({ ts: ts.toISOString(), stream, line });

export const streamBuildLog = (
  core: Core,
  build: { readonly id: string; readonly template_id: string },
  from: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<SseEvent> =>
  followLines<BuildLine>(
    {
      ended: async () => {
        const now = await findBuild(core.db.read, build.template_id, build.id);
        if (now?.state === 'queued' || now?.state === 'building') return null;
        return { state: now?.state ?? 'failed', error: now?.error ?? null };
      },
      after: (seq, limit) => linesAfter(core.db.read, build.id, seq, limit),
      show: logLineOf,
    },
    from,
    signal,
  );
