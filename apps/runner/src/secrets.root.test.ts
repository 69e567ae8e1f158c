import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NetworkPolicyWire, newId, parseNetworkPolicy } from '@miosa/kernel';
import type { BrokeredSecrets, RuntimeInstance } from '@miosa/runtime';
import { contractSpec } from '@miosa/runtime/contract';
import { agentRequest, execInside, launchRunner, type RunnerProcess, requirements } from '@miosa/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instanceOf } from './config.ts';
import { companyCertificates } from './testing/certificates.ts';
import { openOutside, RESOLVER, WEB } from './testing/outside.ts';

const missing = requirements();
if (missing.length > 0) it.skip(`brokered secrets are not tested here: it needs ${missing.join(', ')}`, () => {});

const TRUE_VALUE = 'sk-true-value-0123456789abcdef';
const PLACEHOLDER = `miosa-secret-${'a'.repeat(32)}`;
const OTHER_VALUE = 'sk-other-value-fedcba9876543210';
const OTHER_PLACEHOLDER = `miosa-secret-${'b'.repeat(32)}`;
const SEED = randomBytes(32).toString('base64url');

const given = (hosts: readonly string[], more: Partial<BrokeredSecrets> = {}): BrokeredSecrets => ({
  version: `v-${hosts.join()}`,
  seed: SEED,
  secrets: [{ placeholder: PLACEHOLDER, value: TRUE_VALUE, hosts }],
  ...more,
});

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

