import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { answer, refuse, TestCli } from './testing/cli.ts';

const cli = new TestCli();
const miosa = cli.run.bind(cli);

const sandbox = {
  id: 'sbx_1',
  slug: 'sbx01j9x',
  name: 'preview',
  state: 'running',
  size: 'small',
  cpu_count: 2,
  memory_mb: 4096,
  preview_url: 'https://x.example',
};
const sse = (response: ServerResponse, ...events: { type: string }[]): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
};
const exit = (exit_code: number) => ({ type: 'exit', exit_code, signal: null, duration_ms: 1, timed_out: false });

describe('exit codes', () => {
  it.each([
    [0, 'help', ['--help']],
    [1, 'an unknown command', ['frobnicate']],
    [1, 'a missing argument', ['sandbox', 'get']],
    [1, 'an impossible number', ['sandbox', 'create', '--port', '0']],
    [1, 'an address that is none', ['whoami', '--base-url', 'nonsense']],
    [1, 'a copy between two local files', ['cp', './a', './b']],
  ])('%d for %s', async (code, _what, args) => {
    cli.handler = refuse(500, 'UNEXPECTED');
    const result = await miosa(args);
    expect(result.code).toBe(code);
    expect(cli.seen).toEqual([]);
    if (code !== 0) expect(result.err).toMatch(/^error: /m);
  });

  it.each([
    [1, 404, 'NOT_FOUND'],
    [1, 422, 'VALIDATION_ERROR'],
    [1, 403, 'QUOTA_EXCEEDED'],
    [3, 401, 'UNAUTHORIZED'],
    [3, 403, 'FORBIDDEN'],
    [4, 507, 'STORAGE_FULL'],
  ])('%d for %d %s, with the message and the request id', async (code, status, name) => {
    cli.handler = refuse(status, name);
    const result = await miosa(['sandbox', 'get', 'sbx_1']);
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err).toContain(`error: ${name}.`);
    expect(result.err).toContain('req_7');
  });

  it('2 when nothing answers in time', async () => {
    cli.handler = () => undefined;
    expect(await miosa(['whoami', '--timeout', '0.05'])).toMatchObject({ code: 2, out: '' });
  });

  it('3 without any credential, and says what to do', async () => {
    const result = await miosa(['whoami'], { env: { MIOSA_API_KEY: '' } });
    expect(result.code).toBe(3);
    expect(result.err).toContain('miosa login');
  });
});

describe('forms of output', () => {
  beforeEach(() => {
    cli.handler = (_request, response) =>
      answer(response, 200, { data: [sandbox, { ...sandbox, id: 'sbx_2', name: 'evil\u001b[2J' }], next_cursor: null });
  });

  it('a table for people, in which foreign names cannot drive the terminal', async () => {
    const { out } = await miosa(['sandbox', 'ls']);
    expect(out.split('\n')[0]).toMatch(/^ID +SLUG +NAME +STATE/);
    expect(out).toContain('evil?[2J');
  });
  it('ids alone with --quiet', async () => expect((await miosa(['sandboxes', 'list', '-q'])).out).toBe('sbx_1\nsbx_2\n'));
  it('the names of the API with --json, before or after the command', async () => {
    for (const args of [
      ['--json', 'sandbox', 'ls'],
      ['sandbox', '--json', 'ls'],
      ['sandbox', 'ls', '--json'],
    ]) {
      const [first] = JSON.parse((await miosa(args)).out) as (typeof sandbox)[];
      expect(first).toMatchObject({ id: 'sbx_1', preview_url: 'https://x.example' });
    }
  });
});

