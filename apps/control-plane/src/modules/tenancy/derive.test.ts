import { isSlug } from '@miosa/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveName, deriveSlug, titleCase, withSuffix } from './derive.ts';

describe('derived slugs', () => {
  const source = fc.option(fc.string({ unit: 'grapheme', maxLength: 300 }), { nil: null });

  it('are slugs whatever the name and external id hold', () => {
    fc.assert(
      fc.property(source, source, (name, external) => {
        const { base, usable } = deriveSlug('workspace', [name, external]);
        expect(isSlug(usable ? base : withSuffix(base))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('stay slugs with a suffix, which differs each time', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{1,40}$/), (base) => {
        expect(isSlug(withSuffix(base))).toBe(true);
        expect(withSuffix(base)).not.toBe(withSuffix(base));
      }),
    );
  });

  it.each([
    [['Dr. Smith Clinic', 'clinic_123'], 'dr-smith-clinic', true],
    [[null, 'clinic_123'], 'clinic-123', true],
    [['歯科', 'Clinic 9'], 'clinic-9', true],
    [['歯科', '!!!'], 'project', false],
    [['Admin', null], 'admin', false],
    [['2024', null], '2024', false],
  ] as const)('take the first source that gives one: %j → %s', (sources, base, usable) => {
    expect(deriveSlug('project', sources)).toEqual({ base, usable });
  });
});

it('names what is made after its name, else its slug in title case, else its external id', () => {
  expect(titleCase('dr-smith-clinic')).toBe('Dr Smith Clinic');
  expect(deriveName('Dr. Smith', 'x', 'y')).toBe('Dr. Smith');
  expect(deriveName(null, 'summer-lead-magnet', 'y')).toBe('Summer Lead Magnet');
  expect(deriveName(null, null, 'clinic_123')).toBe('clinic_123');
  expect([...deriveName(null, null, '🦷'.repeat(255))]).toHaveLength(120);
});
