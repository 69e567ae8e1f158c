import { contractSpec } from '@miosa/runtime/contract';
import { execInside, launchRunner, type RunnerProcess, requirements } from '@miosa/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const missing = requirements();
if (missing.length > 0) it.skip(`resizing is not tested here: it needs ${missing.join(', ')}`, () => {});

const MIB = 2 ** 20;
const python = (program: string): string[] => ['python3', '-c', program];
/** A process that holds memory until it is ended. */
const hold = (
  mib: number,
) => `python3 -c "x = bytearray(${mib} << 20); open('/tmp/held','w').close(); import time; time.sleep(600)" >/dev/null 2>&1 &
until [ -e /tmp/held ]; do sleep 0.05; done`;
/** Brackets, so that the shell which looks for the holder does not find itself. */
const HOLDER = 'bytearra[y]';
const letGo = `pkill -f '${HOLDER}'; while pgrep -f '${HOLDER}'; do sleep 0.05; done`;

describe.skipIf(missing.length > 0)('a sandbox that is resized while it runs', () => {
  let runner: RunnerProcess;
  beforeAll(async () => {
    runner = await launchRunner();
  });
  afterAll(() => runner.close());
  const create = () => runner.runtime.create(contractSpec({ memoryMiB: 128, diskMiB: 64 }));

  it('may use the memory and the disk it was given, at once, and no more; a new runner keeps to it', async () => {
    const { id, endpoint } = await create();
    const bytes = (mib: number) => execInside(endpoint, python(`x = bytearray(${mib} << 20); print(len(x))`)).catch(() => null);
    const write = (mib: number) =>
      execInside(endpoint, `head -c ${mib * MIB} /dev/zero > /tmp/fill; stat -c %s /tmp/fill; rm /tmp/fill; sync`);
    expect((await bytes(200))?.exitCode).not.toBe(0);
    expect((await write(100)).stderr).toMatch(/quota|no space/i);
    await runner.runtime.resize(id, { cpuCount: 2, memoryMiB: 512, diskMiB: 256 });
    for (const again of [false, true]) {
      if (again) await runner.killAndRestart();
      expect(await bytes(300)).toMatchObject({ exitCode: 0 });
      expect((await write(150)).stdout.trim()).toBe(String(150 * MIB));
      expect((await bytes(700))?.exitCode).not.toBe(0);
      expect((await write(300)).stderr).toMatch(/quota|no space/i);
    }
    await runner.runtime.resize(id, { cpuCount: 1, memoryMiB: 128, diskMiB: 64 });
    expect((await bytes(200))?.exitCode).not.toBe(0);
    expect((await write(100)).stderr).toMatch(/quota|no space/i);
  }, 60_000);

  it('gets the share of the processors it was given', async () => {
    const { id, endpoint } = await runner.runtime.create(contractSpec({ cpuCount: 0.2 }));
    const burn = async (): Promise<number> => {
      const before = (await runner.runtime.stats(id)).cpuUsageUsec;
      await execInside(endpoint, python('import time\nend = time.monotonic() + 1.5\nwhile time.monotonic() < end: pass'));
      return (await runner.runtime.stats(id)).cpuUsageUsec - before;
    };
    expect(await burn()).toBeLessThan(700_000);
    await runner.runtime.resize(id, { cpuCount: 1, memoryMiB: 256, diskMiB: 256 });
    expect(await burn()).toBeGreaterThan(700_000);
  });

  it('keeps what it holds: a memory limit below that is refused and nothing in it is killed', async () => {
    const { id, endpoint } = await create();
    await execInside(endpoint, hold(80));
    const small = { cpuCount: 1, memoryMiB: 48, diskMiB: 64 };
    await expect(runner.runtime.resize(id, small)).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'memory' } });
    expect((await execInside(endpoint, `pgrep -f '${HOLDER}'`)).exitCode).toBe(0);
    expect((await runner.runtime.inspect(id))?.shape.memoryMiB).toBe(128);
    await execInside(endpoint, letGo);
    expect((await runner.runtime.resize(id, small)).shape.memoryMiB).toBe(48);
  });

  it('is measured over its whole life: neither a runner that is killed nor a stop takes anything back', async () => {
    const { id, endpoint } = await create();
    const spend = (at = endpoint) => execInside(at, python('sum(range(3_000_000))'));
    await spend();
    const first = await runner.runtime.stats(id);
    expect(first.cpuUsageUsec).toBeGreaterThan(10_000);
    await runner.killAndRestart();
    expect((await runner.runtime.stats(id)).cpuUsageUsec).toBeGreaterThanOrEqual(first.cpuUsageUsec);
    await runner.runtime.stop(id);
    const stopped = await runner.runtime.stats(id);
    expect(stopped.cpuUsageUsec).toBeGreaterThanOrEqual(first.cpuUsageUsec);
    await runner.killAndRestart();
    expect((await runner.runtime.stats(id)).cpuUsageUsec).toBe(stopped.cpuUsageUsec);
    await spend((await runner.runtime.resume(id)).endpoint);
    const second = await runner.runtime.stats(id);
    expect(second.cpuUsageUsec).toBeGreaterThan(stopped.cpuUsageUsec + 10_000);
    await expect.poll(async () => (await runner.runtime.samples(id, new Date(0))).length, { timeout: 30_000 }).toBeGreaterThan(1);
    const samples = await runner.runtime.samples(id, new Date(0));
    expect(samples.at(-1)?.cpuUsageUsec).toBeGreaterThanOrEqual(stopped.cpuUsageUsec);
    expect(samples.at(-1)?.memoryBytes).toBeGreaterThan(0);
  }, 60_000);
});
