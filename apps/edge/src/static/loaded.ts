import { cacheControlOf, contentTypeOf, createSite, decodeManifest, type ManifestFile, type Site } from '@miosa/releases';
import { createNegotiation, type Form } from './negotiate.ts';

/** A file as it is sent: everything that is the same for each request, made once. */
export interface Served {
  readonly file: ManifestFile;
  /** By the Accept-Encoding of the request. */
  formFor(accept: string | undefined): Form;
  readonly identity: Form;
  /** Head of the answer: name, value, name, value, … */
  headOf(form: Form): readonly string[];
}

/** A release in memory. */
export interface Loaded {
  readonly site: Site;
  served(file: ManifestFile): Served;
}

export const etagOf = ({ sha256, coding }: Form, original: string): string =>
  coding === 'identity' ? `"${sha256.slice(0, 32)}"` : `"${original.slice(0, 32)}-${coding}"`;

const createServed = (file: ManifestFile): Served => {
  const { varies, identity, formFor } = createNegotiation(file);
  const heads = new Map<Form['coding'], readonly string[]>();
  const common = [
    ...['Content-Type', contentTypeOf(file.path)],
    ...['Cache-Control', cacheControlOf(file.path)],
    ...['X-Content-Type-Options', 'nosniff'],
    ...(varies ? ['Vary', 'Accept-Encoding'] : []),
  ];
  return {
    file,
    formFor,
    identity,
    headOf: (form) => {
      const known = heads.get(form.coding);
      if (known !== undefined) return known;
      const coding = form.coding === 'identity' ? ['Accept-Ranges', 'bytes'] : ['Content-Encoding', form.coding];
      const head = [...common, 'ETag', etagOf(form, file.sha256), ...coding];
      heads.set(form.coding, head);
      return head;
    },
  };
};

/** From the bytes of a manifest. */
export const load = (bytes: Buffer): Loaded => {
  const site = createSite(decodeManifest(bytes));
  const made = new Map<ManifestFile, Served>();
  return {
    site,
    served: (file) => {
      const known = made.get(file);
      if (known !== undefined) return known;
      const served = createServed(file);
      made.set(file, served);
      return served;
    },
  };
};

/** Roughly what a loaded release takes for each byte of its manifest: objects, maps, and heads of what is asked for. */
export const MEMORY_PER_BYTE = 6;

/** Rules' headers take the place of ours. */
export const withRules = (head: readonly string[], rules: readonly (readonly [string, string])[]): string[] => {
  const replaced = new Set(rules.map(([name]) => name.toLowerCase()));
  const kept: string[] = [];
  for (let i = 0; i + 1 < head.length; i += 2) {
    const [name = '', value = ''] = [head[i], head[i + 1]];
    if (!replaced.has(name.toLowerCase())) kept.push(name, value);
  }
  for (const [name, value] of rules) kept.push(name, value);
  return kept;
};
