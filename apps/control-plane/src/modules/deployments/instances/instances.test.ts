import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type App, createDynamicWorld, type DynamicWorld, startApp } from '../testing/dynamic.ts';
import type { DeploymentRow, InstanceRow, VersionRow } from '../types.ts';
import { checkInstances } from './check.ts';
import { rollOut } from './rollout.ts';
import { wakeVersion } from './staged.ts';
import { tendInstances } from './tend.ts';

vi.setConfig({ testTimeout: 90_000 });

let w: DynamicWorld;
let app: App;
beforeAll(async () => {
  w = await createDynamicWorld();
  app = await startApp();
});
afterEach(() => {
  app.status = 200;
  for (const name of Object.keys(w.over)) delete w.over[name as keyof typeof w.over];
});
afterAll(async () => {
  await app?.close();
  await w?.close();
});

/** Live in the way a publish makes it so. */
const published = async (over: Partial<DeploymentRow> = {}): Promise<{ id: string; version: VersionRow }> => {
  const deployment = await w.deployment(over);
  return { id: deployment.id, version: await publish(deployment.id) };
};

const publish = async (id: string, over: Partial<VersionRow> = {}): Promise<VersionRow> => {
  const deployment = await w.row(id);
  const version = await w.version(deployment, { port: app.port, ...over });
  const rollout = await rollOut(w.op(), w.core, deployment, version);
  await w.promote(id, version);
  await rollout.settled();
  return version;
};

const inStates = async (id: string, ...states: InstanceRow['state'][]): Promise<InstanceRow[]> =>
  (await w.instances(id)).filter(({ state }) => states.includes(state));

/** What the edge would send visitors to. */
const routed = async (id: string): Promise<string[]> => {
  const { rows } = await sql<{ ids: string[] }>`
    select array(select x ->> 'id' from jsonb_array_elements(deployment_instances_of(d.active_version_id)) x) as ids
      from deployments d where d.id = ${id}`.execute(w.core.db.read);
  return rows[0]?.ids ?? [];
};

const machineState = async ({ machine_id }: InstanceRow): Promise<string | undefined> =>
  (await w.core.machines.find([machine_id ?? ''])).get(machine_id ?? '')?.state;

/** As the platform's, with an end of the wait that a test can see. Whoever is to become healthy has longer. */
const impatient = () => ({ ...w.core, policy: { ...w.core.policy, healthGraceSec: 2 } });

/** Reconcilers until `check` holds. */
const until = async (check: () => Promise<boolean>, core = w.core): Promise<void> => {
  await expect
    .poll(
      async () => {
        await tendInstances(core);
        return check();
      },
      { timeout: 60_000 },
    )
    .toBe(true);
};

