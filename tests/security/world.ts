import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';

const FLAG_SERVER = `
const { createServer } = require('node:net');
const [flag, ...ports] = process.argv.slice(1);
let open = ports.length;
for (const port of ports)
  createServer((socket) => { socket.on('error', () => {}); socket.end(flag); }).listen(Number(port), '::', () => { if (--open === 0) console.log('ready'); });
`;

const flagServer = async (prefix: readonly string[], flag: string, ports: readonly number[]): Promise<ChildProcess> => {
  const [file = '', ...args] = [...prefix, process.execPath, '-e', FLAG_SERVER, flag, ...ports.map(String)];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout) await once(child.stdout, 'data');
  return child;
};

const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Reached on purpose: stands for the public internet. The route to it ends in a namespace of this test. */
export const PUBLIC = '45.45.45.45';
const NEXT_HOP = '10.254.254.2';
/** What a cloud or an office network has next to a host: all of them answer here, none may be reached from a sandbox. */
export const FORBIDDEN = [
  '169.254.169.254',
  '169.254.170.2',
  '10.99.0.7',
  '172.20.0.7',
  '192.168.77.7',
  '100.64.0.7',
  '198.18.0.7',
] as const;
export const FORBIDDEN_V6 = ['fd00:ec2::254', 'fd12:3456::7'] as const;
export const FLAG_PORT = 8099;

/** A world around the host in which every forbidden place really exists and gives away a flag to whoever gets through. */
export const buildWorld = async () => {
  const flag = `FLAG-${randomBytes(8).toString('hex')}`;
  const name = `mw${randomBytes(3).toString('hex')}`;
  ip('netns', 'add', name);
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'world0', 'netns', name);
  ip('addr', 'add', '10.254.254.1/30', 'dev', name);
  ip('link', 'set', name, 'up');
  ip('-n', name, 'link', 'set', 'lo', 'up');
  ip('-n', name, 'addr', 'add', `${NEXT_HOP}/30`, 'dev', 'world0');
  ip('-n', name, 'link', 'set', 'world0', 'up');
  ip('-n', name, 'route', 'add', 'default', 'via', '10.254.254.1');
  for (const address of [PUBLIC, ...FORBIDDEN]) {
    ip('-n', name, 'addr', 'add', `${address}/32`, 'dev', 'lo');
    ip('route', 'add', `${address}/32`, 'via', NEXT_HOP, 'dev', name);
  }
  for (const address of FORBIDDEN_V6) {
    ip('-n', name, 'addr', 'add', `${address}/128`, 'dev', 'lo', 'nodad');
    ip('-6', 'route', 'add', `${address}/128`, 'dev', name);
  }
  const servers = [await flagServer(['ip', 'netns', 'exec', name], flag, [80, 443, FLAG_PORT]), await flagServer([], flag, [FLAG_PORT])];
  return {
    flag,
    hostAddresses: Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal }) => !internal)
      .map(({ address }) => address),
    close: async (): Promise<void> => {
      for (const server of servers) {
        server.kill('SIGKILL');
        if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      }
      ip('link', 'del', name); // takes its routes along
      ip('netns', 'del', name);
    },
  };
};
