import { createInterface } from 'node:readline';
import { dropRights } from '../rights.ts';
import type { Ask, Opening, Reaching, Reply, Setup } from './protocol.ts';
import { serveEgress } from './serve.ts';

type Waiting = (reply: Reply) => void;

/**
 * The egress proxy process: in a network namespace of its own from which only the resolver and the public internet are reachable, as a
 * user without rights. It has the secrets of connections that are open, and no key that outlives them. Ends when the runner does.
 */
const main = async (): Promise<void> => {
  const waiting = new Map<number, Waiting>();
  let setup: Setup = { upstream: null, authorities: '' };
  let count = 0;
  const ask = (body: { readonly opening: Opening } | { readonly reaching: Reaching }): Promise<Reply> =>
    new Promise((resolve) => {
      count += 1;
      waiting.set(count, resolve);
      process.stdout.write(`${JSON.stringify({ ...body, n: count } satisfies Ask)}\n`);
    });
  const egress = await serveEgress({
    setup: () => setup,
    open: async (opening) => {
      const reply = await ask({ opening });
      return 'opened' in reply ? reply.opened : null;
    },
    reach: async (reaching) => {
      const reply = await ask({ reaching });
      return 'addresses' in reply ? reply.addresses : [];
    },
  });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const reply = JSON.parse(line) as Reply;
    if ('setup' in reply) {
      setup = reply.setup;
      egress.renew();
    } else if ('drop' in reply) egress.drop(reply.drop);
    else {
      waiting.get(reply.n)?.(reply);
      waiting.delete(reply.n);
    }
  });
  lines.on('close', () => process.exit(0));
  process.stdout.on('error', () => process.exit(0));
  dropRights();
  process.stdout.write(`${JSON.stringify({ n: 0, ready: true } satisfies Ask)}\n`);
};

main().catch((error: unknown) => {
  process.stderr.write(`egress proxy: ${String(error)}\n`);
  process.exit(1);
});
