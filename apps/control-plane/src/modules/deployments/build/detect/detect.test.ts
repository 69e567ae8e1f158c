import { describe, expect, test } from 'vitest';
import { chooseOutput, detect, textsWanted, workspacePath } from './detect.ts';
import type { Plan, Tree, Wishes } from './plan.ts';

/** Files by name; those with a text of their own have it. */
const tree = (files: Readonly<Record<string, string | object>>): Tree => ({
  files: Object.keys(files),
  texts: Object.fromEntries(
    textsWanted(Object.keys(files)).map((name) => {
      const text = files[name] ?? '';
      return [name, typeof text === 'string' ? text : JSON.stringify(text)];
    }),
  ),
});

const install = (plan: Plan): string | undefined => plan.steps.find(({ name }) => name === 'install')?.command;
const build = (plan: Plan): string | undefined => plan.steps.find(({ name }) => name === 'build')?.command;

const VITE = {
  'package.json': { scripts: { build: 'vite build', dev: 'vite' }, devDependencies: { vite: '6' } },
  'package-lock.json': '{}',
  'index.html': '',
};
const NEXT = { scripts: { build: 'next build', start: 'next start' }, dependencies: { next: '15', react: '19' } };
const ASTRO = { scripts: { build: 'astro build' }, dependencies: { astro: '5', '@astrojs/node': '9' } };

type Row = readonly [
  what: string,
  files: Readonly<Record<string, string | object>>,
  expected: Partial<Plan> & { install?: unknown; build?: unknown },
];

