import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceRoute } from '../routes/deployment-types.ts';
import { deploy, instanceOn } from '../testing/deployments.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ holdMs: 1_500 });
});
afterAll(() => platform.close());

/** A machine with an app on port 3000. */
const machine = async (handler: RequestListener, fields: Partial<InstanceRoute> = {}): Promise<InstanceRoute> => {
  const { agent } = await platform.sandbox();
  await platform.app(agent, handler, 3000);
  return instanceOn(agent, fields);
};
const saying =
  (text: string): RequestListener =>
  (_req, res) =>
    void res.end(text);
const json = { headers: { accept: 'application/json' } };
const until = async (done: () => boolean | Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 100 && !(await done()); i++) await sleep(20);
};

describe('states', () => {
  it.each([
    ['deleted', {}, 404, 'NOT_FOUND'],
    ['pending', { versionId: null }, 404, 'NOT_FOUND'],
    ['building', { versionId: null }, 503, 'UNAVAILABLE'],
    ['stopped', { kind: 'static' }, 503, 'UNAVAILABLE'],
    ['failed', { kind: 'dynamic' }, 503, 'UNAVAILABLE'],
  ] as const)('%s says so', async (state, fields, status, code) => {
    const { host } = deploy(platform, { state, ...fields });
    const answer = await platform.get(host, '/', json);
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([status, code]);
  });

  it('a name that is not there is 404, and is there as soon as it is made', async () => {
    expect((await platform.get('brand-new.cliniciq.miosa.localhost')).status).toBe(404);
    deploy(platform, { name: 'brand-new.cliniciq', kind: 'static', manifestSha256: 'aa' });
    await until(async () => (await platform.get('brand-new.cliniciq.miosa.localhost')).status === 200);
    expect((await platform.get('brand-new.cliniciq.miosa.localhost')).body).toBe('files of aa of ten_1');
  });

  it('a host name of its own leads to its deployment; any other name is 404', async () => {
    const { host } = deploy(platform, { space: 'exact', name: 'program.drsmith.example', kind: 'static', manifestSha256: 'bb' });
    expect((await platform.get(host)).body).toBe('files of bb of ten_1');
    expect((await platform.get('other.drsmith.example')).status).toBe(404);
  });

  it('a staged version is shown, live or not, and not to search engines', async () => {
    const { host, name, now } = deploy(platform, { kind: 'static', manifestSha256: 'live' });
    platform.deploymentStore.versions.set(`${name} 0123456789`, { ...now(), manifestSha256: 'staged' });
    const staged = await platform.get(`0123456789--${host}`);
    expect([staged.body, staged.headers['x-robots-tag']]).toEqual(['files of staged of ten_1', 'noindex']);
    const live = await platform.get(host);
    expect([live.body, live.headers['x-robots-tag']]).toEqual(['files of live of ten_1', undefined]);
    expect((await platform.get(`9876543210--${host}`)).status).toBe(404);
  });
});

