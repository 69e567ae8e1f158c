import { join } from 'node:path';
import { pino } from 'pino';
import { readConfig } from './config.ts';
import { openRunner } from './oci/runner.ts';
import { type Answer, route } from './routes.ts';
import { assertAlone, serve } from './server.ts';

/**
 * The runner process. SIGTERM and SIGINT: finish requests under way and exit; sandboxes go on and the next runner adopts them.
 * POST /shutdown: stop every sandbox (files kept), take down everything on the host, answer, exit 0.
 */
const main = async (): Promise<void> => {
  const config = readConfig(process.env);
  const log = pino({ name: 'runner', level: config.logLevel });
  const socketPath = join(config.dataDir, 'run', 'runner.sock');
  await assertAlone(socketPath);
  // Ending is the recovery: the supervisor starts a new runner, which adopts what runs.
  const runner = await openRunner(config, log, (reason) => {
    log.fatal({ reason }, 'runner ends');
    process.exit(1);
  });
  let ending: Promise<Answer> | null = null;
  const shutdown = async (): Promise<Answer> => {
    await runner.shutdown();
    log.info({}, 'clean stop');
    setImmediate(() => void server.close().then(() => process.exit(0)));
    return { status: 200, body: { stopped: true } };
  };
  const server = await serve({
    path: socketPath,
    gid: config.gid,
    log,
    handle: (method, path, body) => {
      if (method === 'POST' && path === '/shutdown') {
        ending ??= shutdown();
        return ending;
      }
      return route(runner, method, path, body);
    },
  });
  const leave = async (signal: string): Promise<void> => {
    log.info({ signal }, 'runner leaves; sandboxes go on');
    await server.close();
    await runner.leave();
    process.exit(0);
  };
  process.once('SIGTERM', () => void leave('SIGTERM'));
  process.once('SIGINT', () => void leave('SIGINT'));
};

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