const TREES: readonly Row[] = [
  [
    'plain files',
    { 'index.html': '', 'style.css': '' },
    { kind: 'static', framework: 'static', steps: [], outputs: ['dist', 'build', 'out', 'public', '.'] },
  ],
  ['files in public', { 'public/index.html': '', 'README.md': '' }, { kind: 'static', framework: 'static', steps: [] }],
  [
    'Vite',
    VITE,
    {
      kind: 'static',
      framework: 'vite',
      build: 'npm run build',
      install: 'npm ci --include=dev --no-audit --no-fund',
      outputs: ['dist', 'build', 'out'],
    },
  ],
  [
    'Vite whose start script is its development server',
    { 'package.json': { scripts: { start: 'vite', build: 'vite build' }, devDependencies: { vite: '6' } }, 'index.html': '' },
    { kind: 'static', framework: 'vite' },
  ],
  [
    'Vite with a server of its own',
    {
      'package.json': {
        scripts: { start: 'node server.js', build: 'vite build' },
        dependencies: { express: '5' },
        devDependencies: { vite: '6' },
      },
      'server.js': '',
    },
    { kind: 'dynamic', framework: 'node', build: 'npm run build', runCommand: 'node server.js', port: 3000 },
  ],
  [
    'Create React App, whose start script is for development',
    {
      'package.json': { scripts: { start: 'react-scripts start', build: 'react-scripts build' }, dependencies: { 'react-scripts': '5' } },
      'public/index.html': '',
    },
    { kind: 'static', framework: 'create-react-app', outputs: ['build', 'dist', 'out'] },
  ],
  [
    'Angular',
    {
      'package.json': { scripts: { start: 'ng serve', build: 'ng build' }, dependencies: { '@angular/core': '19' } },
      'src/index.html': '',
    },
    { kind: 'static', framework: 'angular' },
  ],
  [
    'Next',
    { 'package.json': NEXT, 'next.config.mjs': 'export default {}' },
    { kind: 'dynamic', framework: 'next', runCommand: 'next start', port: 3000 },
  ],
  [
    'Next exported',
    { 'package.json': NEXT, 'next.config.ts': "const c = { output: 'export' }; export default c" },
    { kind: 'static', framework: 'next', outputs: ['out', 'dist', 'build'], build: 'npm run build' },
  ],
  [
    'Next whose export is only in a comment',
    { 'package.json': NEXT, 'next.config.js': "// output: 'export',\n/* output: 'export' */\nmodule.exports = {}" },
    { kind: 'dynamic', framework: 'next' },
  ],
  [
    'Next standalone',
    { 'package.json': NEXT, 'next.config.js': 'module.exports = { output: "standalone" }' },
    {
      kind: 'dynamic',
      runCommand: 'node .next/standalone/server.js',
      build: expect.stringContaining('cp -R .next/static .next/standalone/.next/'),
    },
  ],
  [
    'Astro',
    { 'package.json': ASTRO, 'astro.config.mjs': 'export default {}' },
    { kind: 'static', framework: 'astro', outputs: ['dist', 'build', 'out'] },
  ],
  [
    'Astro with a server',
    {
      'package.json': ASTRO,
      'astro.config.mjs': "import node from '@astrojs/node';\nexport default { output: 'server', adapter: node({ mode: 'standalone' }) }",
    },
    { kind: 'dynamic', framework: 'astro', runCommand: 'node ./dist/server/entry.mjs' },
  ],
  [
    'Nuxt',
    { 'package.json': { scripts: { build: 'nuxt build' }, dependencies: { nuxt: '3' } } },
    { kind: 'dynamic', framework: 'nuxt', runCommand: 'node .output/server/index.mjs' },
  ],
  [
    'SvelteKit, static',
    {
      'package.json': {
        scripts: { build: 'vite build' },
        devDependencies: { '@sveltejs/kit': '2', '@sveltejs/adapter-static': '3', vite: '6' },
      },
    },
    { kind: 'static', framework: 'sveltekit', outputs: ['build', 'dist', 'out'] },
  ],
  [
    'React Router',
    {
      'package.json': {
        scripts: { build: 'react-router build', start: 'react-router-serve ./build/server/index.js' },
        devDependencies: { '@react-router/dev': '7', vite: '6' },
      },
    },
    { kind: 'dynamic', framework: 'react-router' },
  ],
  [
    'Node with a start script',
    { 'package.json': { scripts: { start: 'node index.js' }, dependencies: { express: '5' } } },
    { kind: 'dynamic', framework: 'node', runCommand: 'node index.js', install: expect.stringContaining('npm install') },
  ],
  [
    'Node with a hook before its start script',
    { 'package.json': { scripts: { start: 'node index.js', prestart: 'node migrate.js' } } },
    { runCommand: 'npm run start', steps: [] },
  ],
  [
    'Node by its main file',
    { 'package.json': { main: './src/server.js' }, 'src/server.js': "require('http').createServer(h).listen(4100)" },
    { kind: 'dynamic', framework: 'node', runCommand: 'node src/server.js', port: 4100 },
  ],
  [
    'Node whose port is a default only',
    { 'package.json': { main: 'server.js' }, 'server.js': 'http.createServer(h).listen(process.env.PORT || 4100)' },
    { port: 3000 },
  ],
  [
    'NestJS',
    {
      'package.json': {
        scripts: { start: 'nest start', 'start:prod': 'node dist/main', build: 'nest build' },
        dependencies: { '@nestjs/core': '11' },
      },
    },
    { runCommand: 'node dist/main', build: 'npm run build' },
  ],
  [
    'a Procfile',
    { 'package.json': NEXT, Procfile: 'release: echo\nweb: node custom.js\n' },
    { kind: 'dynamic', framework: 'procfile', runCommand: 'node custom.js', build: 'npm run build' },
  ],
  [
    'Flask with gunicorn',
    { 'app.py': 'from flask import Flask\napp = Flask(__name__)\n', 'requirements.txt': 'flask==3.0\ngunicorn\n' },
    {
      kind: 'dynamic',
      framework: 'python-wsgi',
      runCommand: 'gunicorn --bind "0.0.0.0:$PORT" app:app',
      port: 8000,
      install: expect.not.stringContaining("'gunicorn'"),
    },
  ],
  [
    'Flask without a server gets one',
    { 'main.py': 'import flask\nserver: flask.Flask = flask.Flask(__name__)\n', 'requirements.txt': 'Flask>=3\n' },
    {
      framework: 'python-wsgi',
      runCommand: 'gunicorn --bind "0.0.0.0:$PORT" main:server',
      install: expect.stringContaining("pip install --disable-pip-version-check 'gunicorn'"),
    },
  ],
  [
    'Flask with a factory',
    { 'app/__init__.py': 'def create_app():\n  return Flask(__name__)\n', 'requirements.txt': 'flask\nwaitress\n' },
    { runCommand: 'waitress-serve --listen="0.0.0.0:$PORT" --call app:create_app' },
  ],
  [
    'Django',
    { 'manage.py': '', 'clinic/wsgi.py': '', 'clinic/asgi.py': '', 'requirements.txt': 'Django~=5.1\ngunicorn\n' },
    { framework: 'python-wsgi', runCommand: 'gunicorn --bind "0.0.0.0:$PORT" clinic.wsgi:application' },
  ],
  [
    'Django with channels',
    { 'manage.py': '', 'clinic/wsgi.py': '', 'clinic/asgi.py': '', 'requirements.txt': 'django\nchannels[daphne]\n' },
    { framework: 'python-asgi', runCommand: 'uvicorn --host 0.0.0.0 --port "$PORT" clinic.asgi:application' },
  ],
  [
    'FastAPI',
    {
      'app/main.py': 'from fastapi import FastAPI\napp = FastAPI()\n',
      'pyproject.toml': '[project]\ndependencies = ["fastapi", "uvicorn[standard]>=0.30"]\n',
    },
    {
      framework: 'python-asgi',
      runCommand: 'uvicorn --host 0.0.0.0 --port "$PORT" app.main:app',
      install: expect.not.stringContaining("'uvicorn"),
    },
  ],
  [
    'Quart with hypercorn',
    { 'app.py': 'app = Quart(__name__)', 'requirements.txt': 'quart\nhypercorn' },
    { runCommand: 'hypercorn --bind "0.0.0.0:$PORT" app:app' },
  ],
  [
    'a plain Python server',
    { 'server.py': 'HTTPServer(("", int(os.environ["PORT"])), H).serve_forever()' },
    { framework: 'python', runCommand: 'python server.py', steps: [] },
  ],
];

