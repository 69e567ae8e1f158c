import { isSlug, normaliseSlug, randomBase32 } from '@miosa/kernel';

export type Noun = 'workspace' | 'project';

const SUFFIX_LENGTH = 4;
const MAX_SLUG = 40;
const MAX_NAME = 120;

/** `dr-smith-clinic` → `Dr Smith Clinic`. */
export const titleCase = (slug: string): string =>
  slug
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');

/** The base with `-` and 4 random characters, still a slug: the base is cut where both do not fit into 40. */
export const withSuffix = (base: string): string =>
  `${base.slice(0, MAX_SLUG - 1 - SUFFIX_LENGTH).replace(/-+$/, '')}-${randomBase32(SUFFIX_LENGTH)}`;

/**
 * Slug candidate of something made on the fly (contract 3.2 e): the first source that normalises to anything, else the noun.
 * `usable` is false where the candidate may not be taken as it is (reserved, all digits) and needs the suffix.
 */
export const deriveSlug = (noun: Noun, sources: readonly (string | null)[]): { base: string; usable: boolean } => {
  for (const source of sources) {
    const base = source === null ? '' : normaliseSlug(source);
    if (base !== '') return { base, usable: isSlug(base) };
  }
  return { base: noun, usable: false };
};

/** Name of something made on the fly: the given name, else the given slug in title case, else the external id. */
export const deriveName = (name: string | null, slug: string | null, externalId: string | null): string =>
  name ?? (slug === null ? [...(externalId ?? '')].slice(0, MAX_NAME).join('') : titleCase(slug));
