import { domainToASCII } from 'node:url';
import { type Names, parseHost } from '@miosa/hostnames';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { replayable } from './replay.ts';

const names: Names = { domain: 'miosa.localhost', appsDomain: 'miosa.localhost', httpPort: 8080, httpsPort: 8443 };
const SLUG = 'sbx01j9xk2m';

/** Contract 4.4 read once more, without regular expressions over the whole: what a Host header may name. */
const expected = (header: string): string => {
  const ascii = [...header].every((character) => /^[A-Za-z0-9.:-]$/.test(character));
  const parts = header.split(':');
  if (!ascii || parts.length > 2 || (parts[1] !== undefined && !/^\d{1,5}$/.test(parts[1]))) return 'unknown';
  const labels = (parts[0] ?? '').toLowerCase().split('.');
  if (labels.at(-1) === '') labels.pop(); // one trailing dot
  if (labels.join('.') === 'api.miosa.localhost') return 'api';
  const [first = '', ...rest] = labels;
  if (labels.slice(-2).join('.') !== 'miosa.localhost') return expectedOther(labels);
  if (labels.length === 4 && rest[0] !== 'sandbox') return expectedDeployment(first, rest[0] ?? '');
  if (rest.join('.') !== 'sandbox.miosa.localhost' || first.length > 63) return 'unknown';
  const [port = '', slug = '', ...more] = first.split('-');
  if (more.length > 0 || String(Number(port)) !== port || !Number.isInteger(Number(port)) || !/^\d+$/.test(port)) return 'unknown';
  if (Number(port) < 1 || Number(port) > 65_535) return 'unknown';
  // Crockford base32 without i, l, o, u.
  return slug.startsWith('sbx') && slug.length >= 11 && !/[^0-9a-hjkmnp-tv-z]/.test(slug.slice(3)) ? `${port} ${slug}` : 'unknown';
};

const isLabel = (label: string): boolean => label.length >= 1 && label.length <= 63 && !label.startsWith('-') && !label.endsWith('-');

const expectedOther = (labels: readonly string[]): string => {
  const hostname = labels.join('.');
  const last = labels.at(-1) ?? '';
  if (labels.length < 2 || hostname.length > 253 || !labels.every(isLabel) || last.length < 2 || /^\d/.test(last)) return 'unknown';
  return domainToASCII(hostname) === hostname ? `other ${hostname}` : 'unknown';
};

/** Contract 1.8. */
const RESERVED =
  'api app apps www admin sandbox computer storage fn db proxy mail smtp ns1 ns2 ns3 ns4 cdn static status docs support login auth dashboard preview acme localhost miosa';

const isSlugText = (text: string): boolean =>
  isLabel(text) && text.length <= 40 && !text.includes('--') && !/^\d+$/.test(text) && !RESERVED.split(' ').includes(text);

const expectedDeployment = (label: string, organization: string): string => {
  const at = label.indexOf('--');
  const [staged, slug] = at < 0 ? [null, label] : [label.slice(0, at), label.slice(at + 2)];
  if (!isSlugText(slug) || !isSlugText(organization)) return 'unknown';
  if (staged !== null && (staged.length !== 10 || /[^0-9a-hjkmnp-tv-z]/.test(staged))) return 'unknown';
  return `${slug}.${organization} ${staged}`;
};

const actual = (header: string): string => {
  const parsed = parseHost(header, names);
  if (parsed.kind === 'deployment') return `${parsed.name} ${parsed.staged}`;
  if (parsed.kind === 'other') return `other ${parsed.hostname}`;
  return parsed.kind === 'preview' ? `${parsed.port} ${parsed.slug}` : parsed.kind;
};

const ports = fc.oneof(
  fc.integer({ min: -1, max: 70_000 }).map(String),
  fc.constantFrom('0', '05173', '+5173', '-1', '5173 ', '5e3', '0x50', '٥١٧٣', '５１７３', '5173.0', '', '00', '1_000', '%35173', '65536'),
);
const slugs = fc.oneof(
  fc.constantFrom(
    SLUG,
    SLUG.toUpperCase(),
    `${SLUG}-`,
    `-${SLUG}`,
    'sbx',
    'sbx1',
    `${SLUG}.x`,
    `x.${SLUG}`,
    'ѕbx01j9xk2m',
    `${SLUG}%00`,
    `${SLUG}\u0000`,
    `${SLUG}@evil.example`,
  ),
  fc.stringMatching(/^sbx[0-9a-z]{0,70}$/),
);
const suffixes = fc.constantFrom(
  '.sandbox.miosa.localhost',
  '.SANDBOX.Miosa.LocalHost',
  '.sandbox.miosa.localhost.',
  '.sandbox.miosa.localhost..',
  '.sandbox.miosa.localhost:8443',
  '.sandbox.miosa.localhost:',
  '.sandbox.miosa.localhost:99999999',
  '.sandbox.miosa.localhost:8443:1',
  '.sandbox.miosa.localhost.evil.example',
  '.sandbox.miosa.localhost/evil',
  '.sandbox.miosa.localhost,api.miosa.localhost',
  '.sandbox.miosa.localhost api.miosa.localhost',
  '.sandboxmiosa.localhost',
  '.miosa.localhost',
  '..sandbox.miosa.localhost',
  '.sandbox.mioſa.localhost',
  '.sandbox.miosa.localhost#',
  '.sandbox.miosa.localhost\\@evil',
);
const built = fc.tuple(ports, fc.constantFrom('-', '--', '.', '_', '', ' -', '–'), slugs, suffixes).map((parts) => parts.join(''));
const valid = [
  `5173-${SLUG}.sandbox.miosa.localhost`,
  'api.miosa.localhost',
  `https://5173-${SLUG}.sandbox.miosa.localhost/`,
  `5173-${SLUG}.sandbox.miosa.localhost:8443`,
  'lead-magnet.cliniciq.miosa.localhost',
  '0123456789--lead-magnet.cliniciq.miosa.localhost:8443',
  'program.drsmithclinic.example',
  'xn--bcher-kva.example',
];
const changed = fc
  .tuple(fc.constantFrom(...valid), fc.nat(), fc.string({ maxLength: 3, unit: 'binary' }), fc.nat(3))
  .map(([host, at, text, drop]) => host.slice(0, at % (host.length + 1)) + text + host.slice((at % (host.length + 1)) + drop));

it('reads a Host header as exactly what the grammar says, and as nothing else', () => {
  for (const host of valid) expect([host, actual(host)]).toEqual([host, expected(host)]);
  fc.assert(
    fc.property(fc.oneof(built, changed, fc.string({ unit: 'binary', maxLength: 80 })), (host) => {
      expect([host, actual(host)]).toEqual([host, expected(host)]);
    }),
    replayable(5000),
  );
});
