import { createInterface } from 'node:readline';
import { dropRights } from '../rights.ts';
import type { Ask, Granted, Reply, Setup, Verdict } from './protocol.ts';
import { serveDns } from './serve.ts';

type Waiting = (reply: Reply) => void;

/**
 * The name server process: in a network namespace of its own from which only the upstream resolver is reachable, as a user without
 * rights. It reads what sandboxes and the internet send, so it decides nothing and can be lost. Ends when the runner does.
 */
const main = async (): Promise<void> => {
  const waiting = new Map<number, Waiting>();
  let setup: Setup = { upstream: null };
  let count = 0;
  const ask = (body: Omit<Extract<Ask, { question: unknown }>, 'n'> | Omit<Extract<Ask, { found: unknown }>, 'n'>): Promise<Reply> =>
    new Promise((resolve) => {
      count += 1;
      waiting.set(count, resolve);
      process.stdout.write(`${JSON.stringify({ ...body, n: count })}\n`);
    });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const reply = JSON.parse(line) as Reply;
    if ('setup' in reply) {
      setup = reply.setup;
      return;
    }
    waiting.get(reply.n)?.(reply);
    waiting.delete(reply.n);
  });
  lines.on('close', () => process.exit(0));
  process.stdout.on('error', () => process.exit(0));
  await serveDns({
    upstream: () => setup.upstream,
    judge: async (question): Promise<Verdict> => {
      const reply = await ask({ question });
      return 'verdict' in reply ? reply.verdict : 'refuse';
    },
    grant: async (found): Promise<Granted> => {
      const reply = await ask({ found });
      return 'granted' in reply ? reply.granted : null;
    },
  });
  dropRights();
  process.stdout.write(`${JSON.stringify({ n: 0, ready: true })}\n`);
};

main().catch((error: unknown) => {
  process.stderr.write(`name server: ${String(error)}\n`);
  process.exit(1);
});
