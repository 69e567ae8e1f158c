import { Fault, isId, type Op } from '@miosa/kernel';
import { callJson } from '../agent/client.ts';
import { AgentAnything } from '../agent/protocol.ts';
import { withAgent } from '../agent/with-agent.ts';
import type { Core } from '../deps.ts';
import { execStream } from '../exec/service.ts';
import { writeMany } from '../files/service.ts';
import { createSandbox } from '../lifecycle/create.ts';
import { cleanHost, destroyRow } from '../lifecycle/effects.ts';
import { removeFromHost } from '../snapshots/effects.ts';
import { deleteIn, dropHidden, takeHidden } from '../snapshots/service.ts';
import { keepSnapshot } from '../snapshots/store.ts';
import { findAny } from '../store.ts';
import { auditTemplate } from './audit.ts';
import { WORKDIR } from './builtin.ts';
import { type BuildLog, openBuildLog } from './log.ts';
import type { BuildSpec } from './spec.ts';
import { filesOf, type Step, stepsOf } from './steps.ts';
import { type BuildRow, claimBuild, endBuild, keepBuild, lockTemplate, setBuildSandbox, setTemplate, type TemplateRow } from './store.ts';

/** Builds of one process at a time: each takes what a sandbox takes. */
const AT_ONCE = 2;
/** Contract 6: build time. */
const BUILD_SEC = 20 * 60;
/** Of the sandbox it is built in, should everything else fail. */
const SANDBOX_SEC = BUILD_SEC + 600;
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
const TIDY_MS = 60_000;

/** Of the one who asked for the build: it can do no more than that. */
const opOf = (core: Core, build: BuildRow, signal: AbortSignal): Op => ({
  requestId: build.request_id,
  actor: build.actor,
  ip: null,
  userAgent: null,
  log: core.log,
  now: core.now,
  signal,
});

const working = new WeakMap<Core, number>();

/** Works until nothing is queued. */
export const runQueuedBuilds = async (core: Core): Promise<void> => {
  while (!core.stopping.aborted && (working.get(core) ?? 0) < AT_ONCE) {
    working.set(core, (working.get(core) ?? 0) + 1);
    try {
      const build = await claimBuild(core.db.read, core.now(), new Date(Date.now() + LEASE_MS));
      if (build === undefined) return;
      await carryOutBuild(core, build);
    } finally {
      working.set(core, (working.get(core) ?? 1) - 1);
    }
  }
};

const carryOutBuild = async (core: Core, build: BuildRow): Promise<void> => {
  const late = AbortSignal.timeout(BUILD_SEC * 1000);
  const op = opOf(core, build, AbortSignal.any([core.stopping, late]));
  const log = openBuildLog(core, build.id);
  const renewing = setInterval(() => {
    keepBuild(core.db.read, build.id, new Date(Date.now() + LEASE_MS)).catch(() => {}); // lost: the build is given up by a reconciler
  }, RENEW_MS);
  try {
    const template = await begin(op, core, build);
    const sandboxId = await makeSandbox(op, core, build, template, log);
    try {
      await writeFiles(op, core, sandboxId, build.build_spec, log);
      for (const step of stepsOf(build.build_spec)) await runStep(op, core, sandboxId, step, log);
      log.say('Keeping the files');
      await tidy(op, core, sandboxId);
      const snapshot = await takeHidden(op, core, () => findAny(core.db.read, sandboxId));
      log.say(`Ready: ${(Number(snapshot.size_bytes) / 2 ** 20).toFixed(1)} MiB on top of what it was built from`);
      await log.close();
      await succeed(op, core, build, snapshot.id);
    } finally {
      await dropSandbox(op, core, sandboxId);
    }
  } catch (error) {
    const why = late.aborted ? `The build took longer than ${BUILD_SEC / 60} minutes.` : reasonFor(core, error);
    log.say(why);
    await log.close();
    await failBuild(op, core, build, why);
  } finally {
    clearInterval(renewing);
    await log.close();
  }
};

const reasonFor = (core: Core, error: unknown): string => {
  if (core.stopping.aborted) return 'The platform was stopped while it built. Start the build again.';
  if (error instanceof Fault && error.code !== 'INTERNAL') return error.message;
  core.log.error({ err: error }, 'a template build failed');
  return 'The platform failed to carry out the build. Start it again.';
};

const begin = (op: Op, core: Core, build: BuildRow): Promise<TemplateRow> =>
  core.db.tx(op, 'templates.builds.begin', async (tx) => {
    const template = await lockTemplate(tx, build.template_id);
    if (template === undefined) throw new Fault('GONE', 'The template was deleted.');
    return template.snapshot_id === null ? setTemplate(tx, template.id, { state: 'building', updated_at: op.now() }) : template;
  });

