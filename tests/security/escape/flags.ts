import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Settings of the host's kernel by which a sandbox could run something as root outside. */
const KERNEL = ['core_pattern', 'modprobe', 'hostname', 'panic', 'sysrq', 'randomize_va_space', 'kptr_restrict'];

const readable = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

const ABSTRACT_SERVER = `
const { createServer } = require('node:net');
const [name, flag] = process.argv.slice(1);
createServer((socket) => { socket.on('error', () => {}); socket.end(flag); }).listen('\\0' + name, () => console.log('ready'));
`;

/**
 * What an escape would read or change: a file of root's outside, the same flag behind an abstract socket of the host and in the environment of a
 * host process, and the settings of the kernel. The test fails when the flag is seen anywhere inside, or anything is not as it was.
 */
export const hoistFlags = async (dataDir: string) => {
  const flag = `FLAG-${randomBytes(16).toString('hex')}`;
  const name = `miosa-escape-${randomBytes(4).toString('hex')}`;
  const folder = join('/', name);
  const path = join(folder, 'flag');
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(path, flag, { mode: 0o600 });
  const server = spawn(process.execPath, ['-e', ABSTRACT_SERVER, name, flag], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MIOSA_ESCAPE_FLAG: flag },
  });
  if (server.stdout) await once(server.stdout, 'data');
  const look = () => {
    const { ino, mode, uid, gid, size, mtimeMs, ctimeMs, nlink } = lstatSync(path);
    return {
      content: readFileSync(path, 'utf8'),
      stat: { ino, mode, uid, gid, size, mtimeMs, ctimeMs, nlink },
      folder: readdirSync(folder),
      root: readdirSync('/')
        .filter((entry) => entry === name || !entry.startsWith('miosa-escape-'))
        .sort(),
      kernel: KERNEL.map((setting) => [setting, readable(`/proc/sys/kernel/${setting}`)]),
      mounts: (readable('/proc/self/mountinfo') ?? '').split('\n').filter((line) => line.includes(name)),
      agent: lstatSync(dataDir).ino,
    };
  };
  const before = look();
  return {
    flag,
    path,
    abstractSocket: name,
    /** Equal to `before` while nothing has got out. */
    look,
    before,
    close: async (): Promise<void> => {
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
};