describe('what a source is, with nothing said', () => {
  test.each(TREES)('%s', (_what, files, { install: wantedInstall, build: wantedBuild, ...expected }) => {
    const plan = detect(tree(files));
    expect(plan).toMatchObject(expected);
    if (wantedInstall !== undefined) expect(install(plan)).toEqual(wantedInstall);
    if (wantedBuild !== undefined) expect(build(plan)).toEqual(wantedBuild);
  });

  test.each([
    ['package-lock.json', '{}', undefined, 'npm ci', 'node_modules/.package-lock.json'],
    ['pnpm-lock.yaml', "lockfileVersion: '9.0'\n", undefined, 'npx --yes pnpm@9 install --frozen-lockfile', 'node_modules/.modules.yaml'],
    ['pnpm-lock.yaml', "lockfileVersion: '6.0'\n", undefined, 'npx --yes pnpm@8 install', 'node_modules/.modules.yaml'],
    ['pnpm-lock.yaml', '', 'pnpm@10.2.1+sha512.0a', 'npx --yes pnpm@10.2.1 install', 'node_modules/.modules.yaml'],
    ['yarn.lock', '# yarn lockfile v1\n', undefined, 'npx --yes yarn@1.22.22 install --frozen-lockfile', 'node_modules/.yarn-integrity'],
    [
      'yarn.lock',
      '__metadata:\n  version: 8\n',
      undefined,
      'npx --yes @yarnpkg/cli-dist@4 install --immutable',
      'node_modules/.yarn-state.yml',
    ],
    ['bun.lock', '{}', undefined, 'npx --yes bun@1 install --frozen-lockfile', undefined],
    ['package-lock.json', '{}', 'npm@10.0.0; touch /tmp/x', 'npm ci', 'node_modules/.package-lock.json'],
  ])('the package manager follows from %s %s (packageManager %s)', (lockfile, text, packageManager, command, marker) => {
    const json = { packageManager, scripts: { build: 'vite build' }, devDependencies: { vite: '6' } };
    const [step] = detect(tree({ 'package.json': json, [lockfile]: text })).steps;
    expect(step?.command).toContain(command);
    expect(step?.command).not.toContain('touch');
    expect(step?.unless?.marker).toBe(marker);
    if (marker !== undefined) expect(step?.unless?.sources).toEqual(['package.json', lockfile]);
  });
});

