import { expect, it } from 'vitest';
import { answer, TestCli } from './testing/cli.ts';

const cli = new TestCli();
const ID = 'sbx_00000000000000000000000001';
const process = {
  ...{ id: 'prc_1', pid: 7, name: 'web', command: 'serve', cwd: '/workspace', state: 'exited', state_reason: 'restarting', exit_code: 3 },
  ...{ signal: null, autostart: true, restart: 'always', restarts: 2, started_at: '2026-05-25T12:00:00.000Z', exited_at: null },
  ...{ log_bytes: 0, log_truncated: false },
};

it('ps shows how a process stands and what starts it again', async () => {
  cli.handler = (_request, response) => answer(response, 200, { data: [process], next_cursor: null });
  const { code, out } = await cli.run(['sandbox', 'ps', ID]);
  expect([code, out]).toEqual([0, expect.stringMatching(/prc_1\s+web\s+7\s+restarting \(exit 3\)\s+autostart, always, 2×/)]);
});

it('start passes policy and command on', async () => {
  let body: unknown;
  cli.handler = (request, response) => {
    body = JSON.parse(request.text);
    answer(response, 201, { data: { ...process, state: 'running' } });
  };
  const { code, out } = await cli.run([
    'sandbox',
    'start',
    '--autostart',
    '--restart',
    'always',
    '--name',
    'web',
    ID,
    '--',
    'node',
    'serve.js',
  ]);
  expect([code, out]).toEqual([0, expect.stringContaining('prc_1 runs')]);
  expect(body).toEqual({ command: ['node', 'serve.js'], name: 'web', autostart: true, restart: 'always' });
  expect((await cli.run(['sandbox', 'start', '--restart', 'often', ID, 'x'])).code).toBe(1);
});

it('stop takes a name', async () => {
  cli.handler = (request, response) =>
    answer(response, 200, { data: request.method === 'GET' ? [process] : { id: 'prc_1', deleted: true }, next_cursor: null });
  expect((await cli.run(['sandbox', 'stop', ID, 'web'])).code).toBe(0);
  expect(cli.seen.at(-1)).toBe(`DELETE /api/v1/sandboxes/${ID}/processes/prc_1`);
  expect((await cli.run(['sandbox', 'stop', ID, 'other'])).code).toBe(1);
});

it('watch prints changes until the folder is gone', async () => {
  const events = [
    { type: 'renamed', path: '/workspace/b', old_path: '/workspace/a', is_dir: false, size_bytes: 1 },
    { type: 'deleted', path: '/workspace', is_dir: true, size_bytes: 0 },
  ];
  cli.handler = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
  };
  const { code, out } = await cli.run(['sandbox', 'watch', ID, 'src', '--flat']);
  expect([code, out]).toEqual([0, 'renamed   /workspace/a -> /workspace/b\ndeleted   /workspace/\n']);
  expect(cli.seen).toEqual([`GET /api/v1/sandboxes/${ID}/files/watch?path=src&recursive=false`]);
});
