import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toCamel, toSnake } from './case.ts';

it('converts nested keys both ways and leaves values alone', () => {
  const wire = { external_workspace_id: 'clinic_123', files: [{ content_base64: 'a_b', size_bytes: 1 }], none: null };
  const camel = { externalWorkspaceId: 'clinic_123', files: [{ contentBase64: 'a_b', sizeBytes: 1 }], none: null };
  expect(toCamel(wire)).toEqual(camel);
  expect(toSnake(camel)).toEqual(wire);
});

it('never re-cases what is inside metadata, env and headers', () => {
  const theirs = { metadata: { my_key: { innerKey: 1 } }, env: { API_URL: 'x', camelCase: 'y' }, headers: { x_y: 'z' } };
  expect(toCamel(theirs)).toEqual(theirs);
  expect(toSnake(theirs)).toEqual(theirs);
});

it('brings every lower-case name with underscores back unchanged', () => {
  const name = fc.stringMatching(/^[a-z]([a-z0-9]*)(_[a-z][a-z0-9]*)*$/);
  fc.assert(fc.property(name, (key) => void expect(toSnake(toCamel({ [key]: 1 }))).toEqual({ [key]: 1 })));
});
