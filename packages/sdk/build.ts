import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** `npm run build -w @miosa/sdk`: the folder `dist`, a package of plain JavaScript and declarations for Node ≥ 20 and bundlers. */
const folder = import.meta.dirname;
rmSync(`${folder}/dist`, { recursive: true, force: true });
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [compiler, '-p', `${folder}/tsconfig.build.json`], { stdio: 'inherit' });

const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Record<string, string>;
const built = {
  name,
  version,
  license,
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20' },
  exports: { '.': './index.js', './node': './node.js' },
  imports: { '#platform': { browser: './platform/browser.js', default: './platform/node.js' } },
};
writeFileSync(`${folder}/dist/package.json`, `${JSON.stringify(built, null, 2)}\n`);
