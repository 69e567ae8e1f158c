import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Part of the documentation network 203.0.113.0/24, which stands for the public internet. */
export const WEB = '203.0.113.130';
export const CDN = '203.0.113.131';
export const WILD = '203.0.113.132';
export const UNLISTED = '203.0.113.133';
export const OTHER_RESOLVER = '203.0.113.134';
export const RESOLVER = '10.254.253.53';
const MANY = Array.from({ length: 40 }, (_, index) => `203.0.113.${136 + (index % 8)}`);
export const PORTS = [80, 443, 8080] as const;

export const ZONE = {
  'web.example.com': { a: [WEB], txt: 'text of web' },
  'alias.example.com': { cname: 'cdn.example.net' },
  'cdn.example.net': { a: [CDN] },
  'wild.example.org': { a: [WILD] },
  'a.wild.example.org': { a: [WILD] },
  'b.a.wild.example.org': { a: [WILD] },
  'unlisted.example.com': { a: [UNLISTED] },
  'rebind.example.com': { a: ['127.0.0.1', '10.0.0.7', '169.254.169.254', '192.168.1.1', '100.64.0.1', RESOLVER] },
  'mixed.example.com': { a: ['10.0.0.7', WEB] },
  'rebinding.example.com': { a: ['127.0.0.1', '10.0.0.7', '10.254.253.1'] },
  'api.example.com': { a: [WEB] },
  'other.example.com': { a: [CDN] },
  'untrusted.example.com': { a: [WILD] },
  'many.example.com': { a: MANY },
} as const;

/** An internet in a namespace: routes of this host lead to it while it is open. */
export const openOutside = async (ports: readonly number[] = PORTS) => {
  const name = `mo${randomBytes(3).toString('hex')}`;
  ip('netns', 'add', name);
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'outside0', 'netns', name);
  ip('addr', 'add', '10.254.253.1/30', 'dev', name);
  ip('link', 'set', name, 'up');
  ip('-n', name, 'link', 'set', 'lo', 'up');
  ip('-n', name, 'addr', 'add', '10.254.253.2/30', 'dev', 'outside0');
  ip('-n', name, 'link', 'set', 'outside0', 'up');
  ip('-n', name, 'route', 'add', 'default', 'via', '10.254.253.1');
  ip('route', 'add', '203.0.113.128/28', 'via', '10.254.253.2');
  ip('route', 'add', `${RESOLVER}/32`, 'via', '10.254.253.2');
  for (const address of [WEB, CDN, WILD, UNLISTED, OTHER_RESOLVER, RESOLVER]) ip('-n', name, 'addr', 'add', `${address}/32`, 'dev', 'lo');
  const program = join(import.meta.dirname, 'outside-servers.ts');
  const settings = JSON.stringify({ zone: ZONE, ports });
  const args = ['netns', 'exec', name, process.execPath, program, settings, `${RESOLVER},${OTHER_RESOLVER}`];
  const servers = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const asked: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    servers.once('exit', () => reject(new Error('the servers outside did not start')));
    createInterface({ input: servers.stdout }).on('line', (line) => (line === 'ready' ? resolve() : asked.push(line)));
  });
  await ready;
  return {
    /** Of the namespace. */
    name,
    /** What the resolver was asked, e.g. `A web.example.com`. */
    asked,
    close: async (): Promise<void> => {
      servers.kill('SIGKILL');
      if (servers.exitCode === null && servers.signalCode === null) await once(servers, 'exit');
      ip('link', 'del', name); // takes its routes along
      ip('netns', 'del', name);
    },
  };
};
