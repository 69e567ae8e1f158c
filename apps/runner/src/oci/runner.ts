import { chownSync, mkdirSync, rmdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@miosa/kernel';
import { openFaultPoints } from '@miosa/runtime';
import type { RunnerConfig } from '../config.ts';
import { createBooter } from './boot.ts';
import { until } from './cgroups/files.ts';
import { openCgroups } from './cgroups/open.ts';
import { openDisk } from './disk.ts';
import { cgroupsAtPoints, helperAtPoints, recordsAtPoints } from './fault-points.ts';
import { startHelper } from './helper.ts';
import { raiseHostLimits } from './host-limits.ts';
import { hasMemoryToSpare } from './host-room.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { createMeter } from './metrics/meter.ts';
import { openRings } from './metrics/ring.ts';
import { openNetwork } from './network/network.ts';
import { slotPool } from './network/slots.ts';
import { cgroupsById } from './pool/cgroups-by-id.ts';
import { openPool } from './pool/pool.ts';
import { isAlive } from './process.ts';
import { openRecords, openSnapshotRecords } from './records.ts';
import { sweepOrphans } from './sweep.ts';
import { templateStore } from './templates.ts';
import { bootProbe } from './tiers/probe.ts';
import { createTiers } from './tiers/tiers.ts';

export interface Runner {
  readonly runtime: Lifecycle;
  /** Network slots ready now. */
  slotsReady(): number;
  /** Lets go: what runs goes on and the next runner adopts it. */
  leave(): Promise<void>;
  /** Clean stop: ends every sandbox, keeps files and records, removes everything else from the host. */
  shutdown(): Promise<void>;
}

/** How many sandboxes are stopped side by side. */
const STOP_BATCH = 8;
const LINKS_GO_WITHIN_MS = 20_000;

/** Opens everything and recovers from whatever state the last runner left. `onFailure`: the process must end, a new one recovers. */
export const openRunner = async (config: RunnerConfig, log: Log, onFailure: (reason: string) => void): Promise<Runner> => {
  const folder = join(config.dataDir, 'runner');
  const socketsDir = join(config.dataDir, 'run', 's');
  // Outside the data folder: the runtime walks to it as an id without rights, and every parent must let it pass.
  const stageParent = `/run/miosa-${config.instance}`;
  const stage = join(stageParent, 'stage');
  raiseHostLimits(log);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  mkdirSync(socketsDir, { recursive: true, mode: 0o750 });
  chownSync(socketsDir, 0, config.gid);
  mkdirSync(stage, { recursive: true, mode: 0o755 });
  const point = openFaultPoints(config.faultPoints);
  const records = recordsAtPoints(openRecords(join(folder, 'sandboxes')), point);
  const snapshots = openSnapshotRecords(join(folder, 'snapshots'));
  const helper = helperAtPoints(startHelper(config.launchPath, onFailure), point);
  const cgroups = cgroupsAtPoints(cgroupsById(openCgroups(`miosa-${config.instance}`), records), point);
  const disk = await openDisk(helper, folder, config.diskGiB);
  const live = records.all().filter((record) => record.phase === 'running' && isAlive(record.process));
  const running = live.flatMap(({ spec, slot, brokeredHosts }) =>
    slot === null ? [] : [{ id: spec.id, slot, levels: spec.networkPolicy ?? [], hosts: brokeredHosts ?? [] }],
  );
  const network = await openNetwork({ config, folder, helper, running, log });
  const slots = slotPool({ helper, plan: network.plan, target: config.slotsReady, log });
  for (const { index } of network.ownSlots) slots.adopt(index);
  for (const record of live) if (record.slot !== null) slots.adopt(record.slot);
  const booter = createBooter(config, { helper, cgroups, disk, stage });
  const meter = createMeter({
    records,
    cgroups,
    disk,
    rings: openRings(join(folder, 'metrics')),
    linkOf: (slot) => network.plan.slot(slot).link,
    log,
  });
  const templates = templateStore(config.templatesDir);
  const tiers = createTiers(config, bootProbe({ helper, cgroups, disk, slots, booter, folder }), log);
  const pool = openPool({
    helper,
    cgroups,
    disk,
    slots,
    booter,
    tier: tiers.of('container'),
    templates,
    agentPath: config.agentPath,
    max: config.warmPool,
    hasRoom: () => hasMemoryToSpare(cgroups) && disk.hasRoom(),
    log,
  });
  const runtime = createLifecycle({
    meter,
    pool,
    tiers,
    helper,
    cgroups,
    disk,
    slots,
    plan: network.plan,
    policies: network.policies,
    secrets: network.secrets,
    records,
    snapshots,
    booter,
    templates,
    log,
  });

  for (const record of records.all()) await runtime.recover(record);
  await runtime.forgetLostSnapshots();
  const liveLinks = new Set(live.flatMap((record) => (record.slot === null ? [] : [network.plan.slot(record.slot).link])));
  await sweepOrphans({
    cgroups,
    disk,
    helper,
    socketsDir,
    known: new Set([...records.all().map((record) => record.spec.id), ...snapshots.all().map(({ id }) => id)]),
    links: network.links(),
    liveLinks,
    log,
  });
  await helper.call('disk.sweep', { path: join(folder, 'disk') });
  await slots.fill();
  await network.start();
  meter.start();
  pool.start();
  tiers.probe();
  // For `miosa doctor`, which may run when nothing else does.
  const writeTiers = async (): Promise<void> =>
    writeFile(join(folder, 'tiers.json'), JSON.stringify({ offered: await tiers.offered(), absent: await tiers.absent() }));
  const told = writeTiers().catch((error: unknown) => log.warn({ err: error }, 'isolation tiers could not be noted'));
  log.info({ adopted: live.length, records: records.all().length, addresses: network.plan.base }, 'runner ready');

  /** A create or destroy under way may end in nothing while the stop waits for it. */
  const stopOrGone = (id: string): Promise<unknown> =>
    runtime.stop(id).catch((error: unknown) => {
      if (records.get(id) !== undefined) throw error;
    });

  return {
    runtime,
    slotsReady: () => slots.ready,
    leave: async () => {
      meter.stop();
      await pool.close();
      await network.leave();
      await helper.close();
    },
    shutdown: async () => {
      meter.stop();
      await pool.close();
      await told;
      const running = records.all().filter((record) => record.phase !== 'stopped');
      for (let start = 0; start < running.length; start += STOP_BATCH)
        await Promise.all(running.slice(start, start + STOP_BATCH).map(({ spec }) => stopOrGone(spec.id)));
      await slots.close();
      await network.leave();
      // The kernel takes namespaces down in the background, many at a time, which is far quicker than link by link. Those of a busy host that
      // take longer are told of at the end: nothing that follows waits for them.
      const slow = await until('network links go', LINKS_GO_WITHIN_MS, () => network.links().length === 0).catch((error: unknown) => error);
      await network.close();
      await cgroups.close();
      await disk.close();
      await helper.close();
      rmdirSync(stage);
      rmdirSync(stageParent);
      if (slow !== undefined) throw slow;
    },
  };
};
