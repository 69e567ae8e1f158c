import { Fault, type Op } from '@miosa/kernel';
import { Type } from 'typebox';
import { type AgentPool, callJson } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import type { Built } from './build.ts';
import { type Contents, contentsOf } from './manifest.ts';

/** What no server needs to run: history, and caches of what built it. */
const NOT_RELEASED = [
  '/workspace/.git',
  '/workspace/.cache',
  '/workspace/.next/cache',
  '/workspace/node_modules/.cache',
  '/home/sandbox/.npm',
  '/home/sandbox/.cache',
];
const CALL_MS = 60_000;

export interface RootRelease extends Contents {
  /** Hidden; kept for as long as a row of `deployment_releases` names it. */
  readonly snapshotId: string;
  /** Of the snapshot. */
  readonly sizeBytes: number;
}

/** By the agent, with the rights of the unprivileged user: a link is removed and not followed. */
const remove = async (agent: AgentPool, path: string, signal: AbortSignal): Promise<void> => {
  const call = { method: 'DELETE', path: '/files/content', query: { path, recursive: true }, timeoutMs: CALL_MS, signal } as const;
  try {
    await callJson(agent, call, Type.Unknown());
  } catch (error) {
    if (!(error instanceof Fault && error.code === 'NOT_FOUND')) throw error;
  }
};

/** Freezes what was built: the files of the machine, with the hash of its /workspace. */
export const releaseOf = async (op: Op, core: Core, { machineId, log }: Built): Promise<RootRelease> => {
  if (machineId === null) throw new Error('a server has a machine it was built in');
  const agent = await core.machines.agent(op, machineId);
  for (const path of NOT_RELEASED) await remove(agent, path, op.signal);
  const contents = await contentsOf(agent, 'release', op.signal);
  log.say(`Keeping ${contents.files} files, ${(contents.totalBytes / 2 ** 20).toFixed(1)} MiB`);
  const { id, sizeBytes } = await core.machines.takeSnapshot(op, machineId);
  return { ...contents, snapshotId: id, sizeBytes };
};
