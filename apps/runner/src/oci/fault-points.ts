import { basename } from 'node:path';
import { atPoints, type FaultPoint } from '@miosa/runtime';
import type { Cgroups } from './cgroups/cgroups.ts';
import type { Helper } from './helper.ts';
import type { Records } from './records.ts';

/** What the launch helper does for one sandbox or snapshot. */
const STEPS = new Set(['start', 'claim', 'kill', 'disk.create', 'disk.copy', 'disk.swap', 'disk.delete']);

const idIn = (body: object): string | undefined => {
  const { id, path } = body as { readonly id?: string; readonly path?: string };
  return id ?? (path === undefined ? undefined : basename(path));
};

/** The steps `helper.<operation>.before` and `.after`; see `openFaultPoints`. */
export const helperAtPoints = (helper: Helper, point: FaultPoint | undefined): Helper => {
  if (point === undefined) return helper;
  return {
    ...helper,
    call: <T>(op: string, body: object) =>
      STEPS.has(op) ? atPoints(point, `helper.${op}`, idIn(body), () => helper.call<T>(op, body)) : helper.call<T>(op, body),
  };
};

/** The steps `record.<phase>` once that is on disk, and `record.removed`. */
export const recordsAtPoints = (records: Records, point: FaultPoint | undefined): Records => {
  if (point === undefined) return records;
  return {
    ...records,
    save: async (record) => {
      const saved = await records.save(record);
      await point(`record.${saved.snapshotting === true ? 'snapshotting' : saved.phase}`, saved.spec.id);
      return saved;
    },
    remove: async (id) => {
      await records.remove(id);
      await point('record.removed', id);
    },
  };
};

/** The steps `frozen` and `thawed`. */
export const cgroupsAtPoints = (cgroups: Cgroups, point: FaultPoint | undefined): Cgroups => {
  if (point === undefined) return cgroups;
  return {
    ...cgroups,
    setFrozen: async (id, frozen) => {
      await cgroups.setFrozen(id, frozen);
      await point(frozen ? 'frozen' : 'thawed', id);
    },
  };
};
