import { startTestControlPlane, type TestControlPlane } from '@miosa/control-plane/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOrganization, type Organization } from '../matrix/organization.ts';
import { harm, type RawRequest, sendRaw } from './raw.ts';
import { replayable } from './replay.ts';

let plane: TestControlPlane;
let mine: Organization;
let theirs: Organization;
let key: string;
beforeAll(async () => {
  plane = await startTestControlPlane();
  [mine, theirs] = [await createOrganization(plane), await createOrganization(plane)];
  key = (await mine.key({ type: 'live' })).bearer;
  await theirs.session('owner');
}, 60_000);
afterAll(() => plane?.close());

const send = (request: RawRequest) => sendRaw(plane.socketPath, request);
const authorization = (): [string, string] => ['authorization', `Bearer ${key}`];

/** Every byte a header line may carry over the wire without ending it, and many it may not. */
const bytes = fc
  .array(
    fc.integer({ min: 0, max: 255 }).filter((byte) => byte !== 10 && byte !== 13),
    { maxLength: 80 },
  )
  .map((all) => String.fromCharCode(...all));
const text = fc.oneof(
  bytes,
  fc.string({ maxLength: 300 }).map((value) => Buffer.from(value.replaceAll(/[\r\n]/g, '')).toString('latin1')),
  fc.constantFrom(
    "' or 1=1 --",
    '%00',
    '../../etc/passwd',
    '{{7*7}}',
    '\u0000',
    '"><script>',
    '1; drop table api_keys',
    '*',
    'null',
    'undefined',
    '[object Object]',
    'x'.repeat(5000),
  ),
);

/** Ways to change a credential a little. */
const near = (valid: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.nat(valid.length - 1).map((n) => valid.slice(0, n)),
    fc
      .tuple(fc.nat(valid.length - 1), fc.integer({ min: 33, max: 126 }))
      .map(([at, code]) => valid.slice(0, at) + String.fromCharCode(code) + valid.slice(at + 1)),
    text.map((tail) => valid + tail),
    text.map((head) => head + valid),
    fc.constantFrom(
      valid.toUpperCase(),
      valid.toLowerCase(),
      `${valid}${valid}`,
      `${valid},${valid}`,
      encodeURIComponent(`${valid} `),
      `"${valid}"`,
      `${valid}\u0000`,
      `${valid}=`,
    ),
  );

const isThatKey = (value: string): boolean => /^bearer +(\S+)$/i.exec(value.trim())?.[1] === key;

it('lets nobody in by an Authorization header that is not exactly a credential', async () => {
  const schemes = fc.constantFrom('Bearer ', 'bearer  ', 'Basic ', 'Token ', 'Bearer', '', 'Bearer Bearer ', 'Bearer\t', 'ApiKey ');
  const values = fc.oneof(
    text,
    fc.tuple(schemes, text).map(([scheme, rest]) => scheme + rest),
    fc.tuple(schemes, near(key)).map(([scheme, rest]) => scheme + rest),
    fc
      .tuple(
        schemes.filter((scheme) => !/^bearer +$/i.test(scheme)),
        fc.constant(key),
      )
      .map(([scheme, rest]) => scheme + rest),
  );
  await fc.assert(
    fc.asyncProperty(
      values.filter((value) => !isThatKey(value)),
      async (value) => {
        const answer = await send({ path: '/api/v1/sandboxes', headers: [['authorization', value]] });
        expect([harm(answer), [400, 401, 431].includes(answer.status)]).toEqual([null, true]);
      },
    ),
    replayable(300),
  );
});

it('takes credentials from no other place', async () => {
  const places: readonly RawRequest[] = [
    { path: `/api/v1/sandboxes?access_token=${key}` },
    { path: `/api/v1/sandboxes?api_key=${key}&key=${key}&token=${key}&ticket=${key}` },
    ...['x-api-key', 'proxy-authorization', 'cookie', 'x-authorization', 'x-miosa-key', 'x-miosa-preview-token'].map((name) => ({
      path: '/api/v1/sandboxes',
      headers: [[name, name === 'cookie' ? `token=${key}; authorization=Bearer ${key}` : `Bearer ${key}`]] as const,
    })),
  ];
  for (const place of places) expect([place, (await send(place)).status]).toEqual([place, 401]);
});

