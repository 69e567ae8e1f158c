import { expect, it } from 'vitest';
import { client, unique } from '../harness/context.ts';

const miosa = client();
const MIB = 2 ** 20;

it('makes one sandbox of a name, whoever asks and however often, and another after that one is gone', async () => {
  const name = unique('named');
  const [first, ...others] = await Promise.all(Array.from({ length: 10 }, () => miosa.sandboxes.getOrCreate(name)));
  expect(new Set(others.map(({ id }) => id))).toEqual(new Set([first?.id]));
  await first?.destroy();
  await using again = await miosa.sandboxes.getOrCreate(name);
  expect(again.id).not.toBe(first?.id);
});

it('gives a running sandbox more and less without a stop, and refuses less than it uses', async () => {
  await using sandbox = await miosa.sandboxes.create({ size: 'medium' });
  const ticker = await sandbox.processes.start('while :; do sleep 1; done');
  await sandbox.exec(`head -c ${11 * 1024 * MIB} /dev/zero > /tmp/big`, { timeout: 120 }).catch(() => {}); // more than xs has
  const big = Number((await sandbox.exec('stat -c %s /tmp/big')).stdout);
  if (big > 10 * 1024 * MIB) {
    await expect(sandbox.update({ size: 'xs' })).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'disk' } });
    expect((await sandbox.refresh()).size).toBe('medium');
  }
  await sandbox.exec('rm -f /tmp/big; sync');
  const small = await sandbox.update({ size: 'xs' });
  expect(small).toMatchObject({ size: 'xs', cpuCount: 1, memoryMb: 2048, diskSizeMb: 10_240, state: 'running', ready: true });
  const hog = await sandbox.exec('python3 -c "x = bytearray(3 << 30)"');
  expect(hog.exitCode).not.toBe(0);
  expect((await sandbox.update({ size: 'medium' })).memoryMb).toBe(8192);
  expect((await sandbox.exec('python3 -c "x = bytearray(3 << 30)"')).exitCode).toBe(0);
  expect((await sandbox.processes.get(ticker.id)).state).toBe('running');
}, 180_000);

it('counts what it used over pause and resume, and after its end', async () => {
  await using sandbox = await miosa.sandboxes.create();
  const spend = () => sandbox.exec('python3 -c "sum(range(5_000_000))"');
  await spend();
  const first = await sandbox.usage();
  expect(first).toMatchObject({ measurementStatus: { activeCpu: 'measured', network: 'measured' } });
  expect(first.activeCpuMs).toBeGreaterThan(20);
  await sandbox.pause();
  await spend(); // wakes it
  const second = await sandbox.usage();
  expect(second.activeCpuMs).toBeGreaterThan(first.activeCpuMs ?? 0);
  await sandbox.destroy();
  expect((await miosa.sandboxes.usage(sandbox.id)).activeCpuMs).toBeGreaterThanOrEqual(second.activeCpuMs ?? 0);
});

it('shows within seconds what it does', async () => {
  await using sandbox = await miosa.sandboxes.create();
  await sandbox.processes.start('while :; do :; done');
  await expect
    .poll(async () => Math.max(0, ...(await sandbox.metrics({ window: '5m' })).series.cpuPercent.map(([, value]) => value)), {
      timeout: 45_000,
    })
    .toBeGreaterThan(30);
  const { series, stepSec } = await sandbox.metrics();
  expect(stepSec).toBe(10);
  expect(series.memoryBytes.at(-1)?.[1]).toBeGreaterThan(MIB);
  expect(Date.parse(series.memoryBytes.at(-1)?.[0] ?? '')).toBeGreaterThan(Date.now() - 60_000);
}, 60_000);
