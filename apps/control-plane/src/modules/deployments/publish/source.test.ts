import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentEndpoint } from '@miosa/runtime';
import { createFakeRuntime } from '@miosa/runtime/fake';
import { agentRequest, execInside } from '@miosa/runtime/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPool, type Pool } from '../../sandboxes/agent/pool.ts';
import { tarOf } from '../archive/testing/tar.ts';
import { listTree, readFiles, statPath, type Tree } from './source.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const collect = async (files: ReturnType<typeof readFiles>): Promise<Record<string, string>> => {
  const texts: Record<string, string> = {};
  for await (const { path, bytes } of files) {
    const pieces: Buffer[] = [];
    if (Buffer.isBuffer(bytes)) pieces.push(bytes);
    else for await (const piece of bytes) pieces.push(piece);
    texts[path] = Buffer.concat(pieces).toString();
  }
  return texts;
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'source-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('of a sandbox', () => {
  let runtime: ReturnType<typeof createFakeRuntime>;
  let pool: Pool;
  let endpoint: AgentEndpoint;
  const put = async (path: string, content: string): Promise<void> => {
    await agentRequest(endpoint, 'POST', '/files/write-many', { files: [{ path, content }] });
  };
  const link = (target: string, path: string) => execInside(endpoint, ['ln', '-s', target, path]);
  const id = 'sbx_01jz0000000000000000000000';
  beforeAll(async () => {
    runtime = createFakeRuntime();
    const shape = { cpuCount: 1, memoryMiB: 256, diskMiB: 256, pidsMax: 64 };
    ({ endpoint } = await runtime.create({ id, templateId: 'miosa-sandbox', hostname: 'x', ...shape, env: {} }));
    pool = createPool(endpoint);
    for (const [path, text] of Object.entries({
      'dist/index.html': '<h1>',
      'dist/a/b.js': 'b()',
      'dist/skip.log': 'no',
      'dist/.git/HEAD': 'no',
    }))
      await put(path, text);
    await put('dist/.miosaignore', '*.log\n');
  });
  afterAll(async () => {
    pool.close();
    await runtime.close();
  });
  const options = { exclude: ['.git'], ignoreFile: '.miosaignore' };

  test('the files below a folder are listed by their hashes, and read', async () => {
    const tree = await listTree(pool, '/workspace/dist', options);
    expect(tree.files.map(({ path }) => path)).toEqual(['.miosaignore', 'a/b.js', 'index.html']);
    expect(tree.files[2]).toEqual({ path: 'index.html', sizeBytes: 4, mode: '0644', sha256: sha256('<h1>') });
    expect(await collect(readFiles(pool, tree, ['index.html', 'a/b.js']))).toEqual({ 'index.html': '<h1>', 'a/b.js': 'b()' });
    expect(await collect(readFiles(pool, tree, []))).toEqual({});
  });

  test('a file that changed since it was listed is a conflict, whether its size did or not', async () => {
    const tree = await listTree(pool, 'dist', options);
    for (const text of ['<h2>', 'longer', '']) {
      await put('dist/index.html', text);
      await expect(collect(readFiles(pool, tree, ['a/b.js', 'index.html']))).rejects.toMatchObject({
        code: 'CONFLICT',
        details: { reason: 'source_changed' },
      });
    }
    await put('dist/index.html', '<h1>');
  });

  test('a link out of the folder refuses it by name, or is left out', async () => {
    await put('linked/a', 'x');
    await link('/etc/passwd', 'linked/bad');
    await expect(listTree(pool, 'linked')).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringContaining('bad is a link'),
    });
    expect(await listTree(pool, 'linked', { unsuitable: 'skip' })).toMatchObject({ files: [{ path: 'a' }], skipped: 1 });
  });

  test('a folder that is not there, and one of too many files, say so', async () => {
    await expect(listTree(pool, 'none')).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('/workspace/none') });
    await expect(listTree(pool, 'dist', { maxFiles: 2 })).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await expect(listTree(pool, 'dist', { maxBytes: 2 })).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  test('statPath tells files from folders, behind links too', async () => {
    await link('index.html', 'dist/again');
    const all = ['dist', 'dist/index.html', 'dist/again', 'none'].map((path) => statPath(pool, path));
    expect(await Promise.all(all)).toEqual(['dir', 'file', 'file', null]);
  });
});

describe('of an agent that lies', () => {
  let server: Server;
  let pool: Pool;
  let answer: RequestListener = () => {};
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => answer(request, response));
    });
    const socketPath = join(folder, 'agent.sock');
    await new Promise<void>((resolve) => {
      server.listen(socketPath, resolve);
    });
    pool = createPool({ socketPath });
  });
  afterAll(() => {
    pool.close();
    server.closeAllConnections();
    server.close();
  });
  const tree: Tree = {
    root: '/workspace',
    files: ['a', 'b'].map((path) => ({ path, sizeBytes: 1, mode: '0644', sha256: sha256(path) })),
    totalBytes: 2,
    skipped: 0,
  };
  const pack = (bytes: Buffer): ReturnType<typeof collect> => {
    answer = (_request, response) => response.end(bytes);
    return collect(readFiles(pool, tree, ['a', 'b']));
  };
  const [a, b] = [
    { name: 'a', text: 'a' },
    { name: 'b', text: 'b' },
  ];

  test('no other file than the one asked for is taken, and none is missing', async () => {
    expect(await pack(tarOf(a, b))).toEqual({ a: 'a', b: 'b' });
    for (const wrong of [
      tarOf(b, a),
      tarOf(a, { ...b, flag: '2' }),
      tarOf(a, b, a),
      tarOf({ ...a, name: '../a' }, b),
      Buffer.alloc(512, 'x'),
    ])
      await expect(pack(wrong)).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    for (const wrong of [tarOf(a), tarOf(a, { ...b, text: 'c' }), tarOf(a, { ...b, text: 'bb' })])
      await expect(pack(wrong)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('a pack that is cut is no pack; one that was broken off for a reason is a conflict', async () => {
    await expect(pack(tarOf(a, b).subarray(0, -1024))).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    answer = (_request, response) => {
      response.writeHead(200, { trailer: 'Miosa-Fault' }).write(tarOf(a).subarray(0, 600));
      response.addTrailers({ 'Miosa-Fault': encodeURIComponent(JSON.stringify({ code: 'CONFLICT', message: 'b changed' })) });
      response.end();
    };
    await expect(collect(readFiles(pool, tree, ['a', 'b']))).rejects.toMatchObject({ code: 'CONFLICT', internal: 'b changed' });
    answer = (_request, response) => {
      response.write(tarOf(a).subarray(0, 600), () => response.destroy());
    };
    await expect(collect(readFiles(pool, tree, ['a', 'b']))).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
  });

  test('a pack without end is left when the publish is given up', async () => {
    answer = (_request, response) => response.write(tarOf(a).subarray(0, 1024));
    const given = new AbortController();
    const read = readFiles(pool, tree, ['a', 'b'], given.signal);
    expect((await read.next()).value).toMatchObject({ path: 'a' });
    const next = read.next();
    given.abort(new Error('given up'));
    await expect(next).rejects.toThrow('given up');
  });

  test('names that leave the folder are not taken', async () => {
    for (const path of ['../a', '/a', 'a//b', '.', 'a/..', '']) {
      const files = [{ ...tree.files[0], path }];
      answer = (_request, response) => response.end(JSON.stringify({ ...tree, files }));
      await expect(listTree(pool, '/workspace')).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    }
  });
});
