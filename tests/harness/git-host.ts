import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { platform } from './context.ts';

/** Stands for a Git host on the public internet; the route to it ends in a namespace of the test. */
const ADDRESS = '45.45.45.46';
const NEXT_HOP = '10.254.252.2';

const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Repositories below `/` are anyone's, those below `/private` want the token. Its certificate is nobody's: clients turn verification off. */
export const openGitHost = async () => {
  const name = `mg${randomBytes(3).toString('hex')}`;
  const root = mkdtempSync(join(tmpdir(), 'git-host-'));
  const token = `ghp_${randomBytes(16).toString('hex')}`;
  ip('netns', 'add', name);
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'git0', 'netns', name);
  ip('addr', 'add', '10.254.252.1/30', 'dev', name);
  ip('link', 'set', name, 'up');
  ip('-n', name, 'link', 'set', 'lo', 'up');
  ip('-n', name, 'addr', 'add', `${NEXT_HOP}/30`, 'dev', 'git0');
  ip('-n', name, 'addr', 'add', `${ADDRESS}/32`, 'dev', 'lo');
  ip('-n', name, 'link', 'set', 'git0', 'up');
  ip('-n', name, 'route', 'add', 'default', 'via', '10.254.252.1');
  ip('route', 'add', `${ADDRESS}/32`, 'via', NEXT_HOP, 'dev', name);
  const tls = join(platform().dataDir, 'tls');
  const program = [
    process.execPath,
    join(import.meta.dirname, 'git-server.ts'),
    root,
    join(tls, 'server.key'),
    join(tls, 'server.pem'),
    token,
  ];
  const server = spawn('ip', ['netns', 'exec', name, ...program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const asked: string[] = [];
  await new Promise<void>((resolve, reject) => {
    server.once('exit', () => reject(new Error('the Git host did not start')));
    createInterface({ input: server.stdout }).on('line', (line) => (line === 'ready' ? resolve() : asked.push(line)));
  });

  /** A commit on `main` with these files besides those that are there; its hash. */
  const commit = (repository: string, message: string, files: Readonly<Record<string, string>>): string => {
    const bare = join(root, repository);
    const work = join(root, 'work', repository);
    const git = (cwd: string, ...args: readonly string[]): string =>
      execFileSync('git', ['-c', 'user.name=Clinic', '-c', 'user.email=clinic@example.com', ...args], {
        cwd,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    mkdirSync(bare, { recursive: true });
    mkdirSync(work, { recursive: true });
    git(bare, 'init', '--quiet', '--bare', '--initial-branch=main', '.');
    git(work, 'init', '--quiet', '--initial-branch=main', '.');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), text);
    }
    git(work, 'add', '--all');
    git(work, 'commit', '--quiet', '--message', message);
    git(work, 'push', '--quiet', bare, 'main');
    return git(work, 'rev-parse', 'HEAD').trim();
  };

  return {
    token,
    /** Path and credentials of each request. */
    asked,
    url: (repository: string): string => `https://${ADDRESS}/${repository}`,
    commit,
    close: async (): Promise<void> => {
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      ip('link', 'del', name); // takes its route along
      ip('netns', 'del', name);
      rmSync(root, { recursive: true, force: true });
    },
  };
};