describe('apps', () => {
  it('see the public host and nothing of the platform', async () => {
    const instance = await machine((req, res) => res.setHeader('server', 'nginx').end(JSON.stringify([req.url, req.headers])));
    const { host } = deploy(platform, { kind: 'dynamic', instances: [instance] });
    const answer = await platform.get(host, '/a?x=1&mt=mp_abcdefgh&token=mine', {
      headers: {
        'x-forwarded-for': '6.6.6.6',
        authorization: 'Bearer msk_live_0123456789',
        'x-miosa-tenant': 'x',
        cookie: 'a=1; miosa-preview=s',
      },
    });
    const [url, headers] = JSON.parse(answer.body);
    expect(url).toBe('/a?x=1&token=mine');
    expect(headers).toMatchObject({
      host,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': host,
      'x-forwarded-proto': 'http',
      cookie: 'a=1',
    });
    expect(headers.authorization ?? headers['x-miosa-tenant']).toBeUndefined();
    expect(answer.headers.server).toBeUndefined();
    expect(answer.headers['x-robots-tag']).toBeUndefined();
  });

  it('set cookies for their own host only', async () => {
    const instance = await machine((_req, res) =>
      res.setHeader('set-cookie', ['a=1; Domain=miosa.localhost; Path=/', '__Host-miosa-preview=x', 'b=2']).end(),
    );
    const { host } = deploy(platform, { kind: 'dynamic', instances: [instance] });
    expect((await platform.get(host)).headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2']);
  });

  it('share requests: the instance with the fewest open ones is next', async () => {
    const held: (() => void)[] = [];
    const slow = await machine((_req, res) => void held.push(() => res.end('slow')));
    const quick = await machine(saying('quick'));
    const { host } = deploy(platform, { kind: 'dynamic', instances: [slow] });
    const waiting = platform.get(host);
    await until(() => held.length === 1);
    const both = deploy(platform, { kind: 'dynamic', instances: [slow, quick] });
    for (let i = 0; i < 4; i++) expect((await platform.get(both.host)).body).toBe('quick');
    held[0]?.();
    expect((await waiting).body).toBe('slow');
  });

  it('that are unhealthy get nothing while a healthy one is there', async () => {
    const [bad, good] = [await machine(saying('bad'), { state: 'unhealthy' }), await machine(saying('good'))];
    const { host } = deploy(platform, { kind: 'dynamic', instances: [bad, good] });
    for (let i = 0; i < 4; i++) expect((await platform.get(host)).body).toBe('good');
  });

  it('that are gone are passed over: the request goes to another instance', async () => {
    const good = await machine(saying('good'));
    const noAgent = instanceOn({ socketPath: '/nonexistent/agent.sock' } as never);
    const { agent } = await platform.sandbox();
    const noApp = instanceOn(agent);
    const { host } = deploy(platform, { kind: 'dynamic', instances: [noAgent, noApp, good] });
    for (let i = 0; i < 4; i++) {
      expect((await platform.get(host)).body).toBe('good');
      expect((await platform.get(host, '/', { method: 'POST' })).body).toBe('good'); // it had not arrived anywhere
    }
    const alone = deploy(platform, { kind: 'dynamic', instances: [noApp] });
    expect((await platform.get(alone.host)).status).toBe(502);
  });

  it('that hang up before answering are asked once more elsewhere, unless the request does something', async () => {
    const asked: string[] = [];
    const broken = await machine((req) => {
      asked.push(req.method ?? '');
      req.socket.destroy();
    });
    const good = await machine(saying('good'));
    const { host } = deploy(platform, { kind: 'dynamic', instances: [broken, good] });
    for (let i = 0; i < 4; i++) expect((await platform.get(host)).body).toBe('good');
    const posts = await Promise.all([1, 2].map(() => platform.get(host, '/', { method: 'POST', body: 'x' })));
    expect(posts.map(({ status }) => status).sort()).toEqual([200, 502]);
    expect(asked.filter((method) => method === 'POST')).toHaveLength(1);
  });
});

describe('waking', () => {
  it('holds the request while the machine of the only instance starts', async () => {
    const instance = await machine(saying('awake'), { machineState: 'paused' });
    const { host, change } = deploy(platform, { kind: 'dynamic', instances: [instance] });
    platform.control.onWake = async (id) => {
      expect(id).toBe(instance.machineId);
      await sleep(100);
      change({ instances: [{ ...instance, machineState: 'running' }] });
      return 200;
    };
    const answers = await Promise.all([1, 2, 3].map(() => platform.get(host)));
    expect(answers.map(({ body }) => body)).toEqual(['awake', 'awake', 'awake']);
    expect(platform.control.wakes.filter((id) => id === instance.machineId)).toHaveLength(1);
  });

  it('asks for an instance of a staged version that has none', async () => {
    const instance = await machine(saying('staged'));
    const { host, name, now } = deploy(platform, { kind: 'static', manifestSha256: 'live' });
    const versionId = newId('ver');
    const route = { ...now(), kind: 'dynamic', versionId, instances: [] } as const;
    platform.deploymentStore.versions.set(`${name} 0123456789`, route);
    platform.control.onWake = async (id) => {
      expect(id).toBe(versionId);
      platform.deploymentStore.versions.set(`${name} 0123456789`, { ...route, instances: [instance] });
      return 200;
    };
    expect((await platform.get(`0123456789--${host}`)).body).toBe('staged');
  });

  it('that takes too long, or cannot be asked for, ends in a page that reloads itself', async () => {
    const instance = await machine(saying('never'), { machineState: 'paused' });
    const { host } = deploy(platform, { kind: 'dynamic', instances: [instance] });
    platform.control.onWake = async () => 500;
    const answer = await platform.get(host, '/', { headers: { accept: 'text/html' } });
    expect([answer.status, answer.body.includes('data-reload="3"')]).toEqual([503, true]);
  });
});

describe('a pointer change', () => {
  it('fails no request, and moves all of them within moments', async () => {
    const [one, two] = [await machine(saying('one')), await machine(saying('two'))];
    const { host, change } = deploy(platform, { kind: 'dynamic', instances: [one] });
    const seen = new Set<string>();
    let moved = false;
    const load = async (): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        const { status, body } = await platform.get(host);
        seen.add(`${status} ${body}`);
        if (i === 20 && !moved) {
          moved = true;
          change({ versionId: newId('ver'), instances: [two] });
        }
      }
    };
    await Promise.all([load(), load(), load()]);
    expect([...seen].sort()).toEqual(['200 one', '200 two']);
    expect((await platform.get(host)).body).toBe('two');
  });

  it('lets a request under way finish on the old instance, and keeps no connection to it', async () => {
    let finish = (): void => {};
    const old = await machine((_req, res) => {
      res.write('begun ');
      finish = () => res.end('and done');
    });
    const { agent } = await platform.sandbox();
    let open = 0;
    const app = await platform.app(agent, saying('old'), 3000);
    app.on('connection', (socket) => {
      open++;
      socket.on('close', () => open--);
    });
    const idle = instanceOn(agent);
    const next = await machine(saying('new'));
    const { host, change } = deploy(platform, { kind: 'dynamic', instances: [old] });
    const slow = platform.get(host);
    await sleep(50);
    change({ instances: [idle] });
    await until(async () => (await platform.get(host)).body === 'old');
    expect(open).toBe(1);
    change({ instances: [next] });
    await until(async () => (await platform.get(host)).body === 'new');
    await until(() => open === 0);
    expect(open).toBe(0);
    finish();
    expect((await slow).body).toBe('begun and done');
  });
});

describe('an outage', () => {
  it('of database and control plane changes nothing for what is known', async () => {
    const own = await startPlatform();
    try {
      const { host } = deploy(own, { kind: 'static', manifestSha256: 'aa' });
      await until(() => own.edge.deployments.size === 1);
      own.deploymentStore.down = true;
      own.gap();
      for (let i = 0; i < 3; i++) expect((await own.get(host)).status).toBe(200);
      expect((await own.get('unknown.cliniciq.miosa.localhost')).status).toBe(503);
      own.deploymentStore.down = false;
      await until(async () => (await own.get('unknown.cliniciq.miosa.localhost')).status === 404);
      expect((await own.get('unknown.cliniciq.miosa.localhost')).status).toBe(404);
    } finally {
      await own.close();
    }
  });
});

it('a request that breaks the edge itself is answered and told to nobody but the log', async () => {
  const broken = await startPlatform({
    sites: {
      request: () => {
        throw new Error('secret detail');
      },
    },
  });
  try {
    const { host } = deploy(broken, { kind: 'static', manifestSha256: 'ab'.repeat(32) });
    const answer = await broken.get(host);
    expect(answer.status).toBe(503);
    expect(answer.body).not.toContain('secret');
  } finally {
    await broken.close();
  }
});
