import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { databaseFault, migrate } from '@miosa/db';
import { createLog } from '@miosa/http';
import type { Log } from '@miosa/kernel';
import { type ControlPlane, compose } from './compose.ts';
import { type Config, readConfig } from './config.ts';

/** A database that starts together with us may need some seconds (recovery after a crash); longer is a fault to report. */
const DATABASE_WITHIN_MS = 30_000;

const migrated = async (config: Config, log: Log): Promise<void> => {
  for (const deadline = Date.now() + DATABASE_WITHIN_MS; ; ) {
    try {
      return await migrate(config.migrationUrl);
    } catch (error) {
      if (databaseFault(error)?.code !== 'UNAVAILABLE' || Date.now() > deadline) throw error;
      log.debug({ error }, 'waiting for the database');
      await sleep(100);
    }
  }
};

const stopOnSignal = (controlPlane: ControlPlane, log: Log): void => {
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    await controlPlane.close();
    process.exit(0);
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
};

/**
 * By default V8 collects the whole heap after each 64 MiB of buffers that passed through, long freed ones too: a download of 100 MiB cost 200 ms of
 * collecting in pauses of up to 60 ms, for everybody. As part of the usual limit they cost half of that, in bounded memory as before.
 */
setFlagsFromString('--external-memory-accounted-in-global-limit');

const run = async (): Promise<void> => {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel, 'control-plane');
  // State may be half-changed after such an error: end, and let the supervisor start anew.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error({ error }, `unexpected: ${event}`);
      process.exit(1);
    });
  }
  await migrated(config, log);
  const controlPlane = await compose(config, log);
  stopOnSignal(controlPlane, log);
  await controlPlane.start();
  await controlPlane.server.listenInternal(config.sockets.internal);
  await controlPlane.server.listen(config.sockets.public);
  log.info({ socket: config.sockets.public }, 'listening');
};

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
