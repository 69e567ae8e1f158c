import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';

/** `npm run gen -w @miosa/sdk`: the types of `openapi.json`, from which all public types of the SDK follow. */
interface Schema {
  $ref?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  default?: unknown;
}
interface Operation {
  requestBody?: { content?: Record<string, { schema?: Schema }> };
}
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } };

/** The server fills in what has a default, so a request may leave it out, whatever `required` says. */
const optionalWhereDefault = (document: Document): void => {
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    const named = operation.requestBody?.content?.['application/json']?.schema;
    const schema = named?.$ref === undefined ? named : document.components.schemas[named.$ref.split('/').at(-1) ?? ''];
    if (schema?.required !== undefined)
      schema.required = schema.required.filter((name) => schema.properties?.[name]?.default === undefined);
  }
};

const folder = import.meta.dirname;
const document = JSON.parse(await readFile(`${folder}/../../openapi/openapi.json`, 'utf8')) as Document;
optionalWhereDefault(document);
const types = await openapiTS(document as unknown as OpenAPI3, { defaultNonNullable: false, emptyObjectsUnknown: true });
await writeFile(
  `${folder}/src/openapi.gen.ts`,
  `/** Generated from openapi/openapi.json by "npm run gen -w @miosa/sdk". */\n\n${astToString(types)}`,
);
