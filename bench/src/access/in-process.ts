import { createAccess, limitsOf } from '@miosa/control-plane/access';
import { createTenancy } from '@miosa/control-plane/tenancy';
import { openDatabase } from '@miosa/db';
import type { Actor } from '@miosa/kernel';
import { createMemoryLimiter } from '@miosa/limits';
import type { Sample } from '../stats.ts';
import { keyAt } from './seed.ts';

const RUNS = 50_000;
const WARM_UP = 5000;

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const repeated = async (name: string, action: (index: number) => Promise<unknown>): Promise<Sample> => {
  const ms = new Array<number>(RUNS);
  for (let index = -WARM_UP; index < RUNS; index++) {
    const started = performance.now();
    await action(index + WARM_UP);
    if (index >= 0) ms[index] = performance.now() - started;
    // The event loop must turn: the cache is only used while the database's signals are heard.
    if (index % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { name, ms };
};

/** Parts of a request by themselves: from header to caller with the key in memory, and the limiter with the buckets of a request. */
export const measureInProcess = async (databaseUrl: string, inUse: number): Promise<readonly Sample[]> => {
  const db = openDatabase(databaseUrl);
  const access = createAccess({ db, tenancy: createTenancy({ db }), log: silent, jwtSecretHex: '00'.repeat(64) });
  const limiter = createMemoryLimiter();
  try {
    await access.start();
    const headers = Array.from({ length: inUse }, (_, index) => ({ authorization: `Bearer ${keyAt(index)}` }));
    const verify = async (index: number): Promise<Actor> => {
      const actor = await access.authenticate(headers[index % inUse] ?? {}, '203.0.113.7');
      if (actor === null) throw new Error('a good key was refused');
      return actor;
    };
    const actors: Actor[] = [];
    for (let index = 0; index < inUse; index++) actors.push(await verify(index));
    const route = { access: { scope: null } } as unknown as Parameters<typeof limitsOf>[1];
    return [
      await repeated(`key in memory, ${inUse} in turn`, verify),
      await repeated('limiter, two buckets', (index) => {
        const actor = actors[index % inUse] ?? null;
        return limiter.take(limitsOf(actor, route, '203.0.113.7'), performance.timeOrigin + performance.now());
      }),
    ];
  } finally {
    await limiter.close();
    await access.close();
    await db.close();
  }
};
