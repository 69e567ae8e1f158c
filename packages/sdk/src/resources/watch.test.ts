import { expect, it, vi } from 'vitest';
import { Miosa } from '../index.ts';
import { failure, type Step, sseOf, startServer } from '../testServer.ts';
import type { FileChange } from './watch.ts';

const stream =
  (text: string, after: (response: Parameters<Step>[0]) => void = (response) => response.end()): Step =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`: hb\n\n${text}`);
    setImmediate(after, response);
  };
const created = { type: 'created', path: '/workspace/a', is_dir: false, size_bytes: 1 };
const gone = { type: 'deleted', path: '/workspace', is_dir: true, size_bytes: 0 };
const at = (url: string) => new Miosa({ apiKey: 'msk_test_1', baseUrl: url, maxRetries: 2 }).sandboxes;

it('yields changes in camelCase and ends with its folder', async () => {
  const renamed = { type: 'renamed', path: '/workspace/b', old_path: '/workspace/a', is_dir: false, size_bytes: 1 };
  await using server = await startServer(stream(sseOf(created, renamed, gone)));
  const watch = at(server.url).files.watch('sbx_1', 'src', { recursive: false });
  await watch.ready;
  const changes: FileChange[] = [];
  for await (const change of watch) changes.push(change);
  expect(changes.map(({ type }) => type)).toEqual(['created', 'renamed', 'deleted']);
  expect(changes[1]).toEqual({ type: 'renamed', path: '/workspace/b', oldPath: '/workspace/a', isDir: false, sizeBytes: 1 });
  expect(server.requests[0]?.url).toBe('/api/v1/sandboxes/sbx_1/files/watch?path=src&recursive=false');
});

it('goes on after a break, and says that changes may have been missed', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  await using server = await startServer(
    stream(sseOf(created), (response) => response.destroy()),
    stream(sseOf(gone)),
  );
  const types: string[] = [];
  for await (const change of at(server.url).files.watch('sbx_1')) types.push(change.type);
  expect(types).toEqual(['created', 'overflow', 'deleted']);
});

it('throws what is refused, from the loop and from ready alike', async () => {
  await using server = await startServer(failure(404, 'NOT_FOUND'));
  const watch = at(server.url).files.watch('sbx_1', 'nope');
  await expect(watch.ready).rejects.toMatchObject({ status: 404 });
  await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('does not wake a sandbox that was paused under it', async () => {
  await using server = await startServer(stream(sseOf(created, { type: 'error', code: 'SANDBOX_NOT_RUNNING', message: 'Paused.' })));
  const watch = at(server.url).files.watch('sbx_1')[Symbol.asyncIterator]();
  await watch.next();
  await expect(watch.next()).rejects.toMatchObject({ code: 'SANDBOX_NOT_RUNNING' });
  expect(server.requests).toHaveLength(1);
});

it('ends when it is closed', async () => {
  await using server = await startServer(stream(sseOf(created), () => undefined));
  const watch = at(server.url).files.watch('sbx_1');
  for await (const _change of watch) watch.close();
  expect(server.requests).toHaveLength(1);
});

it('commands.run tells output as it comes and gives the result of exec', async () => {
  const out = (data: string, offset: number, encoding = 'utf8') => ({ type: 'stdout', data, offset, encoding });
  const euro = Buffer.from('€');
  await using server = await startServer(
    stream(
      sseOf(
        { type: 'started', process_id: 'prc_1', pid: 7 },
        out('one', 0),
        out(euro.subarray(0, 1).toString('base64'), 3, 'base64'),
        out(euro.subarray(1).toString('base64'), 4, 'base64'),
        { type: 'stderr', data: 'oops', offset: 6, encoding: 'utf8' },
        { type: 'exit', exit_code: 3, signal: null, duration_ms: 5, timed_out: false },
      ),
    ),
  );
  const heard: string[] = [];
  const result = await at(server.url).commands.run('sbx_1', 'x', {
    onStdout: (text) => heard.push(text),
    onStderr: (text) => heard.push(`! ${text}`),
  });
  expect(heard).toEqual(['one', '€', '! oops']);
  expect(result).toMatchObject({ stdout: 'one€', stderr: 'oops', exitCode: 3, processId: 'prc_1', truncated: false });
});
