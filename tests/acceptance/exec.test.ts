import type { ExecEvent, Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client } from '../harness/context.ts';

const miosa = client();
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await miosa.sandboxes.create({ env: { GREETING: 'hello' } });
});
afterAll(async () => {
  await sandbox?.destroy();
});

const collect = async (events: AsyncIterable<ExecEvent>): Promise<ExecEvent[]> => {
  const all: ExecEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
};

it.each([0, 1, 7, 126, 255])('returns the true exit code %i', async (code) => {
  expect(await sandbox.exec(`exit ${code}`)).toMatchObject({ exitCode: code, timedOut: false });
});

it('reports a signal as 128 + its number', async () => {
  expect(await sandbox.exec(['/bin/sh', '-c', 'kill -SEGV $$'])).toMatchObject({ exitCode: 139 });
});

it('answers 127 for a program that is not there', async () => {
  expect((await sandbox.exec(['no-such-program'])).exitCode).toBe(127);
});

it('runs as the sandbox user in /workspace, and as root on request', async () => {
  expect((await sandbox.exec('id -u; pwd; echo $HOME')).stdout).toBe('1000\n/workspace\n/home/sandbox\n');
  expect((await sandbox.exec('id -u', { user: 'root' })).stdout).toBe('0\n');
});

it('passes stdin, cwd and env, and keeps stdout and stderr apart', async () => {
  const result = await sandbox.exec('cat; pwd; echo "$A" >&2', { stdin: 'in\n', cwd: '/tmp', env: { A: 'b' } });
  expect(result).toMatchObject({ stdout: 'in\n/tmp\n', stderr: 'b\n', exitCode: 0 });
});

it('gives processes the environment of the sandbox, its ids, and never a key', async () => {
  await sandbox.env.set({ vars: [{ key: 'SECRET', value: 's3cret' }] });
  const { stdout } = await sandbox.exec('env');
  expect(stdout).toContain('GREETING=hello');
  expect(stdout).toContain('SECRET=s3cret');
  expect(stdout).toContain(`MIOSA_SANDBOX_ID=${sandbox.id}`);
  expect(stdout).toContain(`MIOSA_WORKSPACE_ID=${sandbox.workspaceId}`);
  expect(stdout).toContain(`MIOSA_PROJECT_ID=${sandbox.projectId}`);
  expect(stdout).not.toContain('msk_');
  const listed = [];
  for await (const variable of sandbox.env.list()) listed.push(variable);
  expect(listed.find(({ key }) => key === 'SECRET')).toMatchObject({ value: null, encrypted: true });
});

it('ends a command that runs too long and says so', async () => {
  const result = await sandbox.exec('sleep 30', { timeout: 1 });
  expect(result).toMatchObject({ timedOut: true, exitCode: 143 });
});

it('survives a command that floods 1 GiB of output: the head is kept, the rest is said to be missing', async () => {
  const result = await sandbox.exec('head -c 1073741824 /dev/zero | tr "\\0" x', { timeout: 120 });
  expect(result).toMatchObject({ exitCode: 0, truncated: true });
  expect(result.stdout.length).toBe(4 * 1024 * 1024);
  expect((await sandbox.exec('echo alive')).stdout).toBe('alive\n');
});

it('streams output while the command runs and ends with its exit code', async () => {
  const events = await collect(sandbox.exec.stream('echo one; echo two >&2; exit 3'));
  expect(events[0]).toMatchObject({ type: 'started' });
  expect(events).toContainEqual(expect.objectContaining({ type: 'stdout', data: 'one\n', encoding: 'utf8' }));
  expect(events).toContainEqual(expect.objectContaining({ type: 'stderr', data: 'two\n' }));
  expect(events.at(-1)).toMatchObject({ type: 'exit', exitCode: 3, timedOut: false });
});

it('keeps a streamed command running when its client hangs up, and lets another follow it from an offset', async () => {
  let processId = '';
  for await (const event of sandbox.exec.stream('echo begin; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo end; exit 5')) {
    if (event.type === 'started') processId = event.processId;
    if (event.type === 'stdout') break;
  }
  expect(await sandbox.processes.get(processId)).toMatchObject({ state: 'running' });
  await sandbox.exec('touch /tmp/go');
  const rest = await collect(sandbox.processes.stream(processId, { offset: 'begin\n'.length }));
  expect(rest.filter(({ type }) => type === 'stdout')).toEqual([expect.objectContaining({ data: 'end\n' })]);
  expect(rest.at(-1)).toMatchObject({ type: 'exit', exitCode: 5 });
});

it('manages background processes: input, signals, logs', async () => {
  const cat = await sandbox.processes.start('cat; echo closed', { name: 'cat' });
  await sandbox.processes.stdin(cat.id, { data: 'line\n', eof: true });
  await expect.poll(async () => (await sandbox.processes.get(cat.id)).state, { timeout: 10_000 }).toBe('exited');
  expect(await sandbox.processes.get(cat.id)).toMatchObject({ exitCode: 0, name: 'cat' });
  expect((await sandbox.processes.logs(cat.id)).stdout).toBe('line\nclosed\n');
  const sleeper = await sandbox.processes.start(['sleep', '600']);
  await sandbox.processes.signal(sleeper.id, { signal: 'KILL' });
  await expect.poll(async () => (await sandbox.processes.get(sleeper.id)).exitCode, { timeout: 10_000 }).toBe(137);
});

it('gives 100 commands at once each its own result', async () => {
  const results = await Promise.all(Array.from({ length: 100 }, (_, index) => sandbox.exec(`echo ${index}; exit ${index}`)));
  results.forEach((result, index) => {
    expect(result).toMatchObject({ stdout: `${index}\n`, exitCode: index });
  });
});

it.each([
  [{ command: 5 }, 'command'],
  [{ command: 'true', timeout: 601 }, 'timeout'],
  [{ command: 'true', cwd: 7 }, 'cwd'],
  [{ command: [] }, 'command'],
])('refuses the wrong request %j by naming the field', async (body, path) => {
  await expect(sandbox.exec(body.command as string, body as object)).rejects.toMatchObject({
    status: 422,
    code: 'VALIDATION_ERROR',
    details: { fields: [expect.objectContaining({ path: expect.stringContaining(path) })] },
  });
});
