import { type TestDatabase, testDatabase } from '@miosa/db';
import { newUuid } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTenant } from '../tenancy/index.ts';
import { closeInterval, type Metered, openInterval, totals, voidInterval } from './index.ts';

let database: TestDatabase;
let metered: (id: string) => Metered;
beforeAll(async () => {
  database = await testDatabase();
  const tenant = await tx((t) => createTenant(t, { name: 'ClinicIQ', ownerUserId: null, now: new Date() }));
  metered = (id) => ({
    tenantId: tenant.id,
    workspaceId: newUuid(),
    projectId: newUuid(),
    externalWorkspaceId: 'clinic_123',
    externalUserId: null,
    externalProjectId: null,
    resourceType: 'sandbox',
    resourceId: id,
    vcpus: 2,
    memoryMiB: 4096,
    test: false,
  });
});
afterAll(() => database?.close());

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const tx = <T>(fn: Parameters<typeof database.db.tx<T>>[2]): Promise<T> => database.db.tx({ log, requestId: 'test' }, 'test', fn);
const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const total = async (id: string, now: Date) => (await totals(database.db.read, 'sandbox', [id], now)).get(id);

describe('usage intervals', () => {
  test('sum up over pauses, an open one counted up to now', async () => {
    await tx((t) => openInterval(t, metered('a'), at(0)));
    await tx((t) => closeInterval(t, 'sandbox', 'a', at(10)));
    await tx((t) => openInterval(t, metered('a'), at(30)));
    expect(await total('a', at(35))).toEqual({ runtimeMs: 15_000, vcpuMs: 30_000, memoryMiBMs: 15_000 * 4096 });
  });

  test('opening twice counts once, closing twice changes nothing', async () => {
    await tx((t) => openInterval(t, metered('b'), at(0)));
    await tx((t) => openInterval(t, metered('b'), at(5)));
    await tx((t) => closeInterval(t, 'sandbox', 'b', at(10)));
    await tx((t) => closeInterval(t, 'sandbox', 'b', at(20)));
    expect(await total('b', at(60))).toMatchObject({ runtimeMs: 10_000 });
  });

  test('a transaction that fails meters nothing', async () => {
    const failing = tx(async (t) => {
      await openInterval(t, metered('c'), at(0));
      throw new Error('later step');
    });
    await expect(failing).rejects.toThrow('later step');
    expect(await total('c', at(60))).toBeUndefined();
  });

  test('a failed start is not billed', async () => {
    await tx((t) => openInterval(t, metered('d'), at(0)));
    await tx((t) => voidInterval(t, 'sandbox', 'd'));
    expect(await total('d', at(60))).toMatchObject({ runtimeMs: 0 });
  });

  test('a clock that went back never gives negative time', async () => {
    await tx((t) => openInterval(t, metered('e'), at(10)));
    await tx((t) => closeInterval(t, 'sandbox', 'e', at(5)));
    expect(await total('e', at(60))).toMatchObject({ runtimeMs: 0 });
  });
});
