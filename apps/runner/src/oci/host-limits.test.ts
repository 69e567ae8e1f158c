import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@miosa/kernel';
import { afterAll, expect, it } from 'vitest';
import { raiseHostLimits } from './host-limits.ts';

const folder = mkdtempSync(join(tmpdir(), 'miosa-limits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('raises what is too low, lowers nothing, and goes on where it may not', () => {
  const [low, high, absent] = ['low', 'high', 'no/such'].map((name) => join(folder, name));
  const warned: unknown[] = [];
  const log = { warn: (details: unknown) => warned.push(details) } as unknown as Log;
  writeFileSync(low ?? '', '128\n');
  writeFileSync(high ?? '', '4096\n');
  raiseHostLimits(log, [
    [low ?? '', 1024],
    [high ?? '', 1024],
    [absent ?? '', 1024],
  ]);
  expect([readFileSync(low ?? '', 'utf8'), readFileSync(high ?? '', 'utf8')]).toEqual(['1024\n', '4096\n']);
  expect(warned).toHaveLength(1);
});
