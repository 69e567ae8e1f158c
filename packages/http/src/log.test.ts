import { Fault } from '@miosa/kernel';
import { expect, it } from 'vitest';
import { createLog } from './log.ts';

const lines = (write: (log: ReturnType<typeof createLog>) => void): string[] => {
  const out: string[] = [];
  write(createLog('debug', 'test', { write: (line: string) => void out.push(line) }));
  return out;
};

const KEY = 'msk_live_a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6';
const JWT = 'eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl';
const PREVIEW = 'mp_eyJhbGciOiJFZERTQSJ9abc';

it('removes secrets by the name of their field, at any depth', () => {
  const [line = ''] = lines((log) =>
    log.info(
      {
        headers: { authorization: 'A1', 'set-cookie': 'A2' },
        list: [{ refreshToken: 'A3', api_key: 'A4' }],
        password: 'A5',
        key: 'A6',
        Authorization: 'A8',
        APIKEY: 'A9',
        jwtSecret: 'A0',
        secrets: ['A7'],
      },
      'x',
    ),
  );
  expect(line).not.toMatch(/A\d/);
});

it('keeps names that only contain such a word', () => {
  const [line = ''] = lines((log) => log.info({ keyId: 'k1', api_key_id: 'k2', monkey: 'm', tokenPrefix: 'mp_' }, 'x'));
  expect(JSON.parse(line)).toMatchObject({ keyId: 'k1', api_key_id: 'k2', monkey: 'm', tokenPrefix: 'mp_' });
});

it.each([KEY, JWT, PREVIEW, 'ms_eyJhbGciOiJFZERTQSJ9abc', 'sset_0123456789abcdef'])(
  'removes %s from messages, texts and errors',
  (secret) => {
    const out = lines((log) => {
      log.info({}, `bad ${secret}`);
      log.info({ url: `/x?mt=${secret}&a=1` }, 'x');
      log.error({ error: new Error(`refused ${secret}`, { cause: new Error(secret) }) }, 'x');
      log.error({ error: new Fault('INTERNAL', 'x', { internal: `saw ${secret}` }) }, 'x');
    }).join('');
    expect(out).not.toContain(secret);
    expect(out.match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(4);
  },
);

it('writes error chains with stack and code', () => {
  const cause = Object.assign(new Error('inner'), { code: '40001' });
  const [line = ''] = lines((log) => log.error({ error: new Error('outer', { cause }) }, 'failed'));
  expect(JSON.parse(line)).toMatchObject({
    level: 'error',
    msg: 'failed',
    error: { message: 'outer', stack: expect.any(String), cause: { code: '40001' } },
  });
});

it('survives cycles', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  expect(lines((log) => log.info(cyclic, 'x'))[0]).toContain('[deep]');
});