describe('sandboxes', () => {
  it('creates with ownership from flags and environment', async () => {
    cli.handler = (request, response) => answer(response, 201, { data: { ...sandbox, echoed: JSON.parse(request.text) } });
    const { out, code } = await miosa(
      ['sandbox', 'create', '--project', 'summer-lead-magnet', '-e', 'A=1', '-e', 'bC=x=y', '--port', '3000', '--json'],
      {
        env: { MIOSA_WORKSPACE: 'dr-smith-clinic' },
      },
    );
    expect(code).toBe(0);
    expect(JSON.parse(out).echoed).toEqual({
      workspace_slug: 'dr-smith-clinic',
      project_slug: 'summer-lead-magnet',
      env: { A: '1', bC: 'x=y' },
      preview_port: 3000,
    });
  });

  it('finds a sandbox by slug, else by name, and never guesses between several', async () => {
    cli.handler = (request, response) => {
      const url = request.url ?? '';
      if (url.includes('slug=twice')) answer(response, 200, { data: [sandbox, { ...sandbox, id: 'sbx_2' }], next_cursor: null });
      else if (url.includes('slug=')) answer(response, 200, { data: [], next_cursor: null });
      else if (url.includes('name=preview')) answer(response, 200, { data: [sandbox], next_cursor: null });
      else if (url.includes('name=')) answer(response, 200, { data: [], next_cursor: null });
      else answer(response, 200, { data: { id: 'sbx_1', deleted: true } });
    };
    expect(await miosa(['sandbox', 'rm', 'preview', '-q'])).toMatchObject({ code: 0, out: 'sbx_1\n' });
    expect(cli.seen.at(-1)).toBe('DELETE /api/v1/sandboxes/sbx_1');
    expect((await miosa(['sandbox', 'rm', 'twice'])).err).toContain('sbx_1, sbx_2');
    expect(await miosa(['sandbox', 'rm', 'nobody'])).toMatchObject({ code: 1 });
    expect(cli.seen.filter((line) => line.startsWith('DELETE'))).toHaveLength(1);
  });

  it('runs a command with its own flags, streams both outputs and exits with its code', async () => {
    let body: unknown;
    cli.handler = (request, response) => {
      body = JSON.parse(request.text);
      sse(
        response,
        { type: 'started', ...{ process_id: 'prc_1', pid: 1 } },
        { type: 'stdout', ...{ data: 'out\n', offset: 0, encoding: 'utf8' } },
        { type: 'stderr', ...{ data: Buffer.from('err\n').toString('base64'), offset: 4, encoding: 'base64' } },
        exit(42),
      );
    };
    expect(await miosa(['exec', '--cwd', '/tmp', 'sbx_1', 'ls', '-la', '--json'])).toEqual({ code: 42, out: 'out\n', err: 'err\n' });
    expect(body).toMatchObject({ command: ['ls', '-la', '--json'], cwd: '/tmp' });
    await miosa(['sandbox', 'exec', 'sbx_1', 'npm test && ls'], {});
    expect(body).toMatchObject({ command: 'npm test && ls' });
    await miosa(['exec', 'sbx_1', '--', 'ls', '-q']);
    expect(body).toMatchObject({ command: ['ls', '-q'] });
    await miosa(['exec', '-i', 'sbx_1', 'cat'], { stdin: 'hello' });
    expect(body).toMatchObject({ stdin: 'hello' });
  });

  it('copies a file and a whole folder in, and back out again', async () => {
    let stored = Buffer.alloc(0);
    cli.handler = (request, response) => {
      const url = request.url ?? '';
      if (url.endsWith('/files/stat')) answer(response, 200, { data: { path: '/workspace', type: 'dir' } });
      else if (request.method === 'GET') response.end(stored);
      else answer(response, 200, { data: { files: 1 } });
      if (request.method === 'PUT') stored = request.bytes;
    };
    await writeFile(join(cli.folder, 'a.txt'), 'A');
    expect((await miosa(['cp', join(cli.folder, 'a.txt'), 'sbx_1:/workspace', '-q'])).code).toBe(0);
    expect(cli.seen.at(-1)).toBe('PUT /api/v1/sandboxes/sbx_1/files/content?path=%2Fworkspace%2Fa.txt&mode=0644');
    const site = await mkdtemp(join(cli.folder, 'site-'));
    await writeFile(join(site, 'index.html'), '<h1>');
    expect((await miosa(['cp', '-r', site, 'sbx_1:/workspace', '-q'])).code).toBe(0);
    expect(cli.seen.at(-1)).toMatch(/^PUT .*archive\?path=%2Fworkspace%2Fsite-/);
    expect((await miosa(['cp', 'sbx_1:/workspace', join(cli.folder, 'back'), '-q'])).err).toBe('');
    expect(await readFile(join(cli.folder, 'back', 'index.html'), 'utf8')).toBe('<h1>');
  });

  it('shows the newest process with logs', async () => {
    const process = (id: string, started_at: string) => ({ id, name: id, started_at, state: 'exited' });
    cli.handler = (request, response) => {
      if (request.url?.includes('/logs')) answer(response, 200, { data: { stdout: `${request.url}\n`, stderr: '', truncated: false } });
      else answer(response, 200, { data: [process('prc_1', '2026-01-01'), process('prc_2', '2026-01-02')], next_cursor: null });
    };
    expect((await miosa(['logs', 'sbx_1', '--tail', '5'])).out).toBe('/api/v1/sandboxes/sbx_1/processes/prc_2/logs?tail=5\n');
  });

  it('prints a link that opens', async () => {
    cli.handler = (_request, response) => answer(response, 200, { data: { token: 'mp_1', url: 'https://x.example?mt=mp_1' } });
    expect((await miosa(['sandbox', 'url', 'sbx_1', '--port', '3000'])).out).toBe('https://x.example?mt=mp_1\n');
  });
});

