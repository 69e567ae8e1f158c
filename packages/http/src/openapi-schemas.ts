import { isDeepStrictEqual } from 'node:util';

export type Json = Record<string, unknown>;

const NAME = /^[A-Z][A-Za-z0-9]*$/;

/** A schema with `$id` or a `title` in PascalCase is a named shape: written once under `components`, referenced elsewhere. */
const nameOf = ({ $id, title }: { $id?: unknown; title?: unknown }): string | undefined => {
  const name = typeof $id === 'string' ? $id : title;
  return typeof name === 'string' && NAME.test(name) ? name : undefined;
};

export const componentCollector = () => {
  const schemas: Record<string, Json> = {};

  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    return value !== null && typeof value === 'object' ? schemaOf(value) : value;
  };

  const schemaOf = (schema: unknown): Json => {
    const source = schema as Json;
    const name = nameOf(source);
    const { $id: _id, title, ...rest } = source;
    if (title !== undefined && title !== name) rest.title = title;
    const body = Object.fromEntries(Object.entries(name === undefined ? source : rest).map(([key, value]) => [key, walk(value)]));
    if (name === undefined) return body;
    if (schemas[name] !== undefined && !isDeepStrictEqual(schemas[name], body)) throw new Error(`Two different schemas are named ${name}.`);
    schemas[name] = body;
    return { $ref: `#/components/schemas/${name}` };
  };
  return { schemas, schemaOf };
};
