import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedPostgres, ensureSystemUser, type SystemUser } from '@miosa/db';
import { type Layout, layoutOf, type Options, REPOSITORY, SetupError } from './options.ts';
import { createService, type Service } from './service/service.ts';
import { controlPlaneSpec, edgeSpec, postgresSpec, runnerSpec } from './service/specs.ts';
import { removeCodeView, showCode } from './setup/code-view.ts';
import { type Credentials, firstStart } from './setup/first-start.ts';
import { checkDisk, checkReachable, makeFolders } from './setup/folders.ts';
import { makeKeys } from './setup/keys.ts';
import { type Lock, takeLock } from './setup/lock.ts';
import { checkPorts } from './setup/ports.ts';
import { makeCertificates } from './setup/tls.ts';

export interface Platform {
  readonly credentials: Credentials | null;
  /** This start made the organization; show the key now, never again. */
  readonly isNew: boolean;
  /**
   * Edge, control plane, runner (with the sandboxes' processes), database: in that order, so nothing meets a missing partner. False when
   * something could not be ended or taken off the host; it has been said then.
   */
  stop(): Promise<boolean>;
}

/** Services of one stage start side by side: the runner needs no database. */
const stagesOf = (options: Options, layout: Layout, user: SystemUser, say: (text: string) => void): Service[][] => {
  const server = embeddedPostgres({ dataDir: layout.cluster, socketDir: layout.postgresSockets, cacheDir: options.cache });
  // An external database has the users its administrator gave us.
  const external = options.databaseUrl;
  const databases =
    external === null ? { owner: server.url, controlPlane: server.urlFor('miosa_control_plane') } : { owner: null, controlPlane: external };
  const stages = [
    [...(options.databaseUrl === null ? [postgresSpec(layout, server)] : []), runnerSpec(options, layout)],
    [controlPlaneSpec(options, layout, user, databases)],
    [edgeSpec(options, layout, user, external ?? server.urlFor('miosa_edge'))],
  ];
  return stages.map((specs) => specs.map((spec) => createService(spec, layout.logs, say)));
};

const prepare = async (options: Options, layout: Layout): Promise<SystemUser> => {
  const user = await ensureSystemUser('miosa');
  // First, since a view left by a killed supervisor makes its folder read-only.
  removeCodeView(layout.app);
  makeFolders(options, layout, user);
  checkDisk(options);
  checkReachable([layout.node, layout.run, layout.tls], user);
  makeKeys(layout.keys, user);
  await makeCertificates(layout.tls, options, user);
  return user;
};

/** Process ids by name, for `status` and for people with a debugger. */
const writePids = (layout: Layout, services: readonly Service[]): void => {
  const pids = Object.fromEntries([['supervisor', process.pid], ...services.map(({ name, pid }) => [name, pid])]);
  const part = join(layout.run, '.pids.json');
  writeFileSync(part, `${JSON.stringify(pids)}\n`);
  renameSync(part, layout.pids);
};

export const startPlatform = async (options: Options, say: (text: string) => void, abort: AbortSignal): Promise<Platform> => {
  const layout = layoutOf(options);
  const lock: Lock = takeLock(layout.lock);
  const running: Service[] = [];
  let pids: NodeJS.Timeout | undefined;
  const stop = async () => {
    clearInterval(pids);
    let clean = true;
    for (const service of [...running].reverse()) {
      await service.stop().catch((error: Error) => {
        clean = false;
        say(`${service.name} did not stop cleanly: ${error.message}`);
      });
    }
    removeCodeView(layout.app);
    // A start that was refused (port taken) leaves the trace of a crash before it.
    if (clean && running.length > 0) rmSync(layout.pids, { force: true });
    if (!clean) say("sandboxes may still run and mounts may be left; './miosa down' tries again to end them");
    lock.release();
    return clean;
  };
  try {
    await checkPorts(options, existsSync(layout.pids));
    const user = await prepare(options, layout);
    const stages = stagesOf(options, layout, user, say);
    const services = stages.flat();
    pids = setInterval(() => writePids(layout, services), 500);
    writePids(layout, services);
    showCode(REPOSITORY, layout.app);
    for (const stage of stages) {
      if (abort.aborted) throw new SetupError('interrupted.');
      running.push(...stage);
      await Promise.race([Promise.all(stage.map((service) => startOne(service, say))), aborted(abort)]);
    }
    writePids(layout, services);
    const { credentials, isNew } = await firstStart(options, layout);
    return { credentials, isNew, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const startOne = async (service: Service, say: (text: string) => void): Promise<void> => {
  const startedAt = Date.now();
  await service.start();
  say(`${service.name} ready (${Date.now() - startedAt} ms)`);
};

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new SetupError('interrupted.')), { once: true }));
