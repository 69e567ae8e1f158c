import { deref, type Operation, type Schema } from './document.ts';

/** Values that a schema cannot tell: names mean the same in every operation. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  path: 'matrix.txt',
  from: 'matrix.txt',
  to: 'copy.txt',
  mode: '0644',
  command: 'true',
  content: 'eA==',
  port: 3000,
  signal: 'TERM',
  vars: [{ key: 'MATRIX', value: '1' }],
  name: 'Matrix',
  email: 'matrix@example.com',
  permissions: ['sandbox:read'],
  build_spec: { from: 'miosa-sandbox' },
  // Of both kinds: to write, and to upload (the hash is that of an `x`).
  files: [{ path: 'matrix.txt', content: 'x', sha256: '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881', size_bytes: 1 }],
};

export type Values = Readonly<Record<string, unknown>>;

const namedOr = (name: string, schema: Schema, known: Values): unknown => {
  if (name in known) return known[name];
  if (name in BY_NAME) return BY_NAME[name];
  return sample(deref(schema), known);
};

/** The least value a schema accepts: required fields only. */
export const sample = (schema: Schema, known: Values = {}): unknown => {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  const [variant] = schema.anyOf ?? [];
  if (variant !== undefined) return sample(deref(variant), known);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'object': {
      const required = schema.required ?? [];
      return Object.fromEntries(required.map((name) => [name, namedOr(name, schema.properties?.[name] ?? {}, known)]));
    }
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => sample(deref(schema.items ?? {}), known));
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    case 'string':
      return 'matrix'.padEnd(schema.minLength ?? 0, 'x');
    default:
      return null;
  }
};

/** Query string of the required parameters. */
export const queryOf = ({ query }: Operation, known: Values): string => {
  const pairs = query.filter(({ required }) => required).map(({ name, schema }) => [name, String(namedOr(name, schema, known))]);
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
};
