import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openApiText } from './declared-routes.ts';

const path = join(import.meta.dirname, '..', '..', '..', 'openapi', 'openapi.json');
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, openApiText());
process.stdout.write(`wrote ${path}\n`);
