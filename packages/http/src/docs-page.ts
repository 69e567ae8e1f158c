import { createHash } from 'node:crypto';
import type { Json } from './openapi-schemas.ts';

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly { name?: string; in: string; required: boolean; description?: string; schema: Json }[];
  readonly requestBody?: { content: Record<string, { schema: Json }> };
  readonly responses: Record<string, { content?: Record<string, { schema: Json }> }>;
  readonly 'x-miosa-access':
    | 'public'
    | { scope: string | null; credentials?: string; minRole?: string; operator?: boolean; browser?: string };
  readonly 'x-miosa-errors': readonly string[];
}

interface Document {
  readonly info: { title: string; version: string };
  readonly servers: readonly { url: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, Json> };
}

interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly note: string;
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Text of a description: made harmless, with `code` marked. */
const prose = (text: string): string => escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--soft:#8882}
body{font:15px/1.5 system-ui,sans-serif;margin:0;display:grid;grid-template-columns:16rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1rem;box-sizing:border-box;border-right:1px solid var(--line);font-size:13px}
nav ul{list-style:none;margin:.2rem 0 1rem;padding:0}nav a{color:inherit;text-decoration:none}nav a:hover{text-decoration:underline}
main{padding:1rem 2rem 6rem;max-width:60rem}article{border-top:1px solid var(--line);padding:1rem 0;scroll-margin-top:1rem}
h3{margin:0;font-size:1.05rem}code{background:var(--soft);border-radius:4px;padding:.1em .3em}
table{border-collapse:collapse;width:100%;font-size:13.5px;margin:.3rem 0 .8rem}td,th{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line)}
.m{display:inline-block;min-width:4.2em;font-weight:700}h4{margin:.8rem 0 0}.s{opacity:.75}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto}main{padding:1rem}}`;

/** Nothing runs on the page and nothing is loaded; its one style sheet is named by hash. */
export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const access = (declared: Operation['x-miosa-access']): string => {
  if (declared === 'public') return 'public';
  const parts = [
    declared.scope === null ? 'any valid credential' : `scope <code>${escaped(declared.scope)}</code>`,
    declared.credentials === 'jwt' ? 'access token only' : '',
    declared.minRole === undefined ? '' : `role ${escaped(declared.minRole)} or above`,
    declared.operator === true ? 'operators' : '',
    declared.browser === undefined ? '' : `browser tokens with <code>${escaped(declared.browser)}</code>`,
  ];
  return parts.filter((part) => part !== '').join(', ');
};

const lastWord = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1);

const typeOf = (schema: Json): string => {
  const { $ref, type, format } = schema as { $ref?: string; type?: string | string[]; format?: string };
  if ($ref !== undefined) return lastWord($ref);
  const values = (schema.enum ?? (schema.const === undefined ? undefined : [schema.const])) as unknown[] | undefined;
  if (values !== undefined) return values.join(' | ');
  const choices = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(' | ');
  if (type === 'array') return `[${typeOf((schema.items ?? {}) as Json)}]`;
  return `${Array.isArray(type) ? type.join(' | ') : (type ?? 'any')}${format === undefined ? '' : ` (${format})`}`;
};

const LIMITS = ['default', 'minimum', 'maximum', 'minLength', 'maxLength', 'maxItems'];

const noteOf = (schema: Json): string => {
  const said = LIMITS.filter((key) => schema[key] !== undefined).map((key) => `${key} ${JSON.stringify(schema[key])}`);
  const { description } = schema;
  return [typeof description === 'string' ? prose(description) : '', escaped(said.join(', '))].filter((text) => text !== '').join(' · ');
};

const table = (title: string, fields: readonly Field[]): string => {
  if (fields.length === 0) return '';
  const rows = fields.map((f) => `<tr><td><code>${escaped(f.name)}${f.required ? '*' : ''}</code><td>${escaped(f.type)}<td>${f.note}`);
  return `<h4>${title}</h4><table>${rows.join('')}</table>`;
};

type Content = Record<string, { schema: Json }>;

/** Tables of bodies, with the shapes that the document names looked up. */
const createBodyTable = (schemas: Record<string, Json>) => {
  const resolve = (schema: Json): Json => (typeof schema.$ref === 'string' ? (schemas[lastWord(schema.$ref)] ?? {}) : schema);
  const fieldsOf = (schema: Json): Field[] => {
    const { properties = {}, required = [] } = resolve(schema) as { properties?: Record<string, Json>; required?: readonly string[] };
    return Object.entries(properties).map(([name, s]) => ({ name, type: typeOf(s), required: required.includes(name), note: noteOf(s) }));
  };
  return (title: string, content: Content | undefined): string => {
    const [[type, media] = ['', undefined]] = Object.entries(content ?? {});
    if (media === undefined) return '';
    if (type !== 'application/json') return `<h4>${title}</h4><p><code>${escaped(type)}</code></p>`;
    const data = (resolve(media.schema).properties as Record<string, Json> | undefined)?.data;
    const item = data?.type === 'array' ? (data.items as Json) : data;
    const shape = data === undefined ? typeOf(media.schema) : `{data: ${typeOf(data)}}`;
    return table(`${title} <span class="s">${escaped(shape)}</span>`, fieldsOf(item ?? media.schema));
  };
};

const article = (
  bodyTable: ReturnType<typeof createBodyTable>,
  { path, method, op }: { path: string; method: string; op: Operation },
): string => {
  const parameters = op.parameters.flatMap(({ name, schema, required, description }) =>
    name === undefined ? [] : [{ name, type: typeOf(schema), required, note: noteOf({ ...schema, description }) }],
  );
  const [status = '200', ok] = Object.entries(op.responses).find(([code]) => code.startsWith('2')) ?? [];
  return [
    `<article id="${escaped(op.operationId)}"><h3><span class="m">${method.toUpperCase()}</span> <code>${escaped(path)}</code></h3>`,
    `<p>${prose(op.summary)} <span class="s">— <code>${escaped(op.operationId)}</code>, ${access(op['x-miosa-access'])}</span></p>`,
    op.description === undefined ? '' : `<p>${prose(op.description)}</p>`,
    table('Parameters', parameters),
    bodyTable('Body', op.requestBody?.content),
    bodyTable(`Answer ${status}`, ok?.content),
    `<p class="s">Errors: ${op['x-miosa-errors'].map(escaped).join(', ')}</p></article>`,
  ].join('');
};

const byTag = ({ paths }: Document) => {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, op]) => ({ path, method, op })),
  );
  return [...Map.groupBy(operations, ({ op }) => op.tags[0] ?? '')].sort(([a], [b]) => (a < b ? -1 : 1));
};

/** The OpenAPI document as one page without scripts: everything is open, so the browser's own search finds it. */
export const documentationPage = (source: object): string => {
  const document = source as Document;
  const bodyTable = createBodyTable(document.components.schemas);
  const groups = byTag(document);
  const link = (id: string): string => `<li><a href="#${escaped(id)}">${escaped(id)}</a>`;
  const nav = groups.map(([tag, list]) => `<b>${escaped(tag)}</b><ul>${list.map(({ op }) => link(op.operationId)).join('')}</ul>`);
  const main = groups.map(([tag, list]) => `<h2>${escaped(tag)}</h2>${list.map((entry) => article(bodyTable, entry)).join('')}`);
  const title = `${escaped(document.info.title)} ${escaped(document.info.version)}`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head>
<body><nav>${nav.join('')}</nav><main><h1>${title}</h1>
<p>Base URL <code>${escaped(document.servers[0]?.url ?? '')}</code>. Credential: <code>Authorization: Bearer …</code>. The same as data: <a href="/api/v1/openapi.json">openapi.json</a>.</p>${main.join('')}</main></body></html>`;
};