describe.skipIf(missing.length > 0)('brokered secrets of a sandbox', () => {
  let outside: Awaited<ReturnType<typeof openOutside>>;
  let runner: RunnerProcess;
  let web: ReturnType<typeof spawn>;
  const seen: Echo[] = [];
  const folder = mkdtempSync('/var/tmp/miosa-egress-');
  const made: string[] = [];

  beforeAll(async () => {
    outside = await openOutside([]);
    const company = await companyCertificates(['*.example.com', 'web.example.com']);
    const foreign = join(folder, 'ca.pem');
    writeFileSync(foreign, company.authority);
    const settings = JSON.stringify({ key: company.key, cert: company.cert });
    const program = join(import.meta.dirname, 'testing/outside-web.ts');
    web = spawn('ip', ['netns', 'exec', outside.name, process.execPath, program, settings], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      web.once('exit', () => reject(new Error('the web servers outside did not start')));
      if (web.stdout !== null)
        createInterface({ input: web.stdout }).on('line', (line) => (line === 'ready' ? resolve() : seen.push(JSON.parse(line) as Echo)));
    });
    runner = await launchRunner('/var/tmp', { MIOSA_RUNNER_DNS: RESOLVER, MIOSA_EGRESS_CA: foreign });
  });
  afterAll(async () => {
    await runner?.close();
    web?.kill('SIGKILL');
    if (web !== undefined && web.exitCode === null && web.signalCode === null) await once(web, 'exit');
    await outside?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const create = async (secrets?: BrokeredSecrets, policy?: NetworkPolicyWire): Promise<RuntimeInstance> => {
    const levels = policy === undefined ? {} : { networkPolicy: [parseNetworkPolicy('policy', policy)] };
    const spec = contractSpec({ id: newId('sbx'), ...levels });
    made.push(spec.id);
    const instance = await runner.runtime.create(spec);
    if (secrets !== undefined) await give(instance, secrets);
    return instance;
  };
  /** As the control plane does: true values to the runner, placeholders and what to trust to the agent. */
  const give = async ({ id, endpoint }: RuntimeInstance, secrets: BrokeredSecrets): Promise<void> => {
    const { trust } = await runner.runtime.setSecrets(id, secrets);
    const body = { vars: { KEY: PLACEHOLDER, OTHER: OTHER_PLACEHOLDER }, ...(trust === null ? {} : { trust }) };
    expect((await agentRequest(endpoint, 'PUT', '/env', body)).status).toBe(200);
  };
  const sh = async ({ endpoint }: RuntimeInstance, command: string): Promise<string> => (await execInside(endpoint, command)).stdout.trim();
  const curl = (box: RuntimeInstance, args: string): Promise<string> => sh(box, `curl -sS -m 10 ${args} 2>&1`);
  const proxyPid = (): number => {
    const all = execFileSync('pgrep', ['-f', 'network/egress/main.ts'], { encoding: 'utf8' }).trim().split('\n');
    return Number(all.find((pid) => execFileSync('ps', ['-o', 'ppid=', '-p', pid], { encoding: 'utf8' }).trim() === String(runner.pid())));
  };

  it('puts the true value into headers, basic authentication and query, and never lets the sandbox see it', async () => {
    const box = await create(given(['api.example.com']));
    seen.length = 0;
    const first = await curl(box, `-H "authorization: Bearer $KEY" -H "x-two: $KEY,$KEY" "https://api.example.com/echo?key=$KEY&b=1"`);
    expect(JSON.parse(first)).toMatchObject({ headers: { host: 'api.example.com' } });
    expect(seen.at(-1)).toMatchObject({
      url: `/echo?key=${TRUE_VALUE}&b=1`,
      headers: { authorization: `Bearer ${TRUE_VALUE}`, 'x-two': `${TRUE_VALUE},${TRUE_VALUE}` },
    });
    await curl(box, `-u "user:$KEY" https://api.example.com/basic`);
    expect(seen.at(-1)?.headers.authorization).toBe(`Basic ${Buffer.from(`user:${TRUE_VALUE}`).toString('base64')}`);
    // The server answers with everything it got, in its body and in a header.
    expect(await curl(box, `-i -H "authorization: $KEY" https://api.example.com/echo`)).not.toContain(TRUE_VALUE);
    expect(first).not.toContain(TRUE_VALUE);
    expect(await sh(box, 'env; cat /proc/*/environ 2>/dev/null')).not.toContain(TRUE_VALUE);
  });

  it('is trusted by what people use: curl, wget, git, openssl, Python', async () => {
    const box = await create(given(['api.example.com']));
    const python = `import urllib.request as u; print(u.urlopen("https://api.example.com/py").status)`;
    expect(await sh(box, `python3 -c '${python}'`)).toBe('200');
    expect(await sh(box, 'wget -q -O - https://api.example.com/wget | head -c 10')).toContain('{"method"');
    expect(await sh(box, 'git ls-remote https://api.example.com/x.git 2>&1')).not.toMatch(/certificate/i);
    const verify = 'echo | openssl s_client -connect api.example.com:443 -servername api.example.com -verify_return_error 2>&1';
    expect(await sh(box, verify)).toContain('Verify return code: 0');
  });

  it('leaves path and body alone: there a placeholder stays one', async () => {
    const box = await create(given(['api.example.com']));
    const body = JSON.parse(await curl(box, `-d "$KEY" https://api.example.com/bot$KEY/send`)) as { size: number };
    expect(body.size).toBe(PLACEHOLDER.length);
    expect(seen.at(-1)?.url).toBe(`/bot${PLACEHOLDER}/send`);
  });

  it('replaces only for the hosts of each secret, never over plain HTTP, and not where a redirect leads', async () => {
    const box = await create(
      given(['api.example.com'], {
        secrets: [
          { placeholder: PLACEHOLDER, value: TRUE_VALUE, hosts: ['api.example.com'] },
          { placeholder: OTHER_PLACEHOLDER, value: OTHER_VALUE, hosts: ['other.example.com'] },
        ],
      }),
    );
    const both = `-H "x-one: $KEY" -H "x-two: $OTHER"`;
    await curl(box, `${both} https://api.example.com/`);
    expect(seen.at(-1)?.headers).toMatchObject({ 'x-one': TRUE_VALUE, 'x-two': OTHER_PLACEHOLDER });
    await curl(box, `${both} https://other.example.com/`);
    expect(seen.at(-1)?.headers).toMatchObject({ 'x-one': PLACEHOLDER, 'x-two': OTHER_VALUE });
    await curl(box, `${both} http://api.example.com/plain`);
    expect(seen.at(-1)).toMatchObject({ url: '/plain', headers: { 'x-one': PLACEHOLDER } });
    await curl(box, `-L --location-trusted -H "x-one: $KEY" https://api.example.com/away`);
    expect(seen.at(-1)).toMatchObject({ url: '/arrived', headers: { 'x-one': PLACEHOLDER } });
    // Not brokered at all: straight to the server, whose certificate nobody inside trusts.
    await curl(box, `-k ${both} https://web.example.com/straight`);
    expect(seen.at(-1)).toMatchObject({ url: '/straight', headers: { 'x-one': PLACEHOLDER, 'x-two': OTHER_PLACEHOLDER } });
  });

  it('odd bytes of a sandbox or of a server end no connection but their own', async () => {
    const box = await create(given(['api.example.com']));
    await curl(box, 'https://api.example.com/');
    const before = proxyPid();
    for (const path of ['odd-status', 'odd-header', 'cut'])
      expect(await curl(box, `-o /dev/null -w "%{http_code}" https://api.example.com/${path}`)).toMatch(/502|curl: \(\d+\)/);
    await curl(box, `--path-as-is -H "$(printf 'x: \\351')" "https://api.example.com/$(printf 'a\\351')"`);
    expect(await curl(box, '-o /dev/null -w "%{http_code}" https://api.example.com/')).toBe('200');
    expect(proxyPid()).toBe(before);
  });

  it('a wildcard is for subdomains', async () => {
    const box = await create(given(['*.example.com']));
    await curl(box, `-H "x-one: $KEY" https://api.example.com/wild`);
    expect(seen.at(-1)).toMatchObject({ url: '/wild', headers: { 'x-one': TRUE_VALUE } });
  });

  it('refuses another Host than the handshake named, other requests than for one host, and bytes that could be two requests', async () => {
    const box = await create(given(['*.example.com']));
    const count = seen.length;
    const status = '-o /dev/null -w "%{http_code}"';
    expect(await curl(box, `${status} -H "host: other.example.com" https://api.example.com/`)).toBe('421');
    expect(await curl(box, `${status} -X TRACE https://api.example.com/`)).toBe('400');
    expect(await curl(box, `${status} --request-target https://other.example.com/ https://api.example.com/`)).toBe('400');
    const raw = async (text: string): Promise<string> => {
      const program = `import ssl,socket,sys
s=ssl.create_default_context().wrap_socket(socket.create_connection(("api.example.com",443),5),server_hostname="api.example.com"); s.settimeout(3)
s.sendall(sys.argv[1].encode().decode("unicode_escape").encode("latin1"))
try:
  print(s.recv(200).decode().split("\\r\\n")[0])
except OSError as error: print("closed")`;
      return (await execInside(box.endpoint, ['python3', '-c', program, text])).stdout.trim();
    };
    const headers = 'Host: api.example.com\\r\\n';
    const two = 'Content-Length: 4\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\nGET /two HTTP/1.1\\r\\n';
    expect(await raw(`POST / HTTP/1.1\\r\\n${headers}${two}`)).toContain('400');
    expect(await raw(`POST / HTTP/1.1\\r\\n${headers}Content-Length: 1\\r\\nContent-Length: 2\\r\\n\\r\\nab`)).toContain('400');
    expect(await raw(`GET / HTTP/1.1\\r\\n${headers}Host: other.example.com\\r\\n\\r\\n`)).toContain('400');
    expect(await raw(`CONNECT other.example.com:443 HTTP/1.1\\r\\n${headers}\\r\\n`)).not.toContain('200');
    expect(await raw(`GET / HTTP/1.1\\r\\n${headers}Connection: Upgrade, HTTP2-Settings\\r\\nUpgrade: h2c\\r\\n\\r\\n`)).toContain('400');
    expect(seen).toHaveLength(count);
  });

  it('has no certificate for a name that is not brokered, or for none', async () => {
    const box = await create(given(['api.example.com']));
    const proxy = await sh(box, 'getent ahostsv4 api.example.com | head -1 | cut -d" " -f1');
    expect(await curl(box, `-k --resolve web.example.com:443:${proxy} https://web.example.com/`)).toMatch(/curl: \(35\)/);
    expect(await curl(box, `-k https://${proxy}/`)).toMatch(/curl: \(35\)/);
    expect(await curl(box, `-o /dev/null -w "%{http_code}" -H "host: web.example.com" http://${proxy}/`)).toBe('403');
    const ports = await sh(
      box,
      `for p in 22 53 8080; do timeout 2 bash -c "echo > /dev/tcp/${proxy}/$p" 2>/dev/null && echo open; done; echo done`,
    );
    expect(ports).toBe('done');
  });

  it('connects only to public addresses and only to servers whose certificate is good', async () => {
    const box = await create(given(['rebinding.example.com', 'untrusted.example.com', 'wild.example.org']));
    const count = seen.length;
    expect(await curl(box, `-H "x-one: $KEY" https://rebinding.example.com/`)).toContain('no address');
    // Its server has a certificate for another name.
    expect(await curl(box, `-H "x-one: $KEY" https://wild.example.org/`)).toContain('certificate');
    expect(seen).toHaveLength(count);
  });

  it('obeys the network policy: of the name, of its port and of its address', async () => {
    const secrets = given(['*.example.com']);
    const allow = (destination: string, ports?: number[]) => ({
      effect: 'allow' as const,
      destination,
      ...(ports === undefined ? {} : { ports }),
    });
    const listed = await create(secrets, { default_effect: 'deny', rules: [allow('api.example.com', [443])] });
    const start = new Date(Date.now() - 1000);
    expect(await curl(listed, '-o /dev/null -w "%{http_code}" https://api.example.com/')).toBe('200');
    expect(await curl(listed, 'http://api.example.com/')).toContain('no address');
    expect(await curl(listed, 'https://other.example.com/')).toMatch(/resolve/);
    const denied = await create(secrets, { default_effect: 'allow', rules: [{ effect: 'deny', destination: `${WEB}/32` }] });
    expect(await curl(denied, 'https://api.example.com/')).toContain('no address');
    expect((await runner.runtime.blockedTraffic(denied.id, start)).map(({ destination }) => destination)).toContain(WEB);
    expect(await curl(denied, '-o /dev/null -w "%{http_code}" https://other.example.com/')).toBe('200');
  });

  it('is of one sandbox: another can neither reach the proxy nor use the placeholder', async () => {
    const box = await create(given(['api.example.com']));
    const proxy = await sh(box, 'getent ahostsv4 api.example.com | head -1 | cut -d" " -f1');
    const stranger = await create();
    expect(await curl(stranger, `-m 2 -k --resolve api.example.com:443:${proxy} https://api.example.com/`)).toMatch(/curl: \((7|28)\)/);
    const neighbour = await create(
      given(['api.example.com'], {
        seed: randomBytes(32).toString('base64url'),
        secrets: [{ placeholder: OTHER_PLACEHOLDER, value: OTHER_VALUE, hosts: ['api.example.com'] }],
      }),
    );
    await curl(neighbour, `-H "x-one: $KEY" -H "x-two: $OTHER" https://api.example.com/neighbour`);
    expect(seen.at(-1)).toMatchObject({ url: '/neighbour', headers: { 'x-one': PLACEHOLDER, 'x-two': OTHER_VALUE } });
    // Nor from the host itself.
    const fromHost = spawn('curl', ['-s', '-m', '2', '-k', `https://${proxy}/`], { stdio: 'ignore' });
    expect((await once(fromHost, 'exit'))[0]).not.toBe(0);
  });

  it('streams: events as they come, large bodies both ways, WebSocket', async () => {
    const box = await create(given(['api.example.com']));
    const times = `import ssl,urllib.request as u,time,os
r=u.urlopen(u.Request("https://api.example.com/stream",headers={"authorization":os.environ["KEY"]}))
a=r.readline(); t=time.time(); r.readline(); b=r.readline(); print(a.decode().strip(), time.time()-t > 0.15)`;
    const masked = '*'.repeat(TRUE_VALUE.length);
    expect((await execInside(box.endpoint, ['python3', '-c', times])).stdout.trim()).toBe(`data: ${masked} True`);
    await sh(box, 'head -c 20000000 /dev/zero > /tmp/large');
    const sent = JSON.parse(await curl(box, '-T /tmp/large https://api.example.com/up')) as { size: number };
    expect(sent.size).toBe(20_000_000);
    expect(await curl(box, '-H "x: $KEY" https://api.example.com/bytes | md5sum')).toBe(
      await sh(box, 'head -c 8388608 /dev/zero | tr "\\0" b | md5sum'),
    );
    const socket = `import ssl,socket,os
s=ssl.create_default_context().wrap_socket(socket.create_connection(("api.example.com",443),5),server_hostname="api.example.com"); s.settimeout(5)
s.sendall(("GET /ws HTTP/1.1\\r\\nHost: api.example.com\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Extensions: permessage-deflate\\r\\nAuthorization: %s\\r\\n\\r\\n"%os.environ["KEY"]).encode())
f=s.makefile("rb"); print(f.readline().decode().strip())
while f.readline().strip(): pass
print(f.readline().decode().strip()); s.sendall(b"ping s\\n"); print(f.readline().decode().strip())`;
    expect((await execInside(box.endpoint, ['python3', '-c', socket])).stdout.trim().split('\n')).toEqual([
      'HTTP/1.1 101 Switching Protocols',
      `hello ${masked} plain`,
      'ping s',
    ]);
  });

  it('a change is in force at once; without secrets the host is reached as ever, and nothing is trusted any more', async () => {
    const box = await create(given(['api.example.com']));
    await give(box, given(['other.example.com']));
    await sh(box, 'sleep 0');
    await curl(box, `-k -H "x-one: $KEY" https://api.example.com/now-other`);
    expect(seen.at(-1)).toMatchObject({ url: '/now-other', headers: { 'x-one': PLACEHOLDER } });
    expect((await runner.runtime.inspect(box.id))?.secretsVersion).toBe('v-other.example.com');
    await give(box, given([], { secrets: [] }));
    expect((await runner.runtime.inspect(box.id))?.secretsVersion).toBe('');
    expect(await sh(box, 'grep -c "MIOSA egress" /etc/ssl/certs/ca-certificates.crt; ls /etc/miosa')).toBe('0');
    expect(await sh(box, 'getent ahostsv4 other.example.com | head -1 | cut -d" " -f1')).toMatch(/^203\./);
  });

  it('survives pause and stop; after a restart of the runner it is closed until the values are given again', async () => {
    const box = await create(given(['api.example.com']));
    const works = async (): Promise<void> => {
      await curl(box, `-H "x-one: $KEY" https://api.example.com/works`);
      expect(seen.at(-1)).toMatchObject({ url: '/works', headers: { 'x-one': TRUE_VALUE } });
      seen.length = 0;
    };
    await runner.runtime.pause(box.id);
    await runner.runtime.resume(box.id);
    await works();
    await runner.runtime.stop(box.id);
    await runner.runtime.resume(box.id);
    await give(box, given(['api.example.com']));
    await works();
    await runner.killAndRestart();
    expect((await runner.runtime.inspect(box.id))?.secretsVersion).toBe('');
    const count = seen.length;
    expect(await curl(box, `-k -H "x-one: $KEY" https://api.example.com/`)).toMatch(/^curl: \(\d+\)/);
    expect(seen).toHaveLength(count);
    // The same seed is the same authority: what programs inside trust already goes on.
    await runner.runtime.setSecrets(box.id, given(['api.example.com']));
    await works();
  });

  it('a proxy that dies refuses, and comes back by itself; it runs as nobody and holds no key of an authority', async () => {
    const box = await create(given(['api.example.com']));
    await curl(box, 'https://api.example.com/');
    const pid = proxyPid();
    expect(execFileSync('ps', ['-o', 'user=', '-p', String(pid)], { encoding: 'utf8' }).trim()).toBe('nobody');
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/CapEff:\s+0+\n/);
    process.kill(pid, 'SIGKILL');
    await expect
      .poll(() => curl(box, `-H "x-one: $KEY" -o /dev/null -w "%{http_code}" https://api.example.com/back`), { timeout: 15_000 })
      .toContain('200');
    expect(seen.at(-1)).toMatchObject({ url: '/back', headers: { 'x-one': TRUE_VALUE } });
  });

  it('slow clients cost it little, and their number is bounded', async () => {
    const box = await create(given(['api.example.com']));
    await curl(box, 'https://api.example.com/');
    const program = `import socket,time
a=socket.gethostbyname("api.example.com"); held=[]
for i in range(400):
  try: s=socket.create_connection((a,443),2); s.settimeout(0.05); held.append(s)
  except OSError: pass
time.sleep(0.5); alive=0
for s in held:
  try:
    if s.recv(1)!=b"": alive+=1
  except socket.timeout: alive+=1
  except OSError: pass
print(alive)`;
    const alive = Number((await execInside(box.endpoint, ['python3', '-c', program])).stdout);
    expect(alive).toBeGreaterThan(0);
    expect(alive).toBeLessThanOrEqual(128);
    const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${proxyPid()}/status`, 'utf8'))?.[1]);
    expect(rss).toBeLessThan(400 * 1024);
  });

  it('refuses values that would make headers, and other nonsense', async () => {
    const endpoint = { socketPath: `${runner.dataDir}/run/runner.sock` };
    const box = await create();
    const put = (body: object) => agentRequest(endpoint, 'PUT', `/sandboxes/${box.id}/secrets`, body);
    for (const value of ['a\r\nx: y', 'a b', 'ä'])
      expect((await put(given([], { secrets: [{ placeholder: PLACEHOLDER, value, hosts: ['a.example'] }] }))).status).toBe(422);
    expect((await put(given([], { secrets: [{ placeholder: PLACEHOLDER, value: 'v', hosts: ['a.example; flush'] }] }))).status).toBe(422);
    expect((await put({ ...given(['a.example']), seed: 'short' })).status).toBe(422);
    await expect(runner.runtime.setSecrets(newId('sbx'), given(['a.example']))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('writes no true value to disk, and leaves no rule behind', async () => {
    const text = (path: string): string => {
      if (statSync(path).isDirectory())
        return readdirSync(path)
          .map((name) => text(join(path, name)))
          .join('');
      return statSync(path).size < 2 ** 20 ? readFileSync(path, 'latin1') : '';
    };
    const all = ['sandboxes', 'names', 'snapshots', 'network.json'].map((name) => text(join(runner.dataDir, 'runner', name))).join('');
    expect(all).toContain('api.example.com');
    for (const value of [TRUE_VALUE, OTHER_VALUE, SEED]) expect(all).not.toContain(value);
    for (const id of made) await runner.runtime.destroy(id);
    await sleep(0);
    const table = execFileSync('nft', ['list', 'table', 'inet', `miosa_${instanceOf(runner.dataDir)}`], { encoding: 'utf8' });
    expect(table).toMatch(/set brokered \{\s+type ipv4_addr\s+\}/);
  });
});
