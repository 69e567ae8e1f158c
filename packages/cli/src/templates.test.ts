import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { answer, TestCli } from './testing/cli.ts';

const cli = new TestCli();
const folder = mkdtempSync(join(tmpdir(), 'miosa-cli-templates-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const template = { id: 'tpl_1', slug: 'base', name: 'Base', state: 'queued', source: 'custom' };
const build = {
  id: 'bld_1',
  template_id: 'tpl_1',
  state: 'failed',
  error: 'Run false: ended with exit code 1.',
  created_at: '2026-05-25T12:00:00.000Z',
};

it('create sends the file as it is, follows the build and fails with it', async () => {
  const spec = { from: 'miosa-sandbox', start_command: 'serve', env: { aB: 'x' } };
  const file = join(folder, 'spec.json');
  writeFileSync(file, JSON.stringify(spec));
  let sent: unknown;
  cli.handler = (request, response) => {
    if (request.method === 'POST') {
      sent = JSON.parse(request.text).build_spec;
      return answer(response, 201, { data: template });
    }
    if (/stream$/.test(request.url ?? '')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const frame = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
      return void response.end(frame('log', { line: 'hello' }) + frame('end', { state: 'failed' }));
    }
    answer(response, 200, /builds\/bld_1$/.test(request.url ?? '') ? { data: build } : { data: [build], next_cursor: null });
  };
  const { code, out } = await cli.run(['templates', 'create', 'Base', '--spec', file]);
  expect(sent).toEqual(spec);
  expect([code, out]).toEqual([1, expect.stringMatching(/hello\n.*The build failed: Run false: ended with exit code 1\./s)]);
});

it('create without a file takes --from and --run, and says what is missing', async () => {
  let sent: unknown;
  cli.handler = (request, response) => {
    sent = JSON.parse(request.text).build_spec;
    answer(response, 201, { data: template });
  };
  const { code } = await cli.run(['templates', 'create', 'Base', '--from', 'miosa-sandbox', '--run', 'a', '--run', 'b', '--no-wait']);
  expect([code, sent]).toEqual([0, { from: 'miosa-sandbox', run: ['a', 'b'] }]);
  expect((await cli.run(['templates', 'create', 'Base'])).err).toContain('--spec FILE');
});

it('validate answers 1 when something is wrong, with where', async () => {
  const file = join(folder, 'bad.json');
  writeFileSync(file, '{"from": 3}');
  cli.handler = (_request, response) =>
    answer(response, 200, { data: { valid: false, errors: [{ path: 'build_spec.from', message: 'must be string' }] } });
  const { code, out } = await cli.run(['templates', 'validate', file]);
  expect([code, out]).toEqual([1, expect.stringContaining('build_spec.from: must be string')]);
});

it('ls shows what there is', async () => {
  cli.handler = (_request, response) => answer(response, 200, { data: [template], next_cursor: null });
  expect((await cli.run(['template', 'ls'])).out).toMatch(/base\s+tpl_1\s+queued\s+custom\s+Base/);
});