describe('what is asked for wins', () => {
  const cases: readonly (readonly [string, Wishes, Partial<Plan>, string | undefined])[] = [
    [
      'a run command',
      { runCommand: 'node own.js', port: 9000 },
      { kind: 'dynamic', framework: 'vite', runCommand: 'node own.js', port: 9000 },
      'npm run build',
    ],
    [
      'an output path: that folder, as it is',
      { outputPath: '/workspace/dist' },
      { kind: 'static', outputs: ['dist'], steps: [] },
      undefined,
    ],
    ['an output path with a build', { outputPath: 'web/', buildCommand: 'make web' }, { kind: 'static', outputs: ['web'] }, 'make web'],
    ['a build command', { buildCommand: 'npm run special' }, { kind: 'static', framework: 'vite' }, 'npm run special'],
    ['no build at all', { buildCommand: '' }, { kind: 'static', steps: [] }, undefined],
    ['an entrypoint of a site', { entrypoint: 'start.html' }, { kind: 'static', entrypoint: 'start.html' }, 'npm run build'],
    [
      'an entrypoint of a server',
      { entrypoint: 'api/server.mjs' },
      { kind: 'dynamic', runCommand: 'node api/server.mjs' },
      'npm run build',
    ],
  ];
  test.each(cases)('%s', (_what, wishes, expected, command) => {
    const plan = detect(tree(VITE), wishes);
    expect(plan).toMatchObject(expected);
    expect(build(plan)).toBe(command);
  });

  test('a server can be published as the site it builds', () => {
    const plan = detect(tree({ 'package.json': NEXT }), { kind: 'static' });
    expect(plan).toMatchObject({ kind: 'static', runCommand: null, port: null });
  });

  test('a Python application can be named', () => {
    const files = tree({ 'pkg/web.py': '', 'requirements.txt': 'fastapi\n' });
    expect(detect(files, { entrypoint: 'pkg.web:api' })).toMatchObject({
      framework: 'python-asgi',
      runCommand: 'uvicorn --host 0.0.0.0 --port "$PORT" pkg.web:api',
    });
  });
});

describe('what cannot be published says what to set', () => {
  test.each([
    ['nothing at all', { 'README.md': '' }, {}, /run_command and port .*build_command and output_path/],
    ['a server that nobody asked for', { 'index.html': '' }, { kind: 'dynamic' as const }, /run_command and port/],
    ['a broken package.json', { 'package.json': '{' }, {}, /package\.json is not JSON/],
    ['a Procfile without web', { Procfile: 'worker: x' }, {}, /web: <command>/],
    ['a framework without a way to start', { 'package.json': { dependencies: { express: '5' } } }, {}, /"start" script/],
    [
      'an adapter of another host',
      { 'package.json': ASTRO, 'astro.config.mjs': "import v from '@astrojs/vercel';\nexport default { adapter: v() }" },
      {},
      /@astrojs\/node/,
    ],
    [
      'an output path with a server',
      { 'package.json': NEXT },
      { kind: 'dynamic' as const, outputPath: 'out' },
      /output_path is of static sites/,
    ],
    ['an entrypoint of an unknown kind', { 'index.html': '' }, { entrypoint: 'run.rb' }, /run_command and port/],
  ])('%s', (_what, files, wishes, message) => {
    expect(() => detect(tree(files), wishes)).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR', message: expect.stringMatching(message) }),
    );
  });

  test.each(['/etc', '..', '/workspace/../etc', 'a/../../b', '', 'a\0b', 'x'.repeat(600)])('an output path that leads out: %j', (path) => {
    expect(() => workspacePath('output_path', path)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  });

  test.each(['$(touch x)', '-rf', 'a b.py', "x';y"])('an entrypoint that is none: %j', (entrypoint) => {
    expect(() => detect(tree({ 'index.html': '' }), { entrypoint })).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  });
});

describe('the folder that is published', () => {
  const OUTPUTS = detect(tree({ 'index.html': '' })).outputs;

  test.each([
    [['dist/index.html', 'index.html'], 'dist'],
    [['out/index.html', 'public/index.html'], 'out'],
    [['public/index.html', 'index.html'], 'public'],
    [['index.html', 'build/other.html'], '.'],
    [['dist/clinic/browser/index.html', 'index.html'], 'dist/clinic/browser'],
  ])('of %j is %s', (files, folder) => {
    expect(chooseOutput(files, { outputs: OUTPUTS, entrypoint: 'index.html' })).toBe(folder);
  });

  test('is never the source of a generator that has built nothing', () => {
    expect(() => chooseOutput(['index.html', 'public/index.html'], detect(tree(VITE)))).toThrow(/output_path/);
  });

  test('that was named is that or none', () => {
    const plan = detect(tree({ 'index.html': '' }), { outputPath: 'site' });
    expect(() => chooseOutput(['index.html'], plan)).toThrow(/no index\.html in \/workspace\/site\. Set output_path/);
  });
});

test('hostile files cost linear time', () => {
  const long = 200_000;
  const texts = {
    'package.json': NEXT,
    'next.config.js': '/*'.repeat(long / 2),
    'app.py': `${'a='.repeat(long / 2)}\n${'\n'.repeat(long)}`,
    'requirements.txt': `${'\n'.repeat(long)}${'flask['.repeat(long / 6)}`,
  };
  expect(detect(tree(texts)).framework).toBe('next');
  expect(() => detect(tree({ 'app.py': texts['app.py'], 'requirements.txt': texts['requirements.txt'] }))).toThrow(/run_command/);
});
