import { domainToASCII } from 'node:url';
import { isSlug } from '@miosa/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apiUrl, deploymentUrl, type Names, originOf, parseHost, previewUrl, stagedUrl } from './host.ts';

const names: Names = { domain: 'miosa.localhost', appsDomain: 'miosa.localhost', httpPort: 8080, httpsPort: 8443 };
const slug = 'sbx01j9xk2m';
const preview = { kind: 'preview', port: 5173, slug } as const;

describe('hosts that are ours', () => {
  it.each(['api.miosa.localhost', 'API.Miosa.LocalHost', 'api.miosa.localhost:8443', 'api.miosa.localhost.', 'api.miosa.localhost.:1'])(
    'reads %j as the API host',
    (host) => expect(parseHost(host, names)).toEqual({ kind: 'api' }),
  );

  it.each([
    `5173-${slug}.sandbox.miosa.localhost`,
    `5173-${slug.toUpperCase()}.SANDBOX.miosa.localhost:8080`,
    `5173-${slug}.sandbox.miosa.localhost.:8443`,
  ])('reads %j as a preview', (host) => expect(parseHost(host, names)).toEqual(preview));

  it.each([1, 80, 65_535])('accepts port %i', (port) =>
    expect(parseHost(`${port}-${slug}.sandbox.miosa.localhost`, names)).toEqual({ kind: 'preview', port, slug }),
  );

  it('reads back every address it makes', () => {
    const slugs = fc.stringMatching(/^sbx[0-9a-hjkmnp-tv-z]{8,40}$/).filter((value) => value.length <= 50);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), slugs, fc.constantFrom(443, 8443), (port, made, httpsPort) => {
        const url = new URL(previewUrl({ ...names, httpsPort }, { port, slug: made }));
        expect(parseHost(url.host, names)).toEqual({ kind: 'preview', port, slug: made });
        expect(url.port).toBe(httpsPort === 443 ? '' : '8443');
      }),
    );
  });

  it('leaves the port out of addresses only when it is 443', () => {
    expect(apiUrl(names)).toBe('https://api.miosa.localhost:8443');
    expect(previewUrl({ ...names, httpsPort: 443 }, preview)).toBe(`https://5173-${slug}.sandbox.miosa.localhost`);
  });

  it.each([
    { port: 0, slug },
    { port: 65_536, slug },
    { port: 1.5, slug },
    { port: 80, slug: 'evil.example.com/' },
  ])('makes no address for %j', (target) => expect(() => previewUrl(names, target)).toThrow(TypeError));
});

describe('hosts that are not ours', () => {
  const labels = [
    `0-${slug}`,
    `05173-${slug}`,
    `+5173-${slug}`,
    `-5173-${slug}`,
    `65536-${slug}`,
    `99999999999-${slug}`,
    `5173.0-${slug}`,
    `5e3-${slug}`,
    `0x50-${slug}`,
    `5173--${slug}`,
    `5173-${slug}-x`,
    `5173-sbx${'i'.repeat(8)}`,
    `5173-sbx${'0'.repeat(7)}`,
    `5173-sbx${'0'.repeat(60)}`,
    `5173-cmp01j9xk2m`,
    `5173_${slug}`,
    slug,
    `5173-`,
    '',
    `٥١٧٣-${slug}`,
    `５１７３-${slug}`,
    `5173-${slug}%00`,
    `%35173-${slug}`,
    `5173-${slug}\u0000`,
    `5173-sbx01j9x\u212A2m`,
    `user@5173-${slug}`,
    ` 5173-${slug}`,
    `5173-${slug}\t`,
  ];
  it.each(labels)('refuses the label %j', (label) =>
    expect(parseHost(`${label}.sandbox.miosa.localhost`, names)).toEqual({ kind: 'unknown' }),
  );

  it.each([
    '',
    '.',
    ':8443',
    'miosa.localhost',
    'localhost',
    '127.0.0.1',
    '[::1]:8080',
    'api.miosa.localhost..',
    '.api.miosa.localhost',
    'api.miosa.localhost:',
    'api.miosa.localhost:80:80',
    'api.miosa.localhost:+80',
    'api.miosa.localhost:８０',
    'api.miosa.localhost:999999',
    'api.miosa.localhost, api.miosa.localhost',
    'api.miosa.localhost@evil.example',
    'https://api.miosa.localhost',
    'api.miosa.localhost/',
    'xapi.miosa.localhost',
    'a.api.miosa.localhost',
    'api。miosa。localhost',
    'api.miosa.local\u017Fhost',
    'sandbox.miosa.localhost',
    'a.b.c.miosa.localhost',
    'a.b-.miosa.localhost',
    '-a.example',
    'a_b.example',
    'a..example',
    '10.0.0.1',
    '0x7f.1',
    'a.0x7f',
    'xn--.example',
    'xn--example-.example',
    `${'a'.repeat(64)}.example`,
    'x'.repeat(100_000),
  ])('refuses %j', (host) => expect(parseHost(host, names)).toEqual({ kind: 'unknown' }));
});

