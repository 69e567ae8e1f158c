import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openAuthority } from './authority.ts';
import { redactor, redactText } from './redact.ts';
import { passedOn, withSecrets } from './replace.ts';

const secret = { placeholder: `miosa-secret-${'a'.repeat(32)}`, value: 'sk$&/+=?true' };

describe('what goes out', () => {
  const out = (headers: Record<string, string[]>, target = '/') => withSecrets({ headers, target }, [secret]);
  it('has true values in header values and in the query, encoded for it, and nowhere else', () => {
    const { placeholder, value } = secret;
    expect(out({ host: [placeholder], cookie: [`a=${placeholder}; b=${placeholder}`] }, `/p/${placeholder}?k=${placeholder}`)).toEqual({
      headers: { host: [placeholder], cookie: [`a=${value}; b=${value}`] },
      target: `/p/${placeholder}?k=${encodeURIComponent(value)}`,
      hasSecret: true,
    });
    expect(out({ authorization: ['Basic !!!'], accept: ['*/*'] }).hasSecret).toBe(false);
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(out({ authorization: [basic(`x:${placeholder}`)] }).headers.authorization).toEqual([basic(`x:${value}`)]);
    expect(out({ authorization: [basic('x:é')] })).toMatchObject({ headers: { authorization: [basic('x:é')] }, hasSecret: false });
  });
  it('leaves out what is of one connection, also what the request calls so', () => {
    expect(passedOn({ te: ['x'], 'x-mine': ['1'], accept: ['a', 'b'], 'proxy-authorization': ['p'] }, 'close, X-Mine')).toEqual({
      accept: ['a', 'b'],
    });
  });
});

describe('what comes back', () => {
  const through = async (pieces: readonly string[], values: readonly string[]): Promise<string> => {
    const stream = redactor(values);
    for (const piece of pieces) stream.write(piece);
    stream.end();
    return (await stream.toArray()).map(String).join('');
  };
  it('has asterisks for values, wherever the pieces are cut, and its length', async () => {
    const value = 'abcabd';
    const text = `xx${value}yy${value}${value}abcab-abcabcabd`;
    const want = redactText(text, [value]);
    expect(want).toBe('xx******yy************abcab-abc******');
    for (let cut = 0; cut <= text.length; cut++) expect(await through([text.slice(0, cut), text.slice(cut)], [value])).toBe(want);
    expect(await through([...text], [value, 'zzz'])).toBe(want);
  });
  it('lets go of a beginning that has no rest', async () => {
    const stream = redactor(['abc']);
    const first = new Promise<string>((resolve) => stream.once('data', (chunk) => resolve(String(chunk))));
    stream.write('ab');
    expect(await first).toBe('ab');
    stream.destroy();
  });
});

describe('the authority of a sandbox', () => {
  const seed = Buffer.alloc(32, 7);
  it('has the same key from the same seed, and answers for its hosts alone', async () => {
    const [first, again, other] = await Promise.all([
      openAuthority('sbx_a', seed, ['api.example.com', '*.example.org']),
      openAuthority('sbx_a', seed, ['api.example.com']),
      openAuthority('sbx_a', Buffer.alloc(32, 8), ['api.example.com']),
    ]);
    const keyOf = (pem: string): string => new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(keyOf(first.trust)).toBe(keyOf(again.trust));
    expect(keyOf(first.trust)).not.toBe(keyOf(other.trust));
    const leaf = new X509Certificate((await first.leaf('api.example.com')).certificate);
    expect(leaf.verify(new X509Certificate(again.trust).publicKey)).toBe(true);
    expect(leaf.subjectAltName).toBe('DNS:api.example.com');
    expect(leaf.ca).toBe(false);
    expect(Buffer.from(new X509Certificate(first.trust).raw).toString('latin1')).toContain('example.org');
  });
});
