import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileAt, folderAt, isThere, textAt } from './inside.ts';

const ID = 1000;
const HOME = '/home/sandbox';

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** First of its number, so that it is the name shown; another user of the image with that number keeps its own name beside it. */
const withAccount = (text: string, root: string, sandbox: string): string => {
  const others = linesOf(text).filter((line) => !line.startsWith('sandbox:'));
  const first = others.filter((line) => line.startsWith('root:'));
  const rest = others.filter((line) => !line.startsWith('root:'));
  return `${[...(first.length === 0 ? [root] : first), sandbox, ...rest].join('\n')}\n`;
};

const addAccount = (root: string): void => {
  const shell = isThere(root, '/bin/bash') ? '/bin/bash' : '/bin/sh';
  const passwd = withAccount(
    textAt(root, '/etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh',
    `sandbox:x:${ID}:${ID}:sandbox:${HOME}:${shell}`,
  );
  fileAt(root, '/etc/passwd', passwd);
  fileAt(root, '/etc/group', withAccount(textAt(root, '/etc/group'), 'root:x:0:', `sandbox:x:${ID}:`));
  if (isThere(root, '/etc/shadow'))
    fileAt(root, '/etc/shadow', withAccount(textAt(root, '/etc/shadow'), 'root:*::0:99999:7:::', 'sandbox:!::0:99999:7:::'), 0o600);
};

/** What the image says of its processes' environment, for login shells; the names are the sandbox's own to set. */
const OWN = new Set(['HOME', 'USER', 'LOGNAME', 'SHELL', 'PWD', 'HOSTNAME', 'TERM']);
const exportsOf = (env: readonly string[]): string =>
  env
    .map((entry) => /^([A-Za-z_][A-Za-z0-9_]*)=([^\0]*)$/s.exec(entry))
    .filter((match) => match !== null && !OWN.has(match[1] ?? ''))
    .map((match) => `export ${match?.[1]}='${(match?.[2] ?? '').replaceAll("'", "'\\''")}'\n`)
    .join('');

const addEnvironment = (root: string, env: readonly string[]): void => {
  const text = exportsOf(env);
  if (text === '') return;
  fileAt(root, '/etc/profile.d/image.sh', text);
  if (!isThere(root, '/etc/profile')) fileAt(root, '/etc/profile', '. /etc/profile.d/image.sh\n');
};

const ownedBySandbox = (root: string, path: string): void => {
  // -P: links of the image are changed, never followed.
  execFileSync('chown', ['-R', '-P', '-h', `${ID}:${ID}`, '--', folderAt(root, path)]);
};

/** A real folder, not a link: the boot mounts something on it. */
const mountPoint = (root: string, path: string): void => {
  const at = join(root, path);
  if (lstatSync(at, { throwIfNoEntry: false })?.isDirectory() !== true) rmSync(at, { force: true });
  folderAt(root, path);
};

/** Gives the files of any image what a sandbox needs: its user, its folders and the places of the boot's mounts. */
export const prepare = (root: string, env: readonly string[]): void => {
  chownSync(root, 0, 0);
  chmodSync(root, 0o755);
  for (const path of ['proc', 'sys', 'dev', '.miosa']) mountPoint(root, path);
  fileAt(root, '/.miosa/agent', '', 0o755);
  chmodSync(join(root, '.miosa'), 0o755);
  for (const [name, text] of [
    ['hosts', '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'],
    ['hostname', 'sandbox\n'],
    ['resolv.conf', ''],
    ['machine-id', ''],
  ] as const)
    fileAt(root, `/etc/${name}`, text);
  addAccount(root);
  addEnvironment(root, env);
  chmodSync(folderAt(root, '/home'), 0o755);
  for (const path of [HOME, '/workspace']) ownedBySandbox(root, path);
  chmodSync(folderAt(root, '/tmp'), 0o1777);
};
