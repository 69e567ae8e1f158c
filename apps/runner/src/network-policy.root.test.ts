import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NetworkPolicyWire, newId, parseNetworkPolicy } from '@miosa/kernel';
import type { RuntimeInstance } from '@miosa/runtime';
import { contractSpec } from '@miosa/runtime/contract';
import { agentRequest, execInside, launchRunner, type RunnerProcess, requirements } from '@miosa/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instanceOf } from './config.ts';
import { CDN, OTHER_RESOLVER, openOutside, RESOLVER, UNLISTED, WEB, WILD } from './testing/outside.ts';

const missing = requirements();
if (missing.length > 0) it.skip(`network policy is not tested here: it needs ${missing.join(', ')}`, () => {});

type Rules = NetworkPolicyWire['rules'];
const level = (default_effect: 'allow' | 'deny', rules: Rules = []) => parseNetworkPolicy('policy', { default_effect, rules });
const allow = (destination: string, more: Partial<Rules[number]> = {}): Rules[number] => ({ effect: 'allow', destination, ...more });
const deny = (destination: string, more: Partial<Rules[number]> = {}): Rules[number] => ({ effect: 'deny', destination, ...more });

const INSIDE = `
import socket, struct, sys
def resolve(name, type='A'):
  try: return ' '.join(sorted({a[4][0] for a in socket.getaddrinfo(name, 80, socket.AF_INET if type == 'A' else socket.AF_INET6, socket.SOCK_STREAM)}))
  except socket.gaierror: return 'no such name'
def connect(host, port):
  try:
    s = socket.create_connection((host, port), 1); s.settimeout(1); return s.recv(9).decode().strip()
  except OSError as error: return 'no such name' if isinstance(error, socket.gaierror) else 'blocked'
def ask(server, name, tcp=False):
  q = struct.pack('>HHHHHH', 7, 0x100, 1, 0, 0, 0) + b''.join(bytes([len(p)]) + p.encode() for p in name.split('.')) + b'\\0\\0\\1\\0\\1'
  s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM); s.settimeout(1)
  try:
    s.connect((server, 53)); s.send((struct.pack('>H', len(q)) if tcp else b'') + q)
    answer = s.recv(4096)[2 if tcp else 0:]; return 'rcode %d answers %d' % (answer[3] & 15, struct.unpack('>H', answer[6:8])[0])
  except OSError: return 'blocked'
gateway = open('/etc/resolv.conf').read().split()[1]
`;

