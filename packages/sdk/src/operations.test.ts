import './testClean.ts';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Miosa } from './index.ts';

interface Document {
  readonly paths: Record<string, Record<string, { readonly operationId: string }>>;
}

/** Second forms of what has a call of its own (contract, section 7). */
const ALIASES = new Set(['sandboxes.files.create', 'sandboxes.files.get']);
/** Called by a git host, which signs with the secret of the hook. */
const NOT_FOR_CLIENTS = new Set(['deployments.gitHook']);

const document = JSON.parse(readFileSync(new URL('../../../openapi/openapi.json', import.meta.url), 'utf8')) as Document;
const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((operation) => operation.operationId));

it.each(ids.filter((id) => !ALIASES.has(id) && !NOT_FOR_CLIENTS.has(id)))('has a call named %s', (id) => {
  const found = id
    .split('.')
    .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], new Miosa({ apiKey: 'msk_test_1' }));
  expect(found).toBeTypeOf('function');
});
