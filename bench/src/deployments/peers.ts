import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { visit } from './visit.ts';

export interface Peer {
  readonly name: string;
  readonly port: number;
  stop(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });

/** The program of the distribution's package, unpacked beside its system: nothing is installed and no service starts. */
const programOf = (folder: string, name: string, path: string): string | null => {
  const unpacked = join(folder, name, path);
  if (existsSync(unpacked)) return unpacked;
  try {
    mkdirSync(join(folder, 'packages'), { recursive: true });
    execFileSync('apt-get', ['-qq', 'download', name], { cwd: join(folder, 'packages'), stdio: ['ignore', 'ignore', 'pipe'] });
    const file = readdirSync(join(folder, 'packages')).find((entry) => entry.startsWith(`${name}_`)) ?? '';
    execFileSync('dpkg', ['-x', join(folder, 'packages', file), join(folder, name)]);
    return existsSync(unpacked) ? unpacked : null;
  } catch {
    return null;
  }
};

const start = async (name: string, port: number, command: readonly string[], env: NodeJS.ProcessEnv): Promise<Peer> => {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  for (let tries = 0; tries < 100; tries++) {
    await sleep(50);
    if (
      await visit(port, 'localhost').then(
        () => true,
        () => false,
      )
    )
      break;
  }
  return {
    name,
    port,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
};

/** nginx and Caddy as the distribution has them, serving a folder; null where its package cannot be had. */
export const startPeers = async (work: string, root: string, upstreamPort: number) => {
  const packages = join(process.env.MIOSA_CACHE ?? '/var/cache/miosa', 'bench-peers');
  const [nginx, caddy] = [programOf(packages, 'nginx', 'usr/sbin/nginx'), programOf(packages, 'caddy', 'usr/bin/caddy')];
  const [nginxPort, caddyPort, proxyPort] = [await freePort(), await freePort(), await freePort()];
  const nginxConf = join(work, 'nginx.conf');
  writeFileSync(
    nginxConf,
    `user root; worker_processes auto; daemon off; pid ${work}/nginx.pid; error_log ${work}/nginx.log; events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=2000;
  types { text/html html; text/javascript js; }
  client_body_temp_path ${work}/n1; proxy_temp_path ${work}/n2; fastcgi_temp_path ${work}/n3; uwsgi_temp_path ${work}/n4; scgi_temp_path ${work}/n5;
  server { listen 127.0.0.1:${nginxPort}; root ${root}; } }`,
  );
  const caddyFile = join(work, 'Caddyfile');
  writeFileSync(
    caddyFile,
    `{\n admin off\n auto_https off\n}\nhttp://:${caddyPort} {\n root * ${root}\n file_server\n}\nhttp://:${proxyPort} {\n reverse_proxy 127.0.0.1:${upstreamPort}\n}\n`,
  );
  const caddyEnv = { HOME: work, XDG_DATA_HOME: work, XDG_CONFIG_HOME: work };
  const started = {
    nginx: nginx === null ? null : await start('nginx', nginxPort, [nginx, '-c', nginxConf, '-p', work], {}),
    caddy:
      caddy === null ? null : await start('Caddy', caddyPort, [caddy, 'run', '--config', caddyFile, '--adapter', 'caddyfile'], caddyEnv),
  };
  return {
    ...started,
    caddyProxyPort: proxyPort,
    stop: async () => {
      await Promise.all([started.nginx?.stop(), started.caddy?.stop()]);
    },
  };
};
