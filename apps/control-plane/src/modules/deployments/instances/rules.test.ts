import { describe, expect, test } from 'vitest';
import { backoffSec, type DeploymentFacts, type InstanceFacts, isEmpty, type Plan, plan } from './rules.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const ago = (sec: number): Date => new Date(NOW.getTime() - sec * 1000);
const ahead = (sec: number): Date => ago(-sec);

const live: DeploymentFacts = {
  state: 'running',
  deleted: false,
  suspended: false,
  replicas: 1,
  dynamicVersionId: 'ver_2',
  activeEnvRevision: 1,
  restartedAt: null,
};

let count = 0;
const one = (over: Partial<InstanceFacts> = {}): InstanceFacts => ({
  id: `ins_${(count++).toString().padStart(3, '0')}`,
  versionId: 'ver_2',
  envRevision: 1,
  state: 'healthy',
  stateReason: null,
  staged: false,
  neededUntil: null,
  drainUntil: null,
  deadline: null,
  createdAt: ago(1000),
  stoppedAt: null,
  machineId: 'sbx_1',
  machine: { state: 'running', inTransition: false, reason: null, lastActivityAt: ago(10) },
  ...over,
});
const failed = (secondsAgo: number): InstanceFacts => one({ state: 'failed', stateReason: 'It broke.', stoppedAt: ago(secondsAgo) });

const rules = (instances: readonly InstanceFacts[], over: Partial<DeploymentFacts> = {}, sleepAfterSec = 0): Plan =>
  plan({ ...live, ...over }, instances, { sleepAfterSec }, NOW);
const stopped = ({ stop }: Plan): string[] => stop.map(({ id }) => id);

describe('as many as are wanted', () => {
  test('nothing is to be done when they are there', () => expect(isEmpty(rules([one()]))).toBe(true));
  test('missing ones are started, coming ones are counted', () => {
    expect(rules([one({ state: 'starting', deadline: ahead(10) })], { replicas: 3 }).start).toBe(2);
  });
  test('more replicas start more, fewer stop the youngest, coming ones first', () => {
    const [old, young] = [one({ createdAt: ago(100) }), one({ createdAt: ago(50) })];
    const coming = one({ state: 'starting', deadline: ahead(10), createdAt: ago(200) });
    expect(rules([old, young], { replicas: 5 }).start).toBe(3);
    expect(stopped(rules([old, young, coming], { replicas: 2 }))).toEqual([coming.id]);
    expect(stopped(rules([old, young], { replicas: 1 }))).toEqual([young.id]);
  });
  test('nothing that is live, or a static site, needs none', () => {
    expect(stopped(rules([one()], { dynamicVersionId: null }))).toHaveLength(1);
    expect(isEmpty(rules([], { dynamicVersionId: null }))).toBe(true);
    expect(isEmpty(rules([], { state: 'building' }))).toBe(true);
  });
  test('a stopped deployment lets its instances answer what they answer, a deleted one does not', () => {
    const running = one();
    expect(rules([running], { state: 'stopped' }).stop).toEqual([{ id: running.id, drain: true }]);
    expect(rules([running], { deleted: true }).stop).toEqual([{ id: running.id, drain: false }]);
  });
  test('carried out, a plan leaves nothing to do', () => {
    const old = one({ versionId: 'ver_1' });
    const first = rules([old]);
    expect([first.start, stopped(first)]).toEqual([1, [old.id]]);
    const after = [
      one({ state: 'stopping', drainUntil: ahead(30), versionId: 'ver_1' }),
      one({ state: 'pending', deadline: ahead(15), machine: null }),
    ];
    expect(isEmpty(rules(after))).toBe(true);
  });
});

