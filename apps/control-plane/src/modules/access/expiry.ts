import type { Op } from '@miosa/kernel';
import { announceKey } from './announce.ts';
import type { Core } from './core.ts';
import { lockExpiredUntold, markExpiryTold } from './keys.store.ts';

/** How late somebody may be told. */
const PASS_MS = 15_000;
/** What expired while nobody looked for longer than this is no news. */
const NEWS_MS = 7 * 24 * 3600_000;
const BATCH = 100;

/** A key expires by itself, so nobody is there to say so: this does, once for each, however many processes look. */
export const createExpiry = (core: Core, nowMs: () => number) => {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const pass = async (): Promise<void> => {
    const now = new Date(nowMs());
    const system = { requestId: 'system-expiry', ip: null, userAgent: null, log: core.log, now: () => now };
    await core.db.tx(system, 'apiKeys.expired', async (tx) => {
      const rows = await lockExpiredUntold(tx, new Date(now.getTime() - NEWS_MS), now, BATCH);
      for (const row of rows) {
        const actor: Op['actor'] = { type: 'system', id: 'expiry', name: 'expiry', tenantId: row.tenant_id };
        await announceKey(tx, { ...system, actor, signal: new AbortController().signal }, row, 'expired');
      }
      if (rows.length > 0)
        await markExpiryTold(
          tx,
          rows.map(({ id }) => id),
        );
    });
  };

  return {
    pass,
    start: (): void => {
      timer = setInterval(() => {
        running = pass().catch((error: unknown) => core.log.warn({ err: error }, 'expired keys not told of yet; will be tried again'));
      }, PASS_MS).unref();
    },
    close: async (): Promise<void> => {
      clearInterval(timer);
      await running;
    },
  };
};