describe('hosts of deployments', () => {
  const version = 'ver_01j9xk2m000123456789abcdef';
  const target = { slug: 'lead-magnet', organizationSlug: 'cliniciq' };
  const slugs = fc.stringMatching(/^[a-z0-9]+(-[a-z0-9]+)*$/, { maxLength: 40 }).filter((text) => isSlug(text));

  it.each([
    ['lead-magnet.cliniciq.miosa.localhost', null],
    ['Lead-Magnet.ClinicIQ.miosa.localhost.:8443', null],
    ['6789abcdef--lead-magnet.cliniciq.miosa.localhost', '6789abcdef'],
  ])('reads %j', (host, staged) => expect(parseHost(host, names)).toEqual({ kind: 'deployment', name: 'lead-magnet.cliniciq', staged }));

  it.each([
    'lead-magnet.sandbox',
    'lead-magnet.api',
    'api.cliniciq',
    'www.cliniciq',
    '123.cliniciq',
    'lead-magnet.123',
    'lead--magnet.cliniciq',
    '6789abcde--lead-magnet.cliniciq',
    '6789abcdef0--lead-magnet.cliniciq',
    '6789abcdei--lead-magnet.cliniciq',
    '6789abcdef--lead--magnet.cliniciq',
    '6789abcdef--.cliniciq',
    '--lead-magnet.cliniciq',
    'fn--lead-magnet.cliniciq',
    '6789abcdef---lead-magnet.cliniciq',
    '-lead.cliniciq',
    `${'a'.repeat(41)}.cliniciq`,
    `a.${'a'.repeat(41)}`,
    'x.lead-magnet.cliniciq',
    '.cliniciq',
    'cliniciq',
  ])('refuses the labels %j', (labels) => expect(parseHost(`${labels}.miosa.localhost`, names)).toEqual({ kind: 'unknown' }));

  it('reads back every address it makes, below whatever domain apps have', () => {
    const domains = fc.constantFrom('miosa.localhost', 'miosa.app', 'apps.miosa.localhost');
    fc.assert(
      fc.property(slugs, slugs, domains, (slug, organizationSlug, appsDomain) => {
        const there = { ...names, appsDomain };
        const name = `${slug}.${organizationSlug}`;
        for (const [url, staged] of [
          [deploymentUrl(there, { slug, organizationSlug }), null],
          [stagedUrl(there, { slug, organizationSlug, versionId: version }), '6789abcdef'],
        ] as const) {
          const read = parseHost(new URL(url).host, there);
          expect(read).toEqual({ kind: 'deployment', name, staged });
          expect(originOf(there, read)).toBe(url);
        }
      }),
    );
  });

  it('has none of them below the platform\u2019s domain when apps have another', () => {
    const there = { ...names, appsDomain: 'miosa.app' };
    expect(parseHost('lead-magnet.cliniciq.miosa.localhost', there)).toEqual({ kind: 'unknown' });
    expect(parseHost(`5173-${slug}.sandbox.miosa.app`, there)).toEqual({ kind: 'unknown' });
    expect(parseHost('miosa.app', there)).toEqual({ kind: 'unknown' });
  });

  it.each([
    { ...target, slug: 'api' },
    { ...target, slug: 'a--b' },
    { ...target, organizationSlug: 'evil.example' },
    { ...target, organizationSlug: '' },
  ])('makes no address for %j', (wrong) => expect(() => deploymentUrl(names, wrong)).toThrow(TypeError));
  it('makes no address for what is no version', () =>
    expect(() => stagedUrl(names, { ...target, versionId: 'dep_01j9xk2m000123456789abcdef' })).toThrow(TypeError));
});

describe('names of customers', () => {
  it.each(['program.drsmithclinic.example', 'xn--bcher-kva.example', 'api.miosa.localhost.evil.example', 'a.xn--p1ai'])(
    'reads %j as a whole',
    (host) => {
      expect(parseHost(`${host.toUpperCase()}.:8443`, names)).toEqual({ kind: 'other', hostname: host });
    },
  );
});

describe('fuzz', () => {
  it('never throws and never reads a host that a resolver would not read the same way', () => {
    const mutated = fc
      .tuple(
        fc.constantFrom(
          `5173-${slug}.sandbox.miosa.localhost`,
          'api.miosa.localhost',
          'lead-magnet.cliniciq.miosa.localhost',
          '6789abcdef--lead-magnet.cliniciq.miosa.localhost',
          'xn--bcher-kva.example',
        ),
        fc.array(fc.tuple(fc.nat(60), fc.nat(2), fc.string({ unit: 'grapheme', minLength: 0, maxLength: 2 })), { maxLength: 3 }),
      )
      .map(([host, edits]) => edits.reduce<string>((text, [at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut), host));
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string({ unit: 'binary' })), (host) => {
        const parsed = parseHost(host, names);
        const origin = originOf(names, parsed);
        if (origin === null) return;
        const canonical = new URL(origin).hostname;
        const bare = host.replace(/:[0-9]+$/, '').replace(/\.$/, '');
        expect(domainToASCII(bare)).toBe(canonical);
        expect(bare.toLowerCase()).toBe(canonical);
      }),
      { numRuns: 20_000 },
    );
  });
});
