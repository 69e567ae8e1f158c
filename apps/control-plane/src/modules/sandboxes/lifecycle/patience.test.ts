import { Fault } from '@miosa/kernel';
import type { RuntimePort } from '@miosa/runtime';
import { expect, test } from 'vitest';
import { patientRuntime, recorded } from './patience.ts';

const failing = (times: number, error: Error) => {
  let calls = 0;
  const work = async (): Promise<string> => {
    calls += 1;
    if (calls <= times) throw error;
    return 'done';
  };
  return { work, calls: () => calls };
};
const core = { stopping: new AbortController().signal };
const restarting = Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' });

test('what was done on the host is written down although the database restarts', async () => {
  const { work } = failing(2, restarting);
  expect(await recorded(core, work)).toBe('done');
});

test('a write that the database refuses is not repeated', async () => {
  const { work, calls } = failing(9, Object.assign(new Error('duplicate key'), { code: '23505' }));
  await expect(recorded(core, work)).rejects.toThrow('duplicate key');
  expect(calls()).toBe(1);
});

test('a process that shuts down does not wait for the database', async () => {
  const { work, calls } = failing(9, restarting);
  await expect(recorded({ stopping: AbortSignal.abort() }, work)).rejects.toThrow('terminating');
  expect(calls()).toBe(1);
});

test('a host that restarts is waited for; one that refuses is not', async () => {
  const away = failing(2, new Fault('UPSTREAM_UNREACHABLE', 'away'));
  const full = failing(9, new Fault('UNAVAILABLE', 'full'));
  const runtime = patientRuntime({ destroy: away.work, pause: full.work } as unknown as RuntimePort, core.stopping);
  expect(await runtime.destroy('sbx_x')).toBe('done');
  await expect(runtime.pause('sbx_x')).rejects.toThrow('full');
  expect(full.calls()).toBe(1);
});
