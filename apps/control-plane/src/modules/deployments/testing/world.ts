import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFsBlobs } from '@miosa/blobs';
import { createMachines } from '../../sandboxes/machines/machines.ts';
import { createWorld as createSandboxWorld, type World as SandboxWorld, silent } from '../../sandboxes/testing/world.ts';
import { tenancyRoutes } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { deploymentRoutes } from '../index.ts';
import { DEFAULT_POLICY } from '../policy.ts';
import { countByProject, primaryOf } from '../store.ts';

/** Deployments on a real database and a blob store of its own, with fake machines, reached through the HTTP pipeline. Only in tests. */
export interface World extends Omit<SandboxWorld, 'core'> {
  readonly core: Core;
  readonly sandboxes: SandboxWorld['core'];
  /** Resolves when no publish is under way. */
  settle(): Promise<void>;
  /** Writes files into the /workspace of a sandbox. */
  write(sandboxId: string, files: Readonly<Record<string, string>>): Promise<void>;
}

export const createWorld = async (): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'miosa-deployments-'));
  const stopping = new AbortController();
  let made: Core | undefined;
  const world = await createSandboxWorld({
    also: (sandboxes, tenancy) => {
      made = {
        db: sandboxes.db,
        blobs: createFsBlobs({ folder }),
        machines: createMachines(sandboxes),
        tenancy,
        events: sandboxes.events,
        names: sandboxes.names,
        sealKey: sandboxes.sealKey,
        policy: DEFAULT_POLICY,
        log: silent,
        now: sandboxes.now,
        flights: new Map(),
        background: new Set(),
        stopping: stopping.signal,
      };
      tenancy.registerDependents({ kind: 'deployments', countByProject, primaryOf, destroyAll: async () => {} });
      return [...deploymentRoutes(made), ...tenancyRoutes(tenancy)];
    },
  });
  if (made === undefined) throw new Error('the server asks for its routes');
  const core = made;
  const settle = async (): Promise<void> => {
    while (core.background.size > 0) await Promise.allSettled(core.background);
  };
  return {
    ...world,
    core,
    sandboxes: world.core,
    settle,
    write: async (id, files) => {
      const body = { files: Object.entries(files).map(([path, content]) => ({ path, content })) };
      const answer = await world.call('POST', `/sandboxes/${id}/files/write-many`, body);
      if (answer.status !== 200) throw new Error(`write: ${answer.status} ${answer.text}`);
    },
    close: async () => {
      stopping.abort();
      await settle();
      await core.blobs.close();
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