it.each(['workspaces', 'projects'])('%s are shown and deleted by slug', async (noun) => {
  const found = { id: 'w1', name: 'Clinic', slug: 'clinic' };
  cli.handler = (request, response) => {
    if (request.url?.includes('?slug=')) return answer(response, 200, { data: [found], next_cursor: null });
    answer(response, 200, { data: request.method === 'DELETE' ? { id: 'w1', deleted: true } : found });
  };
  expect((await miosa([noun, 'get', 'clinic'])).out).toMatch(/^slug +clinic$/m);
  expect(await miosa([noun, 'rm', 'clinic', '--force', '-q'])).toMatchObject({ code: 0, out: 'w1\n' });
  expect(cli.seen.at(-1)).toBe(`DELETE /api/v1/${noun}/w1?force=true`);
});

describe('login', () => {
  const me = { data: { credential: 'key', tenant: { id: 't', name: 'ClinicIQ', slug: 'cliniciq' }, scopes: ['*'] } };

  it('keeps a key from standard input in a file that only its owner reads', async () => {
    cli.handler = (_request, response) => answer(response, 200, me);
    const result = await miosa(['login', '--api-key', '-'], { stdin: 'msk_live_kept\n' });
    expect(result.code).toBe(0);
    expect(result.out + result.err).not.toContain('msk_live_kept');
    const file = join(cli.folder, '.miosa', 'config.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ baseUrl: `${cli.base}/api/v1`, apiKey: 'msk_live_kept' });
  });

  it('exchanges a password for a key of its own, which logout revokes', async () => {
    cli.handler = (request, response) => {
      if (request.url?.endsWith('/auth/login'))
        return answer(response, 200, { token: 'jwt', refresh_token: 'r', user: { id: 'u', email: 'e' } });
      if (request.url?.endsWith('/api-keys')) return answer(response, 201, { data: { id: 'key-1', key: 'msk_u_made', key_type: 'user' } });
      return answer(response, 200, request.url?.endsWith('/auth/me') ? me : { data: { id: 'key-1', success: true } });
    };
    const env = { MIOSA_API_KEY: '' };
    expect((await miosa(['login', '--email', 'user@example.com'], { env, answers: ['your_password'] })).code).toBe(0);
    expect((await miosa(['whoami'], { env })).out).toContain('ClinicIQ');
    expect((await miosa(['logout'], { env })).code).toBe(0);
    expect(cli.seen).toContain('DELETE /api/v1/api-keys/key-1');
    expect((await miosa(['whoami'], { env })).code).toBe(3);
  });

  it('keeps nothing when the credential is wrong', async () => {
    cli.handler = refuse(401, 'UNAUTHORIZED');
    expect((await miosa(['login', '--api-key', 'msk_live_wrong'])).code).toBe(3);
    await expect(stat(join(cli.folder, '.miosa'))).rejects.toThrow();
  });
});

it('calls any route with api, in the form of the wire', async () => {
  cli.handler = (request, response) => answer(response, 200, { data: { some_field: request.text } });
  const { out } = await miosa(['api', '/api/v1/things', '-X', 'put', '-d', '{"a_b":1}', '-Q', 'x=1 2']);
  expect(cli.seen).toEqual(['PUT /api/v1/things?x=1+2']);
  expect(JSON.parse(out)).toEqual({ data: { some_field: '{"a_b":1}' } });
});
