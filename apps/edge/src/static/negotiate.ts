import type { ManifestFile, Variant } from '@miosa/releases';

export type Coding = 'identity' | 'br' | 'gzip' | 'zstd';

export interface Form extends Variant {
  readonly coding: Coding;
}

const CODINGS = ['br', 'zstd', 'gzip'] as const;

/** Weight of a coding in an Accept-Encoding header (RFC 9110 §12.5.3). */
const weightOf = (accept: string, coding: string): number => {
  let any = 0;
  for (const item of accept.split(',')) {
    const [name = '', ...parameters] = item.split(';');
    const bare = name.trim().toLowerCase();
    if (bare !== coding && bare !== '*') continue;
    const q = parameters.map((text) => /^\s*q=([0-9.]+)\s*$/i.exec(text)?.[1]).find((value) => value !== undefined);
    const weight = q === undefined ? 1 : Number(q);
    if (bare === coding) return Number.isNaN(weight) ? 0 : weight;
    any = Number.isNaN(weight) ? 0 : weight;
  }
  return any;
};

/** The smallest form among those the visitor likes best. */
const choose = (file: ManifestFile, accept: string): Form => {
  let best: Form = { coding: 'identity', sha256: file.sha256, size: file.size };
  let bestWeight = 0;
  for (const coding of CODINGS) {
    const variant = file[coding];
    const weight = variant === undefined ? 0 : weightOf(accept, coding);
    if (variant === undefined || weight === 0 || weight < bestWeight) continue;
    if (weight === bestWeight && variant.size >= best.size) continue;
    best = { coding, sha256: variant.sha256, size: variant.size };
    bestWeight = weight;
  }
  return best;
};

/** Browsers send one of a few headers; what each means for a file is remembered. */
const MAX_HEADERS = 32;

/** Chooses a form of one file, with a memory. */
export const createNegotiation = (file: ManifestFile) => {
  const known = new Map<string, Form>();
  const identity: Form = { coding: 'identity', sha256: file.sha256, size: file.size };
  const varies = CODINGS.some((coding) => file[coding] !== undefined);
  return {
    varies,
    identity,
    formFor: (accept: string | undefined): Form => {
      if (!varies || accept === undefined) return identity;
      const before = known.get(accept);
      if (before !== undefined) return before;
      const form = choose(file, accept);
      if (known.size < MAX_HEADERS) known.set(accept, form);
      return form;
    },
  };
};
