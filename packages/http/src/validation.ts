import { setImmediate as immediate } from 'node:timers/promises';
import { Fault, NO_CONTROL_PATTERN } from '@miosa/kernel';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import type { TSchema } from 'typebox';

export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** Fills in defaults (in place) and answers the errors; empty = valid. */
export type Check = (value: unknown) => readonly FieldError[];

// ajv-formats is CommonJS: under Node's ESM its function is the `default` of the namespace.
const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

const makeAjv = (coerceTypes: false | 'array'): Ajv2020 => {
  // TypeBox adds no keywords of its own; `strict` would refuse our documentation keywords.
  const ajv = new Ajv2020({ strict: false, useDefaults: true, coerceTypes, verbose: true });
  addFormats(ajv);
  return ajv;
};

/** `$id` names a component in OpenAPI; inlined twice it would be a duplicate id to Ajv. */
const withoutIds = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(withoutIds);
  if (schema === null || typeof schema !== 'object') return schema;
  return Object.fromEntries(Object.entries(schema).flatMap(([k, v]) => (k === '$id' && typeof v === 'string' ? [] : [[k, withoutIds(v)]])));
};

const pathOf = (error: ErrorObject, root: string): string => {
  const parts = error.instancePath
    .split('/')
    .slice(1)
    .map((p) => p.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (error.keyword === 'required') parts.push(String(error.params.missingProperty));
  const path = parts.map((p, i) => (/^\d+$/.test(p) ? `[${p}]` : `${i === 0 ? '' : '.'}${p}`)).join('');
  return path === '' ? root : path;
};

const messageOf = (error: ErrorObject): string => {
  const { keyword, params, schema } = error;
  if (keyword === 'required') return 'is required';
  if (keyword === 'enum') return `must be one of: ${(params.allowedValues as unknown[]).join(', ')}`;
  if (keyword === 'const') return `must be ${JSON.stringify(params.allowedValue)}`;
  if (keyword === 'pattern' && params.pattern === NO_CONTROL_PATTERN) return 'must not contain control characters';
  if (keyword === 'anyOf' && Array.isArray(schema)) {
    const values = schema.map((s: { const?: unknown }) => s.const);
    return values.every((v) => v !== undefined) ? `must be one of: ${values.join(', ')}` : 'has none of the allowed forms';
  }
  return error.message ?? 'is not valid';
};

/** One entry a field: the branches of a union that did not match would only repeat what its own entry says. */
const fieldErrors = (errors: readonly ErrorObject[], root: string): FieldError[] => {
  const unions = errors.filter((e) => e.keyword === 'anyOf' || e.keyword === 'oneOf').map((e) => `${e.schemaPath}/`);
  const seen = new Map<string, FieldError>();
  for (const error of errors) {
    if (unions.some((prefix) => error.schemaPath.startsWith(prefix))) continue;
    const path = pathOf(error, root);
    if (!seen.has(path)) seen.set(path, { path, message: messageOf(error) });
  }
  return [...seen.values()].slice(0, 20);
};

export interface Validator {
  /** JSON: exact types. */
  body(schema: TSchema): Check;
  /** Text from the URL: coerced to the schema's types. */
  text(schema: TSchema, root: 'query' | 'path'): Check;
  /** Does an answer match its declaration? */
  response(schema: TSchema): Check;
  /** Compiles what no request has needed yet, a schema at a time between requests. */
  warm(): Promise<void>;
}

/**
 * Compiles schemas when first needed (2 ms each: a quarter of a second for all at start); keep one per process. Reports the
 * first error only: all errors of a large hostile body would cost without bound.
 */
export const createValidator = (): Validator => {
  const compiler = (ajv: Ajv2020) => {
    const compiled = new Map<TSchema, ValidateFunction | undefined>();
    const get = (schema: TSchema): ValidateFunction => {
      const known = compiled.get(schema);
      if (known !== undefined) return known;
      const made = ajv.compile(withoutIds(schema) as object);
      compiled.set(schema, made);
      return made;
    };
    const check = (schema: TSchema, root: string): Check => {
      if (!compiled.has(schema)) compiled.set(schema, undefined);
      return (value) => {
        const validate = get(schema);
        return validate(value) ? [] : fieldErrors(validate.errors ?? [], root);
      };
    };
    return { check, get, schemas: () => [...compiled.keys()] };
  };
  const [exact, coercing] = [compiler(makeAjv(false)), compiler(makeAjv('array'))];
  return {
    body: (schema) => exact.check(schema, 'body'),
    text: (schema, root) => coercing.check(schema, root),
    response: (schema) => exact.check(schema, 'response'),
    warm: async () => {
      for (const { get, schemas } of [exact, coercing]) {
        for (const schema of schemas()) {
          await immediate();
          get(schema);
        }
      }
    },
  };
};

const summary = ([first, ...rest]: readonly FieldError[]): string =>
  `${first?.path}: ${first?.message}${rest.length === 0 ? '' : ` (and ${rest.length} more, see details.fields)`}`;

/** Contract 1.1: a field of the wrong type or out of range. */
export const bodyFault = (fields: readonly FieldError[]): Fault => new Fault('VALIDATION_ERROR', summary(fields), { details: { fields } });
/** Contract 1.3: a malformed query. */
export const queryFault = (fields: readonly FieldError[]): Fault =>
  new Fault('BAD_REQUEST', `Query ${summary(fields)}`, { details: { fields } });