/** An ordinary sandbox of the template's project, metered and shown as such, that destroys itself should nobody else. */
const makeSandbox = async (op: Op, core: Core, build: BuildRow, template: TemplateRow, log: BuildLog): Promise<string> => {
  const { from, env } = build.build_spec;
  log.say(`From ${from}`);
  const { row } = await createSandbox(
    op,
    core,
    {
      ...(isId('snp', from) ? { snapshot_id: from } : { template_id: from }),
      name: `build of ${template.slug}`,
      tags: ['template-build'],
      metadata: { template_id: template.id, build_id: build.id },
      workspace_id: template.workspace_id,
      project_id: template.project_id,
      persistent: false,
      timeout_sec: SANDBOX_SEC,
      idle_timeout_sec: 0,
      env,
    },
    { bare: true },
  );
  await setBuildSandbox(core.db.read, build.id, row.id);
  if (row.state !== 'running') throw new Fault('UNAVAILABLE', `The sandbox to build in did not start: it is ${row.state}.`);
  return row.id;
};

const writeFiles = async (op: Op, core: Core, sandboxId: string, spec: BuildSpec, log: BuildLog): Promise<void> => {
  const { user } = filesOf(spec);
  if (user.length === 0) return;
  for (const { path } of user) log.say(`File ${path}`);
  const { failed } = await writeMany(op, core, sandboxId, { files: user });
  const [first] = failed as readonly { readonly path: string; readonly message: string }[];
  if (first !== undefined) throw new Fault('CONFLICT', `File ${first.path}: ${first.message}`);
};

/** What belongs to this machine and not to what is made from it goes. */
const tidy = (op: Op, core: Core, sandboxId: string): Promise<unknown> =>
  withAgent(op, core, sandboxId, 'activity', (pool) =>
    callJson(pool, { method: 'POST', path: '/tidy', timeoutMs: TIDY_MS, signal: op.signal }, AgentAnything),
  );

const runStep = async (op: Op, core: Core, sandboxId: string, step: Step, log: BuildLog): Promise<void> => {
  log.say(step.title);
  const output = log.output();
  const { command, stdin, user, cwd = WORKDIR, env } = step;
  let exit: { readonly exit_code?: unknown; readonly signal?: unknown } | undefined;
  for await (const { type, data } of await execStream(op, core, sandboxId, { command, stdin, user, cwd, env, timeout: BUILD_SEC })) {
    if (type === 'exit') exit = data;
    if (type === 'stdout' || type === 'stderr') {
      const { data: text, encoding } = data as { readonly data: string; readonly encoding: BufferEncoding };
      output.push(type, Buffer.from(text, encoding));
    }
  }
  output.end();
  if (exit?.exit_code !== 0) throw new Fault('CONFLICT', `${step.title}: ended with exit code ${exit?.exit_code}.`);
};

/** The template has these files from now on; those it had before go. */
const succeed = async (op: Op, core: Core, build: BuildRow, snapshotId: string): Promise<void> => {
  const dropped = await core.db.tx(op, 'templates.builds.ready', async (tx) => {
    const now = core.now();
    const template = await lockTemplate(tx, build.template_id);
    const ended = await endBuild(tx, build.id, { state: 'ready', error: null, at: now });
    if (template === undefined || ended === undefined) return snapshotId; // deleted, or given up, meanwhile
    await keepSnapshot(tx, snapshotId);
    await setTemplate(tx, template.id, {
      snapshot_id: snapshotId,
      ready_spec: JSON.stringify(build.build_spec),
      state: 'ready',
      updated_at: now,
    });
    if (template.snapshot_id !== null) await deleteIn(tx, op, template.snapshot_id, now, null);
    await auditTemplate(tx, op, 'templates.build', template, { metadata: { build_id: build.id } });
    return template.snapshot_id;
  });
  if (dropped === snapshotId) await dropHidden(op, core, snapshotId);
  else if (dropped !== null) await removeFromHost(core, dropped);
};

/** Also of a build whose process has died. What the template had stays usable. */
export const failBuild = async (op: Op, core: Core, build: BuildRow, why: string): Promise<void> => {
  await core.db.tx(op, 'templates.builds.failed', async (tx) => {
    const now = core.now();
    const template = await lockTemplate(tx, build.template_id);
    const ended = await endBuild(tx, build.id, { state: 'failed', error: why, at: now });
    if (template === undefined || ended === undefined) return;
    if (template.snapshot_id === null) await setTemplate(tx, template.id, { state: 'failed', updated_at: now });
    await auditTemplate(tx, op, 'templates.build', template, { errorCode: 'CONFLICT', metadata: { build_id: build.id, error: why } });
  });
};

/** A failure is logged: the sandbox has an end of its own. */
export const dropSandbox = async (op: Op, core: Core, sandboxId: string): Promise<void> => {
  try {
    if (await destroyRow(op, core, sandboxId, 'user')) await cleanHost(core, sandboxId);
  } catch (error) {
    core.log.warn({ err: error, sandboxId }, 'the sandbox of a build was not destroyed; its timer will end it');
  }
};