describe('versions', () => {
  test('one that is being rolled out stays until its time is over, or it is live', () => {
    const next = one({ versionId: 'ver_3', neededUntil: ahead(60) });
    expect(isEmpty(rules([one(), next]))).toBe(true);
    expect(stopped(rules([one(), { ...next, neededUntil: ago(1) }]))).toEqual([next.id]);
    expect(isEmpty(rules([next], { dynamicVersionId: 'ver_3' }))).toBe(true);
  });
  test('a staged one stays while its address is visited', () => {
    const seen = (sec: number) => ({ state: 'running' as const, inTransition: false, reason: null, lastActivityAt: ago(sec) });
    const staged = one({ versionId: 'ver_1', staged: true, neededUntil: ago(100), machine: seen(200) });
    expect(isEmpty(rules([one(), staged]))).toBe(true);
    expect(stopped(rules([one(), { ...staged, machine: seen(301) }]))).toEqual([staged.id]);
  });
  test('after a restart or another environment the old ones serve until the new ones do', () => {
    for (const over of [{ restartedAt: ago(5) }, { activeEnvRevision: 2 }]) {
      const old = one();
      const fresh = one({ createdAt: ago(1), envRevision: over.activeEnvRevision ?? 1 });
      const before = rules([old], over);
      expect([before.start, stopped(before)]).toEqual([1, []]);
      expect(stopped(rules([old, { ...fresh, state: 'starting', deadline: ahead(10) }], over))).toEqual([]);
      expect(stopped(rules([old, fresh], over))).toEqual([old.id]);
    }
  });
});

describe('failures', () => {
  test('the first is made good at once, the next ones later and later', () => {
    expect([0, 1, 2, 3, 4, 20].map(backoffSec)).toEqual([0, 0, 10, 20, 40, 300]);
    expect(rules([failed(1)]).start).toBe(1);
    expect(rules([failed(30), failed(5)]).start).toBe(0);
    expect(rules([failed(30), failed(11)]).start).toBe(1);
  });
  test('a deployment of which nothing serves says why, and serves again by itself', () => {
    expect(rules([failed(30), failed(5)]).state).toEqual({ state: 'failed', reason: 'It broke.' });
    expect(rules([failed(30), failed(5), one()]).state).toBeNull();
    expect(rules([failed(30), one({ state: 'starting', deadline: ahead(10) })]).state).toBeNull();
    expect(rules([failed(30), one()], { state: 'failed' }).state).toEqual({ state: 'running' });
  });
  test('a lost machine is replaced at once', () => {
    const lost = one({ machine: { state: 'error', inTransition: false, reason: 'lost', lastActivityAt: null } });
    const todo = rules([lost]);
    expect([todo.fail.map(({ id }) => id), todo.start]).toEqual([[lost.id], 1]);
    const returning = { ...lost, machine: { ...lost.machine, inTransition: true } } as InstanceFacts;
    expect(isEmpty(rules([returning]))).toBe(true);
  });
  test('an unhealthy one serves until it is replaced', () => {
    const sick = one({ state: 'unhealthy' });
    expect([rules([sick]).start, stopped(rules([sick]))]).toEqual([1, []]);
    expect(stopped(rules([sick, one()]))).toEqual([sick.id]);
  });
  test('one that nobody brings up any more is taken over', () => {
    const left = one({ state: 'pending', machine: null, machineId: null, deadline: ago(1) });
    expect(rules([left]).resume).toEqual([left.id]);
  });
  test('the end of a drain ends the instance, not before', () => {
    const leaving = (sec: number) => one({ state: 'stopping', versionId: 'ver_1', drainUntil: ahead(sec) });
    expect(rules([one(), leaving(1)]).end).toEqual([]);
    expect(rules([one(), leaving(0)]).end).toHaveLength(1);
  });
});

describe('sleep', () => {
  const machine = (over: Partial<NonNullable<InstanceFacts['machine']>>) => ({
    machine: { state: 'running' as const, inTransition: false, reason: null, lastActivityAt: ago(1000), ...over },
  });
  test('is off unless the operator says otherwise, and only for a single replica', () => {
    const idle = one(machine({}));
    expect(rules([idle]).sleep).toEqual([]);
    expect(rules([idle], {}, 600).sleep).toEqual([idle.id]);
    expect(rules([idle, one(machine({}))], { replicas: 2 }, 600).sleep).toEqual([]);
    expect(rules([one(machine({ lastActivityAt: ago(601) }))], {}, 600).sleep).toEqual([]);
  });
  test('of a sleeping one is left alone, of one that the host put to rest is ended', () => {
    const asleep = one(machine({ state: 'paused', reason: 'idle' }));
    const rested = one(machine({ state: 'paused', reason: 'operator' }));
    expect(isEmpty(rules([asleep], {}, 600))).toBe(true);
    expect(rules([asleep]).wake).toEqual([asleep.id]);
    expect(rules([rested], {}, 600).wake).toEqual([rested.id]);
    expect(rules([rested], { suspended: true }, 600).wake).toEqual([]);
  });
});
