import type { SseEvent } from '@miosa/http';
import { followLines, keepLines, type LineKeeper } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import { findBuild } from '../publish/builds.store.ts';
import type { DeploymentBuildRow } from '../types.ts';
import { redactor } from './secrets.ts';
import { type BuildLine, insertLines, linesAfter } from './store.ts';

/** Parts of a build, as its log names them. */
export type StepName = 'prepare' | 'source' | 'install' | 'build' | 'release';

export interface BuildLog extends LineKeeper<BuildLine> {
  /** What is said from now on belongs to this step. */
  begin(step: StepName): void;
  /** Values that from now on stand in no line. */
  hide(secrets: Parameters<typeof redactor>[0]): void;
}

export const openBuildLog = (core: Pick<Core, 'db' | 'now' | 'log'>, buildId: string): BuildLog => {
  let step: StepName = 'prepare';
  let redact = redactor([]);
  const keeper = keepLines<BuildLine>({
    write: (lines) => insertLines(core.db.read, lines),
    shape: (line) => ({ ...line, line: redact(line.line), step, build_id: buildId }),
    now: core.now,
    log: core.log,
  });
  return {
    ...keeper,
    begin: (name) => {
      step = name;
    },
    hide: (secrets) => {
      redact = redactor(secrets);
    },
  };
};

export const lineOf = ({ ts, stream, line, step }: BuildLine) => ({ ts: ts.toISOString(), stream, line, step });

export const streamBuildLog = (
  core: Pick<Core, 'db'>,
  build: Pick<DeploymentBuildRow, 'id' | 'deployment_id'>,
  from: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<SseEvent> =>
  followLines<BuildLine>(
    {
      ended: async () => {
        const now = await findBuild(core.db.read, build.deployment_id, build.id);
        return now?.state === 'queued' || now?.state === 'building' ? null : { state: now?.state ?? 'failed', error: now?.error ?? null };
      },
      after: (seq, limit) => linesAfter(core.db.read, build.id, seq, limit),
      show: lineOf,
    },
    from,
    signal,
  );
