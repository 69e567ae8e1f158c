import type { FileChange, Process, Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client } from '../harness/context.ts';

const miosa = client();
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await miosa.sandboxes.create();
});
afterAll(async () => {
  await sandbox?.destroy();
});

const WAIT = { timeout: 20_000 };
const running = async (id: string): Promise<Process> => sandbox.processes.get(id);

/** Changes until one of the path comes. */
const until = async (changes: AsyncIterator<FileChange>, path: string): Promise<string[]> => {
  const told: string[] = [];
  for (;;) {
    const { value, done } = await changes.next();
    if (done === true) throw new Error(`the watch ended after ${told.join(', ')}`);
    if (value.path.endsWith(path)) return told;
    told.push(`${value.type} ${value.path}`);
  }
};

it('a watch sees an atomic save as one change, and new folders with all that is in them', async () => {
  await sandbox.files.write('src/app.ts', 'old');
  const watch = sandbox.files.watch('src');
  await watch.ready;
  const changes = watch[Symbol.asyncIterator]();
  await sandbox.exec('printf newer > src/.app.ts.tmp && mv src/.app.ts.tmp src/app.ts');
  await sandbox.files.write('src/first.end', '');
  expect(await until(changes, 'first.end')).toEqual(['modified /workspace/src/app.ts']);
  await sandbox.exec('mkdir -p src/a/b/c && echo x > src/a/b/c/leaf');
  await sandbox.files.write('src/second.end', '');
  const told = await until(changes, 'second.end');
  expect(told.sort()).toEqual(['', '/b', '/b/c', '/b/c/leaf'].map((below) => `created /workspace/src/a${below}`));
  await sandbox.files.rename({ from: 'src/a', to: 'src/z' });
  const { value } = await changes.next();
  expect(value).toEqual({
    type: 'renamed',
    path: '/workspace/src/z',
    oldPath: '/workspace/src/a',
    isDir: true,
    sizeBytes: expect.any(Number),
  });
  watch.close();
});

it('a browser token watches in its workspace and no further', async () => {
  await sandbox.exec('ln -s /etc out');
  const { token } = await miosa.browserTokens.create({ sandboxId: sandbox.id, permissions: ['sandbox:files'] });
  const browser = client({ apiKey: undefined, accessToken: token }).sandboxes;
  await expect(browser.files.watch(sandbox.id, 'out').ready).rejects.toMatchObject({ status: 403 });
  await expect(browser.files.watch(sandbox.id, '/etc').ready).rejects.toMatchObject({ status: 403 });
  const watch = browser.files.watch(sandbox.id);
  await watch.ready;
  watch.close();
});

it('tells the output of a command as it comes', async () => {
  const heard: string[] = [];
  const result = await sandbox.commands.run('echo one; echo two >&2; exit 4', {
    onStdout: (text) => heard.push(text),
    onStderr: (text) => heard.push(text),
  });
  expect(heard.sort()).toEqual(['one\n', 'two\n']);
  expect(result).toMatchObject({ exitCode: 4, stdout: 'one\n', stderr: 'two\n' });
});

it('a service is started again with back-off, under its id', async () => {
  const service = await sandbox.processes.start(
    'echo run; n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; [ $n -ge 2 ] && exec sleep 1000; exit 1',
    {
      restart: 'on_failure',
    },
  );
  expect(service).toMatchObject({ restart: 'on_failure', autostart: false });
  await expect.poll(() => running(service.id), WAIT).toMatchObject({ state: 'running', restarts: 2 });
  expect((await sandbox.processes.logs(service.id)).stdout).toBe('run\nrun\nrun\n');
  await sandbox.processes.signal(service.id, { signal: 'KILL' });
  await expect.poll(() => running(service.id), WAIT).toMatchObject({ state: 'running', restarts: 3 });
  await sandbox.processes.delete(service.id);
});

it('a process ends with all its descendants: in other sessions, orphaned, deaf to TERM', async () => {
  const sleepers = async (): Promise<number> => (await sandbox.exec('cat /proc/[0-9]*/comm')).stdout.split('sleep\n').length - 1;
  const before = await sleepers();
  const parent = await sandbox.processes.start(
    'setsid sh -c \'trap "" TERM; sleep 4242 & while :; do wait; done\' & setsid env -i sh -c "(/bin/sleep 4242 &) &" & sleep 4242',
  );
  await expect.poll(sleepers, WAIT).toBe(before + 3);
  await sandbox.processes.delete(parent.id);
  expect(await sleepers()).toBe(before);
  const timedOut = await sandbox.exec('setsid sleep 4343 & sleep 4343', { timeout: 1 });
  expect(timedOut.timedOut).toBe(true);
  await expect.poll(sleepers, WAIT).toBe(before);
});

it('create waits for the readiness probe, and readiness shows it', async () => {
  await using served = await miosa.sandboxes.create({
    startCommand: 'sleep 1; exec python3 -m http.server 8123',
    readinessProbe: { type: 'http', port: 8123, path: '/', timeoutSec: 30 },
  });
  const { ready, checks } = await served.readiness();
  expect([ready, checks.find(({ name }) => name === 'start')?.ok]).toEqual([true, true]);
  expect((await served.exec('python3 -c "import urllib.request as u; print(u.urlopen(\'http://127.0.0.1:8123\').status)"')).stdout).toBe(
    '200\n',
  );
  await using silent = await miosa.sandboxes.create({
    startCommand: 'sleep 1000',
    readinessProbe: { type: 'tcp', port: 9, timeoutSec: 600 },
    waitSeconds: 2,
  });
  expect(silent.state).toBe('running');
  expect(await silent.readiness()).toMatchObject({ ready: false });
});
