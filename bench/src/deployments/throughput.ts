import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment, Sandbox } from '@miosa/sdk';
import { startPeers } from './peers.ts';
import { hostOf, untilSeen, visit } from './visit.ts';
import { wrk } from './wrk.ts';

export interface Rate {
  readonly name: string;
  readonly perSecond: readonly number[];
}

const SECONDS = 5;
const ROUNDS = 3;
const CONNECTIONS = 64;
const SMALL = 'x'.repeat(4096);
const LARGE = 'y'.repeat(100 * 1024);
const APP = `require('node:http').createServer((q, s) => s.end('hello')).listen(process.env.PORT, process.env.HOST)`;

interface Contender {
  readonly name: string;
  readonly port: number;
  readonly host: string;
  readonly path: string;
}

/** In turn, so that a busy minute of the machine hits all of them. */
const race = async (contenders: readonly Contender[]): Promise<Rate[]> => {
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, port, host, path } of contenders) {
      const { perSecond, failed } = await wrk({ port, host, path, seconds: SECONDS, connections: CONNECTIONS });
      if (failed > 0) throw new Error(`${name}: ${failed} requests failed`);
      rates.get(name)?.push(perSecond);
    }
  }
  return [...rates].map(([name, perSecond]) => ({ name, perSecond }));
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });

export interface ThroughputResults {
  readonly rates: readonly Rate[];
  readonly dynamic: Deployment;
}

/** The same files and the same app behind the edge, nginx and Caddy: plain HTTP, 64 connections. */
export const benchThroughput = async (httpPort: number, sandbox: Sandbox): Promise<ThroughputResults> => {
  await sandbox.files.writeMany([
    { path: 'static/index.html', content: 'static' },
    { path: 'static/small.js', content: SMALL },
    { path: 'static/large.js', content: LARGE },
    { path: 'app/server.js', content: APP },
  ]);
  const site = await sandbox.deploy({ name: 'Throughput', outputPath: 'static' });
  const app = await sandbox.deploy({ name: 'Proxied', runCommand: 'HOST=0.0.0.0 node app/server.js', port: 3000 });
  await untilSeen(httpPort, hostOf(site.deployment.publicUrl), 'static');
  await untilSeen(httpPort, hostOf(app.deployment.publicUrl), 'hello');
  const work = mkdtempSync(join(tmpdir(), 'miosa-bench-'));
  const root = join(work, 'root');
  mkdirSync(root);
  for (const [name, text] of [
    ['index.html', 'static'],
    ['small.js', SMALL],
    ['large.js', LARGE],
  ] as const)
    writeFileSync(join(root, name), text);
  const upstreamPort = await freePort();
  const upstream = spawn(process.execPath, ['-e', APP], { stdio: 'ignore', env: { PORT: String(upstreamPort), HOST: '127.0.0.1' } });
  while (
    !(await visit(upstreamPort, 'localhost').then(
      () => true,
      () => false,
    ))
  )
    await sleep(50);
  const peers = await startPeers(work, root, upstreamPort);
  try {
    const edge = { port: httpPort, host: hostOf(site.deployment.publicUrl) };
    const rates: Rate[] = [];
    for (const path of ['/small.js', '/large.js']) {
      rates.push(
        ...(await race([
          { ...edge, name: `edge ${path}`, path },
          ...[peers.nginx, peers.caddy].flatMap((peer) =>
            peer === null ? [] : [{ name: `${peer.name} ${path}`, port: peer.port, host: 'localhost', path }],
          ),
        ])),
      );
    }
    rates.push(
      ...(await race([
        { name: 'edge → app', port: httpPort, host: hostOf(app.deployment.publicUrl), path: '/' },
        ...(peers.caddy === null ? [] : [{ name: 'Caddy → app', port: peers.caddyProxyPort, host: 'localhost', path: '/' }]),
      ])),
    );
    return { rates, dynamic: app.deployment };
  } finally {
    await peers.stop();
    upstream.kill();
    rmSync(work, { recursive: true, force: true });
  }
};
