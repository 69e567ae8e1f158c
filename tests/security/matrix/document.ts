import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DOCUMENT = fileURLToPath(new URL('../../../openapi/openapi.json', import.meta.url));

export type Role = 'viewer' | 'member' | 'admin' | 'owner';

/** `x-miosa-access`: who may call an operation, as declared. */
export type Declared =
  | 'public'
  | {
      readonly scope: string | null;
      readonly credentials?: 'any' | 'jwt';
      readonly minRole?: Role;
      readonly roleIn?: 'workspace';
      readonly userKeys?: boolean;
      readonly operator?: true;
      readonly browser?: string;
    };

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly format?: string;
  readonly pattern?: string;
}

export interface Parameter {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly access: Declared;
  readonly query: readonly Parameter[];
  readonly body: { readonly type: 'json'; readonly schema: Schema } | { readonly type: 'raw' } | null;
  /** Answers with server-sent events. */
  readonly streams: boolean;
}

interface RawOperation {
  readonly operationId: string;
  readonly 'x-miosa-access'?: Declared;
  readonly parameters?: readonly (Parameter & { readonly in?: string })[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const document = JSON.parse(readFileSync(DOCUMENT, 'utf8')) as Document;

const bodyOf = ({ requestBody }: RawOperation): Operation['body'] => {
  if (requestBody === undefined) return null;
  const json = requestBody.content['application/json'];
  return json === undefined ? { type: 'raw' } : { type: 'json', schema: json.schema };
};

/** Every operation of the committed OpenAPI document. */
export const operations = (): Operation[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => {
      const access = raw['x-miosa-access'];
      if (access === undefined) throw new Error(`${raw.operationId} declares no access`);
      return {
        id: raw.operationId,
        method: method.toUpperCase(),
        path,
        access,
        query: (raw.parameters ?? []).filter((parameter) => parameter.in === 'query'),
        body: bodyOf(raw),
        streams: Object.values(raw.responses).some(({ content }) => content?.['text/event-stream'] !== undefined),
      };
    }),
  );

/** `#/components/schemas/X` → the schema. */
export const deref = (schema: Schema): Schema => {
  if (schema.$ref === undefined) return schema;
  const found = document.components.schemas[schema.$ref.split('/').at(-1) ?? ''];
  if (found === undefined) throw new Error(`${schema.$ref} is not in the document`);
  return deref(found);
};
