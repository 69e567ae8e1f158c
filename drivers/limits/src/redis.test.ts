import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limiterContract } from './contract.ts';
import { createMemoryLimiter, createRedisLimiter, withFallback } from './index.ts';
import { connected, NO_REDIS, type RedisServer, startRedis } from './testing/redis-server.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let serial = 0;
const check = (limit: number) => ({ bucket: 'own', key: String(++serial), limit, windowMs: 60_000 });

if (NO_REDIS !== null) it.skip(`the shared store is not tested: ${NO_REDIS}`);

describe.skipIf(NO_REDIS !== null)('on a real server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());

  const connect = async (clock: 'server' | 'caller') => {
    const limiter = createRedisLimiter({ url: server.url, log, clock });
    await connected(() => limiter.take([check(1)], 0));
    return limiter;
  };

  limiterContract('redis', { create: () => connect('caller'), runs: 40 });

  it('lets exactly the limit through of calls from several hosts at once, whatever their clocks say', async () => {
    const hosts = await Promise.all([connect('server'), connect('server'), connect('server')]);
    const shared = check(100);
    const calls = Array.from({ length: 500 }, (_, i) => hosts[i % 3]?.take([shared], Date.now() + ((i % 3) - 1) * 3_600_000));
    const answers = await Promise.all(calls);
    expect(answers.filter((verdict) => verdict?.allowed)).toHaveLength(100);
    await Promise.all(hosts.map((host) => host.close()));
  });

  it('goes on with a script that the server has forgotten', async () => {
    const limiter = await connect('server');
    await server.restart();
    await connected(() => limiter.take([check(1)], 0));
    expect((await limiter.take([check(1)], 0)).allowed).toBe(true);
    await limiter.close();
  });
});

describe.skipIf(NO_REDIS !== null)('with the fallback, a store that dies', () => {
  it('stops no call, loses no count of this process, and is used again when it is back', async () => {
    const server = await startRedis();
    try {
      const store = createRedisLimiter({ url: server.url, log });
      await connected(() => store.take([check(1)], 0));
      const limiter = withFallback(store, createMemoryLimiter(), log);
      const mine = check(10);
      const now = Date.now();
      const take = async (times: number): Promise<number> => {
        let through = 0;
        for (let i = 0; i < times; i++) if ((await limiter.take([mine], now)).allowed) through++;
        return through;
      };
      expect(await take(6)).toBe(6);
      await server.kill();
      expect(await take(10)).toBe(4);

      await server.restart();
      const other = createRedisLimiter({ url: server.url, log });
      await connected(() => other.take([check(1)], 0));
      // The other host sees the calls of this one again.
      await connected(async () => {
        const shared = check(1);
        await limiter.take([shared], now);
        if ((await other.take([shared], now)).allowed) throw new Error('the store is not used yet');
      });
      await Promise.all([limiter.close(), other.close()]);
    } finally {
      await server.close();
    }
  });
});
