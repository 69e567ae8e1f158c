import { describe, expect, it } from 'vitest';
import { hasControlCharacters, isSlug, normaliseSlug } from './text.ts';

describe('slugs', () => {
  it.each([
    ['ClinicIQ', 'cliniciq'],
    ['Dr. Smith Clinic', 'dr-smith-clinic'],
    ['  Zahnärzte Köln — Süd ', 'zahnarzte-koln-sud'],
    ['!!!', ''],
  ])('normalises %j to %j', (name, slug) => expect(normaliseSlug(name)).toBe(slug));

  it('normalises to at most 40 characters with no outer hyphen', () => {
    const slug = normaliseSlug(`${'a'.repeat(39)} b`);
    expect(slug).toBe('a'.repeat(39));
  });

  it.each(['a', 'a-b', 'x1', 'a'.repeat(40)])('accepts %j', (slug) => expect(isSlug(slug)).toBe(true));
  it.each(['', '-a', 'a-', 'a--b', 'A', '123', 'api', 'a_b', 'a'.repeat(41), 'ä', 'a\n'])('refuses %j', (slug) =>
    expect(isSlug(slug)).toBe(false),
  );
});

it('finds control characters of both ASCII and C1 ranges', () => {
  expect(hasControlCharacters('a\u0000b')).toBe(true);
  expect(hasControlCharacters('a\u0085b')).toBe(true);
  expect(hasControlCharacters('Dr. Šmíd 🦷')).toBe(false);
});
