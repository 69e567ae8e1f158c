import { setTimeout as sleep } from 'node:timers/promises';
import { timed } from '../stats.ts';
import { connect, type LoadResult, startLoader } from './load.ts';
import { keyAt, keyIdAt, ORGANIZATIONS } from './seed.ts';
import type { Servers } from './servers.ts';

const ASK_EVERY_MS = 2;
const CONNECTIONS = 4;

/**
 * Keys are revoked through one process while all of `inUse` keys are used at another. A delay runs from sending the revocation to the first
 * refusal at the other process, so it contains the revoking call itself.
 */
export const measureRevocation = async ({ a, b }: Servers, inUse: number, revoked: number): Promise<{ ms: number[]; load: LoadResult }> => {
  const keys = Array.from({ length: inUse }, (_, index) => keyAt(index));
  const loader = startLoader();
  const [revoking, asking] = [connect(a.publicSocket), connect(b.publicSocket)];
  const path = '/api/v1/platform/tenants/current';
  const use = async (seconds: number): Promise<LoadResult> =>
    loader.load({ socketPath: b.publicSocket, connections: CONNECTIONS, seconds, path, keys });
  const ms: number[] = [];
  try {
    await use(2); // every key is known there
    const load = use(revoked / 20 + 2);
    for (let index = inUse - revoked; index < inUse; index++) {
      const victim = keyAt(index);
      // Refused credentials have a limit by address; it must not be what refuses here.
      const from = `198.51.${100 + (index >> 8)}.${index & 255}`;
      if ((await asking.send({ path, key: victim, from })) !== '200') throw new Error(`key ${index} was refused before it was revoked`);
      const { ms: delay } = await timed(async () => {
        const ended = await revoking.send({
          method: 'DELETE',
          path: `/api/v1/api-keys/${keyIdAt(index)}`,
          key: keyAt(index % ORGANIZATIONS),
        });
        if (ended !== '200') throw new Error(`revoking key ${index} was answered with ${ended}`);
        while ((await asking.send({ path, key: victim, from })) !== '401') await sleep(ASK_EVERY_MS);
      });
      ms.push(delay);
    }
    return { ms, load: await load };
  } finally {
    revoking.close();
    asking.close();
    loader.stop();
  }
};