describe('a rollout', () => {
  test('starts every replica from the release, with the frozen environment, and moves visitors when they are healthy', async () => {
    const { id } = await published({ replicas: 2 });
    const [first, second] = await inStates(id, 'healthy');
    expect([...(await routed(id))].toSorted()).toEqual([first?.id, second?.id].toSorted());
    let out = '';
    const command = 'echo $GREETING $PORT $MIOSA_DEPLOYMENT_ID "<$MIOSA_SANDBOX_ID>"';
    for await (const said of w.core.machines.exec(w.op(), first?.machine_id ?? '', { command, timeoutSec: 10 }))
      if (said.type === 'stdout') out += said.bytes.toString();
    expect(out.trim()).toBe(`hello ${app.port} ${id} <>`);
  });

  test('of the next version takes the old ones off the route, lets them drain, then ends them', async () => {
    const { id, version } = await published();
    const [old] = await inStates(id, 'healthy');
    const next = await publish(id);
    const [fresh] = await inStates(id, 'healthy');
    expect([fresh?.version_id, await routed(id)]).toEqual([next.id, [fresh?.id]]);
    const [draining] = await inStates(id, 'stopping');
    expect([draining?.id, draining?.version_id, await machineState(old as InstanceRow)]).toEqual([old?.id, version.id, 'running']);
    await tendInstances(w.core);
    expect(await inStates(id, 'stopping')).toHaveLength(1);
    w.world.advance(31_000);
    await until(async () => (await inStates(id, 'stopped')).length === 1);
    await until(async () => (await machineState(old as InstanceRow)) === 'destroyed');
  });

  test('asks the app of what has drained to end, once, and gives it time before its machine goes', async () => {
    const { id } = await published();
    const [old] = await inStates(id, 'healthy');
    const asked: [string, number][] = [];
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    w.over.stopApp = async (machineId, { graceMs }) => {
      asked.push([machineId, graceMs]);
      await ended;
    };
    await publish(id);
    await tendInstances(w.core);
    expect(asked).toEqual([]); // it still answers
    w.world.advance(31_000);
    await until(async () => asked.length > 0);
    await tendInstances(w.core);
    await tendInstances(w.another().core);
    expect([await machineState(old as InstanceRow), await inStates(id, 'stopping')]).toMatchObject(['running', [{ id: old?.id }]]);
    end();
    await until(async () => (await machineState(old as InstanceRow)) === 'destroyed');
    expect([asked, (await inStates(id, 'stopped')).length]).toEqual([[[old?.machine_id, 10_000]], 1]);
  });

  test('whose app cannot be asked to end goes all the same', async () => {
    const { id } = await published();
    const [old] = await inStates(id, 'healthy');
    w.over.stopApp = () => Promise.reject(new Error('an agent of before'));
    await w.set(id, { state: 'stopped' });
    await until(async () => (await inStates(id, 'stopping')).length === 1);
    w.world.advance(31_000);
    await until(async () => (await machineState(old as InstanceRow)) === 'destroyed');
  });

  test('back to the version before, while that still drains, starts nothing', async () => {
    const { id, version } = await published();
    const [old] = await inStates(id, 'healthy');
    await publish(id);
    expect((await inStates(id, 'stopping')).map((one) => one.id)).toEqual([old?.id]);
    const rollout = await rollOut(w.op(), w.core, await w.row(id), version);
    await w.promote(id, version);
    await rollout.settled();
    expect([await routed(id), (await w.instances(id)).length]).toEqual([[old?.id], 2]);
    w.world.advance(31_000);
    await until(async () => (await inStates(id, 'stopped')).length === 1);
    expect(await routed(id)).toEqual([old?.id]);
  });

  test('that is given up lets what it took back drain again', async () => {
    const { id, version } = await published();
    await publish(id);
    const rollout = await rollOut(w.op(), w.core, await w.row(id), version);
    expect(await inStates(id, 'healthy')).toHaveLength(2);
    await rollout.undo();
    await until(async () => (await inStates(id, 'stopped')).length === 1);
    expect(await inStates(id, 'healthy')).toHaveLength(1);
  });

  test('that never becomes healthy leaves nothing of itself, says why, and the old one serves', async () => {
    const { id } = await published();
    const before = await routed(id);
    const deployment = await w.row(id);
    w.over.ports = async () => [8080];
    w.over.tail = async () => [{ stream: 'stdout', line: 'listening on 8080' }];
    const version = await w.version(deployment, { port: 1 });
    const failing = rollOut(w.op(), impatient(), deployment, version);
    await expect(failing).rejects.toThrow(/Nothing listened on port 1 .* listens on 8080. Set port to 8080.*listening on 8080/);
    expect(await routed(id)).toEqual(before);
    const [failed] = (await w.instances(id)).filter((one) => one.version_id === version.id);
    expect([failed?.state, failed?.last_lines]).toEqual(['failed', [['stdout', 'listening on 8080']]]);
    await until(async () => (await machineState(failed as InstanceRow)) === 'destroyed');
    expect((await w.row(id)).state).toBe('running');
  });

  test.each([
    [500, /answered with 500/],
    [0, /did not answer GET \//],
  ])('whose app answers with %d fails', async (status, message) => {
    const deployment = await w.deployment();
    app.status = status;
    const version = await w.version(deployment, { port: app.port });
    await expect(rollOut(w.op(), impatient(), deployment, version)).rejects.toThrow(message);
  });

  test.each([200, 302, 404])('whose app answers with %d is healthy', async (status) => {
    app.status = status;
    expect(await inStates((await published()).id, 'healthy')).toHaveLength(1);
  });

  test('of an app that ends again and again does not take the whole grace', async () => {
    const deployment = await w.deployment();
    w.over.app = async () => ({ state: 'exited', resting: true, exitCode: 7, restarts: 3, startedAt: new Date() });
    const failing = rollOut(w.op(), w.core, deployment, await w.version(deployment, { port: 1 }));
    await expect(failing).rejects.toThrow(/exit code 7, 4 times in a row/);
  });

  test('that is cancelled leaves nothing', async () => {
    const deployment = await w.deployment();
    const cancelled = new AbortController();
    const version = await w.version(deployment, { port: 1 });
    const rolling = rollOut({ ...w.op(), signal: cancelled.signal }, w.core, deployment, version);
    setTimeout(() => cancelled.abort(new Error('cancelled')), 300);
    await expect(rolling).rejects.toThrow('cancelled');
    await until(async () => (await inStates(deployment.id, 'stopped', 'failed')).length === 1);
    const [one] = await w.instances(deployment.id);
    await until(async () => one?.machine_id === null || (await machineState(one as InstanceRow)) === 'destroyed');
  });
});

describe('the reconciler', () => {
  test('follows replicas, stop, start, restart and deletion', async () => {
    const { id } = await published();
    await w.set(id, { replicas: 3 });
    await until(async () => (await inStates(id, 'healthy')).length === 3);
    await w.set(id, { replicas: 1 });
    await until(async () => (await inStates(id, 'healthy')).length === 1);
    await w.set(id, { state: 'stopped' });
    await until(async () => (await inStates(id, 'healthy')).length === 0);
    expect(await routed(id)).toEqual([]);
    await w.set(id, { state: 'running' });
    await until(async () => (await inStates(id, 'healthy')).length === 1);
    const [before] = await inStates(id, 'healthy');
    await w.set(id, { restarted_at: w.core.now() });
    await until(async () => (await inStates(id, 'healthy')).some((one) => one.id !== before?.id));
    await until(async () => !(await routed(id)).includes(before?.id ?? ''));
    await w.set(id, { deleted_at: w.core.now(), state: 'stopped' });
    await until(async () => (await inStates(id, 'pending', 'starting', 'healthy', 'unhealthy', 'stopping')).length === 0);
    await until(async () => {
      const states = await Promise.all((await w.instances(id)).map(machineState));
      return states.every((state) => state === 'destroyed');
    });
  });

  test('replaces one whose machine is gone', async () => {
    const { id } = await published();
    const [lost] = await inStates(id, 'healthy');
    await w.core.machines.destroy(w.op(), lost?.machine_id ?? '');
    await until(async () => (await inStates(id, 'healthy')).some((one) => one.id !== lost?.id));
    expect((await inStates(id, 'failed')).map((one) => [one.id, one.state_reason])).toEqual([[lost?.id, 'Its machine is gone.']]);
    expect((await w.row(id)).state).toBe('running');
  });

  test('finishes what a process of the control plane that died had begun', async () => {
    const { id } = await published();
    await w.set(id, { replicas: 2 });
    const dying = w.another();
    app.status = 503;
    await tendInstances(dying.core);
    await expect.poll(async () => (await inStates(id, 'starting')).length).toBe(1);
    dying.stop();
    await Promise.allSettled(dying.core.background);
    app.status = 200;
    await tendInstances(w.core);
    expect(await inStates(id, 'starting')).toHaveLength(1); // its lease holds
    w.world.advance(16_000);
    await until(async () => (await inStates(id, 'healthy')).length === 2);
  });

  test('of two processes starts what is missing once', async () => {
    const { id } = await published();
    await w.set(id, { replicas: 2 });
    const other = w.another();
    await Promise.all([tendInstances(w.core), tendInstances(other.core), tendInstances(w.core)]);
    await until(async () => (await inStates(id, 'healthy')).length === 2);
    expect(await w.instances(id)).toHaveLength(2);
  });

  test('removes the machine of an instance that ended while its process died', async () => {
    const { id } = await published();
    const [one] = await inStates(id, 'healthy');
    await sql`update deployment_instances set state = 'stopped', stopped_at = now() where id = ${one?.id}`.execute(w.core.db.read);
    await until(async () => (await machineState(one as InstanceRow)) === 'destroyed');
  });

  test('says why nothing serves, and the deployment comes back by itself', async () => {
    const { id } = await published();
    const [one] = await inStates(id, 'healthy');
    app.status = 500;
    await w.core.machines.destroy(w.op(), one?.machine_id ?? '');
    await until(async () => (await w.row(id)).state === 'failed', impatient());
    expect((await w.row(id)).state_reason).toContain('answered with 500');
    app.status = 200;
    w.world.advance(11_000);
    await until(async () => (await w.row(id)).state === 'running');
    expect((await w.row(id)).state_reason).toBeNull();
  });
});

describe('health', () => {
  const check = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      w.world.advance(10_001);
      await checkInstances(w.core);
    }
  };

  test('that is missed three times makes an instance unhealthy, and it is replaced', async () => {
    const { id } = await published();
    const [sick] = await inStates(id, 'healthy');
    app.status = 500;
    await check(2);
    expect(await inStates(id, 'unhealthy')).toHaveLength(0);
    await check(1);
    expect((await inStates(id, 'unhealthy')).map((one) => one.id)).toEqual([sick?.id]);
    expect(await routed(id)).toContain(sick?.id); // better than nothing
    app.status = 200;
    w.world.advance(30_000);
    await until(async () => (await inStates(id, 'healthy')).length === 1);
    await until(async () => !(await routed(id)).includes(sick?.id ?? '') || (await inStates(id, 'healthy'))[0]?.id === sick?.id);
  });

  test('of a crash loop ends the instance', async () => {
    const { id } = await published();
    const [one] = await inStates(id, 'healthy');
    w.over.app = async (machineId) =>
      machineId === one?.machine_id ? { state: 'running', resting: false, exitCode: 1, restarts: 5, startedAt: new Date() } : null;
    await check(1);
    await until(async () => (await inStates(id, 'failed')).length === 1);
    expect((await inStates(id, 'failed'))[0]).toMatchObject({
      id: one?.id,
      restarts: 5,
      state_reason: expect.stringContaining('Crash loop'),
    });
  });
});

