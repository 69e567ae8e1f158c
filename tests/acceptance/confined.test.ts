import { Buffer } from 'node:buffer';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, platform } from '../harness/context.ts';
import { type Answer, request } from '../harness/request.ts';

/** Contract 2.5: `sandbox:files` ends at /workspace, wherever the links lead that programs inside have made. */
let sandbox: Sandbox;
let token: string;
beforeAll(async () => {
  sandbox = await client().sandboxes.create();
  ({ token } = await client().browserTokens.create({ sandboxId: sandbox.id, permissions: ['sandbox:files'] }));
});
afterAll(async () => {
  await sandbox?.destroy();
});

const asBrowser = (method: string, path: string, body?: object | Buffer): Promise<Answer> =>
  request(`${platform().apiUrl}/api/v1/sandboxes/${sandbox.id}/files${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json' },
    ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
  });

const through = (path: string): [string, string, (object | Buffer)?][] => [
  ['GET', `?path=${path}`],
  ['GET', `/content?path=${path}/passwd`],
  ['GET', `/tree?path=${path}`],
  ['GET', `/archive?path=${path}`],
  ['POST', '/stat', { path: `${path}/passwd` }],
  ['PUT', `/content?path=${path}/new`, Buffer.from('x')],
  ['PUT', `/archive?path=${path}`, Buffer.alloc(1024)],
  ['POST', '', { path: `${path}/new`, content: 'eA==' }],
  ['POST', '/mkdir', { path: `${path}/new` }],
  ['POST', '/copy', { from: `${path}/passwd`, to: 'stolen' }],
  ['POST', '/rename', { from: 'mine', to: `${path}/new` }],
  ['POST', '/chmod', { path: `${path}/passwd`, mode: '0666' }],
  ['DELETE', `/content?path=${path}/passwd`],
];

it('a browser token follows no link out of /workspace, absolute, relative or behind another', async () => {
  await sandbox.exec(
    'echo mine > mine; ln -s /etc absolute; ln -s ../etc relative; mkdir a; ln -s ../relative a/twice; ln -s /etc/passwd end',
  );
  for (const link of ['absolute', 'relative', 'a/twice']) {
    for (const [method, path, body] of through(link)) {
      const answer = await asBrowser(method, path, body);
      expect([method, path, answer.status, JSON.parse(answer.body).error?.details?.reason]).toEqual([
        method,
        path,
        403,
        'outside_workspace',
      ]);
    }
  }
  expect((await asBrowser('GET', '/content?path=end')).status).toBe(403);
  const many = await asBrowser('POST', '/write-many', { files: ['relative/new', 'fine'].map((path) => ({ path, content: 'x' })) });
  expect(JSON.parse(many.body).data).toMatchObject({ written: [{ path: 'fine' }], failed: [{ path: 'relative/new', code: 'FORBIDDEN' }] });
  expect((await sandbox.exec('ls /etc/new stolen')).exitCode).not.toBe(0);
  // A key may: it does what the user sandbox may.
  expect(await sandbox.files.readText('relative/passwd')).toContain('sandbox');
});

it('and works inside as ever, through links that stay inside too', async () => {
  await sandbox.exec('mkdir real && ln -s real inside');
  expect((await asBrowser('PUT', '/content?path=inside/x', Buffer.from('hello'))).status).toBe(200);
  expect((await asBrowser('GET', '/content?path=real/x')).body).toBe('hello');
  expect((await asBrowser('GET', '/archive?path=real')).status).toBe(200);
  expect((await asBrowser('DELETE', '/content?path=real/x')).status).toBe(200);
});