describe.skipIf(missing.length > 0)('network policy of a sandbox', () => {
  let outside: Awaited<ReturnType<typeof openOutside>>;
  let runner: RunnerProcess;
  const made: string[] = [];
  beforeAll(async () => {
    outside = await openOutside();
    runner = await launchRunner('/var/tmp', { MIOSA_RUNNER_DNS: RESOLVER });
  });
  afterAll(async () => {
    await outside?.close();
    await runner?.close();
  });

  const create = async (...levels: ReturnType<typeof level>[]): Promise<RuntimeInstance> => {
    const spec = contractSpec({ id: newId('sbx'), ...(levels.length === 0 ? {} : { networkPolicy: levels }) });
    made.push(spec.id);
    return runner.runtime.create(spec);
  };
  /** Python expressions evaluated inside; their values, one each. */
  const inside = async ({ endpoint }: RuntimeInstance, ...expressions: string[]): Promise<string[]> => {
    const program = `${INSIDE}${expressions.map((expression) => `print(${expression})\n`).join('')}`;
    const result = await execInside(endpoint, ['python3', '-c', program]);
    if (result.exitCode !== 0) throw new Error(result.stderr);
    return result.stdout.trim().split('\n');
  };
  const table = (): string => execFileSync('nft', ['list', 'table', 'inet', `miosa_${instanceOf(runner.dataDir)}`], { encoding: 'utf8' });

  it('is absent by default: the public internet and the resolver of the host', async () => {
    const free = await create();
    expect(
      await inside(
        free,
        `connect('unlisted.example.com', 80)`,
        `connect('${UNLISTED}', 443)`,
        `ask('${OTHER_RESOLVER}', 'web.example.com')`,
      ),
    ).toEqual(['hello', 'hello', 'rcode 0 answers 1']);
    expect(free.networkDigest ?? '').toBe('');
  });

  it('under deny lets listed names be reached, and nothing else by name or address', async () => {
    const box = await create(level('deny', [allow('web.example.com', { ports: [443], protocol: 'tcp' }), allow('alias.example.com')]));
    expect(
      await inside(
        box,
        `connect('web.example.com', 443)`,
        `connect('web.example.com', 80)`,
        `connect('alias.example.com', 80)`,
        `resolve('unlisted.example.com')`,
        `connect('${UNLISTED}', 443)`,
        `resolve('cdn.example.net')`,
        `resolve('web.example.com', 'AAAA')`,
      ),
    ).toEqual(['hello', 'blocked', 'hello', 'no such name', 'blocked', 'no such name', 'no such name']);
    expect(outside.asked).not.toContain('A cdn.example.net');
  });

  it('never asks anybody for a name that is not listed, so that none carries data out', async () => {
    const box = await create(level('deny', [allow('web.example.com')]));
    const before = outside.asked.length;
    const names = ['secret.unlisted.example.com', 'x.web.example.com', 'web.example.com.evil.example', 'wweb.example.com'];
    expect(await inside(box, ...names.map((name) => `resolve('${name}')`))).toEqual(names.map(() => 'no such name'));
    expect(outside.asked.slice(before)).toEqual([]);
  });

  it('opens an address only once its name was looked up', async () => {
    const box = await create(level('deny', [allow('web.example.com')]));
    expect(await inside(box, `connect('${WEB}', 80)`, `resolve('web.example.com')`, `connect('${WEB}', 80)`)).toEqual([
      'blocked',
      WEB,
      'hello',
    ]);
    const neighbour = await create(level('deny', [allow('alias.example.com')]));
    expect(await inside(neighbour, `connect('${WEB}', 80)`)).toEqual(['blocked']);
  });

  it('a wildcard is for subdomains of any depth, not for the host itself', async () => {
    const box = await create(level('deny', [allow('*.wild.example.org')]));
    expect(
      await inside(box, `resolve('wild.example.org')`, `connect('a.wild.example.org', 80)`, `connect('B.A.WILD.example.org', 80)`),
    ).toEqual(['no such name', 'hello', 'hello']);
  });

  it('leaves private addresses out of what an allowed name stands for (rebinding)', async () => {
    const box = await create(level('deny', [allow('rebind.example.com'), allow('mixed.example.com'), allow('0.0.0.0/0')]));
    expect(await inside(box, `resolve('rebind.example.com')`, `resolve('mixed.example.com')`)).toEqual(['no such name', WEB]);
    expect(await inside(box, `connect('10.0.0.7', 80)`, `connect('${RESOLVER}', 53)`, `connect('169.254.169.254', 80)`)).toEqual([
      'blocked',
      'blocked',
      'blocked',
    ]);
  });

  it('under deny reaches no other resolver, neither by UDP nor by TCP', async () => {
    const box = await create(level('deny', [allow('web.example.com')]));
    expect(
      await inside(
        box,
        `ask('${OTHER_RESOLVER}', 'unlisted.example.com')`,
        `ask('${OTHER_RESOLVER}', 'unlisted.example.com', True)`,
        `ask('${RESOLVER}', 'unlisted.example.com')`,
        `ask(gateway, 'web.example.com', True)`,
        `ask(gateway, 'unlisted.example.com', True)`,
      ),
    ).toEqual(['blocked', 'blocked', 'blocked', 'rcode 0 answers 1', 'rcode 3 answers 0']);
  });

  it('allows networks by port and protocol', async () => {
    const box = await create(level('deny', [allow('203.0.113.128/30', { ports: ['8000-8100', 443], protocol: 'tcp' })]));
    expect(
      await inside(box, `connect('${WEB}', 443)`, `connect('${CDN}', 8080)`, `connect('${WEB}', 80)`, `connect('${WILD}', 443)`),
    ).toEqual(['hello', 'hello', 'blocked', 'blocked']);
  });

  it('deny beats allow, by name, by alias and by network', async () => {
    const box = await create(
      level('deny', [
        allow('203.0.113.128/28'),
        allow('*.example.com'),
        deny(`${UNLISTED}/32`),
        deny('web.example.com', { ports: [80], protocol: 'tcp' }),
        deny('cdn.example.net'),
      ]),
    );
    expect(
      await inside(
        box,
        `connect('unlisted.example.com', 443)`,
        `connect('web.example.com', 443)`,
        `connect('web.example.com', 80)`,
        `resolve('alias.example.com')`,
        `connect('${WILD}', 443)`,
      ),
    ).toEqual(['blocked', 'hello', 'blocked', 'no such name', 'hello']);
  });

  it('under allow refuses denied names, and other resolvers that would give them away', async () => {
    const box = await create(level('allow', [deny('*.example.com'), deny(`${WILD}/32`, { ports: [80] })]));
    expect(
      await inside(
        box,
        `resolve('web.example.com')`,
        `connect('cdn.example.net', 80)`,
        `ask('${OTHER_RESOLVER}', 'web.example.com')`,
        `connect('${WILD}', 80)`,
        `connect('${WILD}', 443)`,
      ),
    ).toEqual(['no such name', 'hello', 'blocked', 'blocked', 'hello']);
  });

  it('needs every level to allow', async () => {
    const box = await create(
      level('allow', [deny(`${CDN}/32`)]),
      level('deny', [allow('*.example.com'), allow('cdn.example.net')]),
      level('deny', [allow('203.0.113.128/28', { ports: [80] }), allow('web.example.com'), allow('cdn.example.net')]),
    );
    expect(
      await inside(
        box,
        `connect('web.example.com', 80)`,
        `resolve('unlisted.example.com')`,
        `connect('${UNLISTED}', 80)`,
        `connect('cdn.example.net', 80)`,
      ),
    ).toEqual(['hello', 'no such name', 'blocked', 'blocked']);
  });

  it('answers that do not fit one packet come over TCP', async () => {
    const box = await create(level('deny', [allow('many.example.com')]));
    expect((await inside(box, `resolve('many.example.com')`))[0]?.split(' ')).toHaveLength(8);
  });

  it('a change is in force at once: for new connections, and for those that exist', async () => {
    const box = await create(level('deny', [allow('web.example.com')]));
    const program = `${INSIDE}
import time
s = socket.create_connection(('web.example.com', 80), 1); s.settimeout(2); s.recv(9)
def alive():
  try: s.send(b'x'); return s.recv(1) == b'x'
  except OSError: return False
print(alive(), flush=True); open('/tmp/first', 'w').close()
import os
while not os.path.exists('/tmp/go'): time.sleep(0.02)
print(alive(), flush=True)`;
    const running = execInside(box.endpoint, ['python3', '-c', program]);
    await execInside(box.endpoint, 'while [ ! -e /tmp/first ]; do sleep 0.02; done');
    await runner.runtime.setNetworkPolicy(box.id, [level('deny', [allow('alias.example.com')])]);
    await execInside(box.endpoint, 'touch /tmp/go');
    expect((await running).stdout).toBe('True\nFalse\n');
    expect(await inside(box, `connect('${WEB}', 80)`, `connect('alias.example.com', 80)`)).toEqual(['blocked', 'hello']);
    await runner.runtime.setNetworkPolicy(box.id, []);
    expect(await inside(box, `connect('unlisted.example.com', 80)`)).toEqual(['hello']);
  });

  it('keeps what was looked up and what runs over a change that still allows it', async () => {
    const box = await create(level('deny', [allow('web.example.com')]));
    await inside(box, `resolve('web.example.com')`);
    await runner.runtime.setNetworkPolicy(box.id, [level('deny', [allow('web.example.com', { ports: [80] }), allow('alias.example.com')])]);
    expect(await inside(box, `connect('${WEB}', 80)`, `connect('${WEB}', 443)`)).toEqual(['hello', 'blocked']);
  });

  it('survives pause, stop and a runner that was killed', async () => {
    const box = await create(level('deny', [allow('web.example.com')]));
    const holds = async (): Promise<void> =>
      expect(await inside(box, `connect('web.example.com', 80)`, `connect('${UNLISTED}', 80)`, `resolve('unlisted.example.com')`)).toEqual([
        'hello',
        'blocked',
        'no such name',
      ]);
    await runner.runtime.pause(box.id);
    await runner.runtime.setNetworkPolicy(box.id, [level('deny', [allow('web.example.com', { ports: [80] })])]);
    await runner.runtime.resume(box.id);
    await holds();
    await runner.runtime.stop(box.id);
    await runner.runtime.resume(box.id);
    await holds();
    for (const how of ['killAndRestart', 'restart'] as const) {
      await expect.poll(() => readFileSync(join(runner.dataDir, 'runner/names', `${box.id}.json`), 'utf8')).toContain(WEB);
      await runner[how]();
      // Without a new lookup: what the program knows goes on working.
      expect(await inside(box, `connect('${WEB}', 80)`, `connect('${UNLISTED}', 80)`)).toEqual(['hello', 'blocked']);
      await holds();
    }
    expect((await runner.runtime.inspect(box.id))?.networkDigest).toMatch(/^[0-9a-f]{16}$/);
  });

  it('holds while the name server is dead, and names resolve again after', async () => {
    const box = await create(level('deny', [allow('web.example.com')]));
    const server = execFileSync('pgrep', ['-f', 'network/dns/main.ts'], { encoding: 'utf8' }).trim().split('\n');
    const own = server.find((pid) => execFileSync('ps', ['-o', 'ppid=', '-p', pid], { encoding: 'utf8' }).trim() === String(runner.pid()));
    expect(execFileSync('ps', ['-o', 'user=', '-p', own ?? ''], { encoding: 'utf8' }).trim()).toBe('nobody');
    process.kill(Number(own), 'SIGKILL');
    expect(await inside(box, `connect('${UNLISTED}', 80)`)).toEqual(['blocked']);
    await expect.poll(() => inside(box, `connect('web.example.com', 80)`).then(([first]) => first), { timeout: 15_000 }).toBe('hello');
  });

  it('is put back whole when the rules of the host are flushed', async () => {
    const box = await create(level('deny', [allow('web.example.com')]));
    execFileSync('nft', ['delete', 'table', 'inet', `miosa_${instanceOf(runner.dataDir)}`]);
    const other = await create(level('deny', [allow('web.example.com')])); // its change meets no table
    expect(await inside(box, `connect('${UNLISTED}', 80)`, `connect('web.example.com', 80)`)).toEqual(['blocked', 'hello']);
    expect(await inside(other, `connect('${UNLISTED}', 80)`)).toEqual(['blocked']);
  });

  it('IPv6 leads nowhere, whatever a policy says of it: no address but loopback, no answer, no packet out', async () => {
    const free = await create();
    const open = await create(level('deny', [allow('::/0'), allow('2001:db8::/32', { ports: [443] }), allow('web.example.com')]));
    const v6 = `connect('2001:db8::1', 80)`;
    const interfaces = `''.join(l for l in open('/proc/net/if_inet6') if ' lo' not in l) or 'none'`;
    for (const box of [free, open])
      expect(await inside(box, v6, `connect('::ffff:7f00:1', 80)`, `resolve('web.example.com', 'AAAA')`, interfaces)).toEqual([
        'blocked',
        'blocked',
        'no such name',
        'none',
      ]);
  });

  it('says what was stopped: destination, port, protocol, how often', async () => {
    const start = new Date(Date.now() - 1000);
    const box = await create(level('deny', [allow('web.example.com')]));
    await inside(box, `connect('${UNLISTED}', 443)`, `resolve('unlisted.example.com')`, `connect('169.254.169.254', 80)`);
    const blocked = await runner.runtime.blockedTraffic(box.id, start);
    expect(blocked).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ destination: UNLISTED, port: 443, protocol: 'tcp' }),
        expect.objectContaining({ destination: 'unlisted.example.com', port: null, protocol: 'dns' }),
        expect.objectContaining({ destination: '169.254.169.254', port: 80, protocol: 'tcp' }),
      ]),
    );
    expect(blocked.every(({ count, at }) => count >= 1 && at >= start.toISOString())).toBe(true);
    await runner.runtime.setNetworkPolicy(box.id, [level('deny')]);
    expect((await runner.runtime.blockedTraffic(box.id, start)).map(({ destination }) => destination)).toContain(UNLISTED);
    expect(await runner.runtime.blockedTraffic(box.id, new Date(Date.now() + 60_000))).toEqual([]);
  });

  it('refuses policies that are none, and answers NOT_FOUND for unknown sandboxes', async () => {
    const endpoint = { socketPath: `${runner.dataDir}/run/runner.sock` };
    const box = await create();
    const put = (body: object) => agentRequest(endpoint, 'PUT', `/sandboxes/${box.id}/network-policy`, body);
    const rule = { effect: 'allow', destination: '1.2.3.4/32 accept; flush ruleset', ports: [], protocol: 'any' };
    expect((await put({ levels: [{ defaultEffect: 'deny', rules: [rule] }] })).status).toBe(422);
    expect((await put({ levels: 'x' })).status).toBe(422);
    await expect(runner.runtime.setNetworkPolicy(newId('sbx'), [])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(runner.runtime.blockedTraffic(newId('sbx'), new Date(0))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('leaves no chain, set or element behind', async () => {
    for (const id of made) await runner.runtime.destroy(id);
    const text = table();
    expect(text).not.toMatch(/ p\d+(_\w+)? \{/);
    expect(text).not.toMatch(/elements = \{[^}]*goto/);
    expect(text).toMatch(/set policed \{\s+type ipv4_addr\s+\}/);
  });
});