describe('a staged version', () => {
  test('is started once, however many visit it, and goes when nobody does', async () => {
    const deployment = await w.deployment();
    const version = await w.version(deployment, { port: app.port });
    const woken = await Promise.all([
      wakeVersion(w.core, version.id),
      wakeVersion(w.core, version.id),
      wakeVersion(w.another().core, version.id),
    ]);
    const [one] = await w.instances(deployment.id);
    expect(woken.map((all) => all.map(({ id }) => id))).toEqual([[one?.id], [one?.id], [one?.id]]);
    expect(one).toMatchObject({ state: 'healthy', staged: true });
    await tendInstances(w.core);
    expect(await inStates(deployment.id, 'healthy')).toHaveLength(1);
    w.world.advance(301_000);
    await until(async () => (await inStates(deployment.id, 'healthy')).length === 0);
  });

  test('of which nothing is known is 404', async () => {
    await expect(wakeVersion(w.core, 'ver_none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('sleep', () => {
  test('comes after the operator’s time without a visit, and ends with the next one', async () => {
    const sleepy = await createDynamicWorld({ sleepAfterSec: 60 });
    try {
      const deployment = await sleepy.deployment();
      const version = await sleepy.version(deployment, { port: app.port });
      const rollout = await rollOut(sleepy.op(), sleepy.core, deployment, version);
      await sleepy.promote(deployment.id, version);
      await rollout.settled();
      const [one] = await sleepy.instances(deployment.id);
      const state = async () => (await sleepy.core.machines.find([one?.machine_id ?? ''])).get(one?.machine_id ?? '')?.state;
      sleepy.world.advance(70_000);
      await tendInstances(sleepy.core);
      await expect.poll(state).toBe('paused');
      await tendInstances(sleepy.core);
      await checkInstances(sleepy.core);
      expect(await state()).toBe('paused');
      expect((await wakeVersion(sleepy.core, version.id)).map(({ id }) => id)).toEqual([one?.id]);
      expect(await state()).toBe('running');
    } finally {
      await sleepy.close();
    }
  });
});