it('does not take the second of two Authorization headers', async () => {
  const answer = await send({ path: '/api/v1/sandboxes', headers: [['authorization', 'Bearer x'], authorization()] });
  expect([400, 401]).toContain(answer.status);
});

it('keeps X-MIOSA-Tenant within what the caller belongs to', async () => {
  const selectors = fc.oneof(
    text,
    near(mine.slug),
    near(mine.id),
    fc.constantFrom(
      theirs.slug,
      theirs.id,
      theirs.id.toUpperCase(),
      `${mine.slug},${theirs.slug}`,
      `${mine.id} ${theirs.id}`,
      `%${theirs.slug}`,
      `${theirs.slug}%`,
      '_'.repeat(8),
    ),
  );
  const own = new Set(['', mine.slug, mine.id]);
  const credentials = [key, (await mine.session('owner')).token];
  await fc.assert(
    fc.asyncProperty(selectors, fc.constantFrom(...credentials), async (selector, credential) => {
      const headers = [
        ['authorization', `Bearer ${credential}`],
        ['x-miosa-tenant', selector],
      ] as const;
      const answer = await send({ path: '/api/v1/platform/tenants/current', headers });
      expect(harm(answer)).toBeNull();
      expect(answer.text).not.toContain(theirs.id);
      if (answer.status === 200) expect([...own]).toContain(selector.trim().toLowerCase());
      else expect([400, 404, 431]).toContain(answer.status);
    }),
    replayable(),
  );
});

it('keeps a proper X-Request-ID and reflects nothing else', async () => {
  const ids = fc.oneof(text, fc.stringMatching(/^[A-Za-z0-9_-]{1,70}$/));
  await fc.assert(
    fc.asyncProperty(ids, async (id) => {
      const answer = await send({ path: '/api/v1/sandboxes', headers: [['x-request-id', id]] });
      expect(harm(answer)).toBeNull();
      const said = answer.headers.get('x-request-id');
      if (answer.text === '') return;
      if (/^[A-Za-z0-9_-]{8,64}$/.test(id.trim())) expect(said).toBe(id.trim());
      else expect(said).toMatch(/^req_[0-9a-z]{26}$/);
    }),
    replayable(),
  );
});

it('takes an Idempotency-Key of 1 to 255 visible characters, and refuses any other', async () => {
  const keys = fc.oneof(
    text,
    fc.stringMatching(/^[!-~]{1,300}$/),
    fc.integer({ min: 254, max: 257 }).map((n) => 'k'.repeat(n)),
  );
  await fc.assert(
    fc.asyncProperty(keys, async (value) => {
      const headers = [authorization(), ['content-type', 'application/json'], ['idempotency-key', value]] as const;
      const answer = await send({ method: 'POST', path: '/api/v1/auth/sse-ticket', headers, body: '{}' });
      expect(harm(answer)).toBeNull();
      // HTTP itself drops blanks around a value.
      const good = /^[!-~]{1,255}$/.test(value.replace(/^[ \t]+|[ \t]+$/g, ''));
      expect([value, answer.status]).toEqual([value, good ? 200 : 400]);
    }),
    replayable(),
  );
});

it('refuses a cursor that it did not hand out for this very list', async () => {
  await Promise.all(['one', 'two', 'three'].map((name) => mine.call('POST', '/projects', { name })));
  const page = (query: string, credential = key) =>
    send({ path: `/api/v1/projects?${query}`, headers: [['authorization', `Bearer ${credential}`]] });
  const cursor: string = JSON.parse((await page('limit=1')).text).next_cursor;
  expect((await page(`limit=1&cursor=${cursor}`)).status).toBe(200);
  const other = (await theirs.key({ type: 'live' })).bearer;
  expect((await page(`cursor=${cursor}`, other)).status).toBe(400);
  const forged = fc.string({ maxLength: 60 }).map((payload) => Buffer.from(`${'0'.repeat(16)}9999999999:${payload}`).toString('base64url'));
  const same = (value: string): boolean => Buffer.from(value, 'base64url').equals(Buffer.from(cursor, 'base64url'));
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, near(cursor), forged), async (value) => {
      fc.pre(value !== '' && !same(value));
      const answer = await page(
        `cursor=${[...Buffer.from(value, 'latin1')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`,
      );
      expect([harm(answer), [400, 422].includes(answer.status)]).toEqual([null, true]);
    }),
    replayable(),
  );
});
