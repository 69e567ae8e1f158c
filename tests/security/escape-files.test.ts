import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MiosaError, type Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, platform } from '../harness/context.ts';
import { slips } from './escape/archives.ts';
import { hoistFlags } from './escape/flags.ts';
import { ledger, sandboxOf } from './escape/tiers.ts';

const miosa = client();
/** Of root inside: file requests have the rights of the user, so this must stay out of their reach too. */
const SECRET = '/root/secret';
const ABSENT = 'this host does not offer the tier';
const ROUNDS = 15;

let flags: Awaited<ReturnType<typeof hoistFlags>>;
beforeAll(async () => {
  flags = await hoistFlags(platform().dataDir);
});
afterAll(() => flags?.close());

describe.each(['container', 'gvisor'] as const)('file requests into a %s', (tier) => {
  const tally = ledger('file requests', tier);
  const secret = `SECRET-${randomBytes(16).toString('hex')}`;
  let inside: Sandbox | null;
  beforeAll(async () => {
    inside = await sandboxOf(miosa, tier);
    await inside?.exec(`umask 077; printf ${secret} > ${SECRET}`, { user: 'root' });
  });
  afterAll(async () => {
    await inside?.destroy();
    tally.close();
  });

  /** What the request answered, as text; an error of the API is an answer too, any other is not. */
  const answer = async (request: Promise<unknown>): Promise<string> => {
    tally.tried();
    try {
      const value = await request;
      return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : (JSON.stringify(value) ?? '');
    } catch (error) {
      if (!(error instanceof MiosaError) || error.status >= 500) throw error;
      return error.message;
    }
  };
  const expectKept = async (box: Sandbox, answers: readonly string[]): Promise<void> => {
    for (const text of answers) {
      expect(text).not.toContain(flags.flag);
      expect(text).not.toContain(secret);
    }
    const { stdout } = await box.exec(`cat ${SECRET}; echo; find /root -newer ${SECRET} -type f; test -e /etc/slipped && echo slipped`, {
      user: 'root',
    });
    expect(stdout.split('\n').filter((line) => line !== '')).toEqual([secret]);
    expect(flags.look()).toEqual(flags.before);
  };

  it('reach neither the host nor root’s files by any spelling of a path', async ({ skip }) => {
    if (inside === null) return skip(ABSENT);
    const box = inside;
    const roots = [
      '',
      '/proc/self/root',
      '/proc/1/root',
      '/proc/1/cwd',
      '/proc/self/cwd/..',
      '/proc/thread-self/root',
      '/../../../../..',
      '/workspace/../../..',
    ];
    const descriptors = Array.from({ length: 12 }, (_, fd) => `/proc/self/fd/${fd}/../../../../..`);
    await box.exec(
      `cd /workspace; ln -s ${flags.path} out; ln -s /proc/1/root deep; ln -s ${SECRET} inner; ln -s / top; ln -s /proc/self/fd fds; mkfifo pipe`,
    );
    const links = ['out', 'inner', `deep${flags.path}`, `deep${SECRET}`, `top${SECRET}`, `fds/3/../..${SECRET}`];
    const paths = [
      ...[...roots, ...descriptors].flatMap((root) => [root + flags.path, root + SECRET]),
      ...links.map((link) => `/workspace/${link}`),
    ];
    const answers = await Promise.all(
      paths.flatMap((path) => [
        answer(box.files.read(path)),
        answer(box.files.write(path, 'overwritten')),
        answer(box.files.stat(path)),
        answer(box.files.copy({ from: path, to: '/workspace/copied', overwrite: true })),
        answer(box.files.rename({ from: path, to: '/workspace/moved', overwrite: true })),
        answer(box.files.chmod({ path, mode: '0777' })),
      ]),
    );
    await expectKept(box, answers);
  });

  it('reach neither when folder and link change places under them', async ({ skip }) => {
    if (inside === null) return skip(ABSENT);
    const box = inside;
    await box.files.write('/tmp/swap.py', readFileSync(join(import.meta.dirname, 'escape/swap.py')));
    const places = { '/workspace/a': '/root', '/workspace/b': '/proc/1/root/root', '/workspace/c': '/proc/self/root/etc' };
    for (const [place, elsewhere] of Object.entries(places)) await box.processes.start(['python3', '/tmp/swap.py', place, elsewhere]);
    const archive = slips(SECRET).get('pipe') ?? new Uint8Array();
    const answers: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const asked = Object.keys(places).flatMap((place) => [
        answer(box.files.write(`${place}/secret`, 'overwritten')),
        answer(box.files.read(`${place}/secret`)),
        answer(box.files.write(`${place}/slipped`, 'x')),
        answer(box.files.archive.set(archive, place)),
        answer(box.files.copy({ from: `${place}/secret`, to: `/workspace/stolen-${round}` })),
      ]);
      answers.push(...(await Promise.all(asked)));
    }
    await box.files.write('/tmp/stop', '');
    answers.push((await box.exec('cat /workspace/stolen-* /workspace/[abc]/* 2>&1 | head -c 100000')).stdout);
    await expectKept(box, answers);
  });

  it('unpack no archive that wants out, and nothing of one', async ({ skip }) => {
    if (inside === null) return skip(ABSENT);
    const box = inside;
    for (const [name, archive] of slips(SECRET)) {
      const folder = `/workspace/unpacked-${name.replaceAll(/[^a-z]/g, '-')}`;
      const said = await answer(box.files.archive.set(archive, folder));
      const { stdout } = await box.exec(['sh', '-c', 'cat "$1"/stolen "$1"/l 2>&1; find "$1" ! -type d ! -type l ! -type f', 'sh', folder]);
      await expectKept(box, [said, stdout]);
      expect(stdout.split('\n').filter((line) => line.startsWith(folder))).toEqual([]);
    }
  });

  it('take the working directory of a command from inside only (CVE-2024-21626)', async ({ skip }) => {
    if (inside === null) return skip(ABSENT);
    const box = inside;
    const cwds = [...Array.from({ length: 16 }, (_, fd) => `/proc/self/fd/${fd}`), '/proc/1/cwd', '/proc/1/root', '/proc/self/root/..'];
    for (const user of ['root', 'sandbox'] as const)
      for (const cwd of cwds) {
        const said = await answer(box.exec(`pwd; cat ../../../../../..${flags.path} ./${flags.path}; ls`, { cwd, user }));
        expect(said).not.toContain(flags.flag);
      }
    expect(flags.look()).toEqual(flags.before);
  });
});
