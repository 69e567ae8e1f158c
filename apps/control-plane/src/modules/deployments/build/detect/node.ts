import { type PackageJson, packageManagerOf, readPackageJson } from './packages.ts';
import { type Found, type Framework, type Tree, unplannable } from './plan.ts';

const PORT = 3000;

/** The first of these files that is there, and its text. */
export const textOf = (tree: Tree, names: readonly string[]): { readonly file: string; readonly text: string } | null => {
  const file = names.find((name) => tree.texts[name] !== undefined);
  return file === undefined ? null : { file, text: tree.texts[file] ?? '' };
};

const configNames = (stem: string): string[] => ['js', 'mjs', 'cjs', 'ts', 'mts'].map((extension) => `${stem}.config.${extension}`);

/** Comments say what is not so; strings with `//` in them (URLs) stay. In linear time, whatever the text: it is the customer's. */
const withoutComments = (text: string): string => {
  let kept = '';
  let at = 0;
  for (let start = text.indexOf('/*'); start !== -1; start = text.indexOf('/*', at)) {
    kept += text.slice(at, start);
    const end = text.indexOf('*/', start + 2);
    at = end === -1 ? text.length : end + 2;
  }
  return (kept + text.slice(at)).replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
};

const configOf = (tree: Tree, stem: string): string => withoutComments(textOf(tree, configNames(stem))?.text ?? '');

export const nodeTexts = (): string[] => [
  'package.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  ...['next', 'astro', 'svelte', 'nuxt', 'react-router'].flatMap(configNames),
  ...ENTRIES,
];

const ENTRIES = ['server', 'index', 'app', 'main', 'src/server', 'src/index', 'src/app', 'src/main'].flatMap((stem) =>
  ['js', 'mjs', 'cjs'].map((extension) => `${stem}.${extension}`),
);

/** What `npm run` would run, without the third of a second that npm takes: programs of the project are in the PATH. */
const startLine = ({ scripts }: PackageJson, name: string): string => {
  const script = scripts[name];
  return script === undefined || scripts[`pre${name}`] !== undefined ? `npm run ${name}` : script;
};

interface Context {
  readonly tree: Tree;
  readonly json: PackageJson;
  /** The build script, if there is one. */
  readonly build: string | null;
  readonly run: (script: string) => string;
}

const found = (kind: Found['kind'], framework: Framework, reason: string, rest: Omit<Found, 'kind' | 'framework' | 'reason'>): Found => ({
  kind,
  framework,
  reason,
  ...rest,
});

const next = ({ tree, build }: Context): Found => {
  const config = configOf(tree, 'next');
  const output = /\boutput\s*:\s*['"`](export|standalone)['"`]/.exec(config)?.[1];
  const command = build ?? 'next build';
  if (output === 'export') return found('static', 'next', 'Next.js with `output: "export"`', { build: command, outputs: ['out'] });
  if (output !== 'standalone') return found('dynamic', 'next', 'Next.js server', { build: command, run: 'next start', port: PORT });
  // The standalone server serves neither unless they lie beside it (Next.js documentation, output).
  const beside = 'if [ -d public ]; then cp -R public .next/standalone/; fi && cp -R .next/static .next/standalone/.next/';
  return found('dynamic', 'next', 'Next.js with `output: "standalone"`', {
    build: `${command} && ${beside}`,
    run: 'node .next/standalone/server.js',
    port: PORT,
  });
};

const astro = ({ tree, build }: Context): Found => {
  const config = configOf(tree, 'astro');
  const command = build ?? 'astro build';
  const adapter = /from\s+['"](@astrojs\/(?:node|vercel|netlify|cloudflare|deno)[\w/-]*)['"]/.exec(config)?.[1];
  if (adapter === undefined || !/\badapter\s*:/.test(config))
    return found('static', 'astro', 'Astro without a server adapter', { build: command, outputs: ['dist'] });
  if (!adapter.startsWith('@astrojs/node'))
    throw unplannable(
      `This Astro project is made for another host (${adapter}). Use @astrojs/node in standalone mode, or set run_command and port.`,
    );
  return found('dynamic', 'astro', 'Astro with @astrojs/node', { build: command, run: 'node ./dist/server/entry.mjs', port: 4321 });
};

const nuxt = ({ json, build, run }: Context): Found => {
  if (json.scripts.generate !== undefined && (json.scripts.build === undefined || json.scripts.build.includes('generate')))
    return found('static', 'nuxt', 'Nuxt, generated', { build: run('generate'), outputs: ['.output/public', 'dist'] });
  return found('dynamic', 'nuxt', 'Nuxt server', { build: build ?? 'nuxt build', run: 'node .output/server/index.mjs', port: PORT });
};

const sveltekit = ({ json, build }: Context): Found => {
  const command = build ?? 'vite build';
  if (json.allDependencies.has('@sveltejs/adapter-static'))
    return found('static', 'sveltekit', 'SvelteKit with adapter-static', { build: command, outputs: ['build'] });
  if (json.allDependencies.has('@sveltejs/adapter-node'))
    return found('dynamic', 'sveltekit', 'SvelteKit with adapter-node', {
      build: command,
      run: 'node build',
      port: PORT,
    });
  throw unplannable(
    'This SvelteKit project has no adapter for a server of its own. Use adapter-node or adapter-static, or set run_command and port.',
  );
};

const reactRouter = ({ tree, json, build }: Context): Found => {
  const command = build ?? 'react-router build';
  if (/\bssr\s*:\s*false\b/.test(configOf(tree, 'react-router')))
    return found('static', 'react-router', 'React Router with `ssr: false`', { build: command, outputs: ['build/client'] });
  const serve = json.dependencies.has('@remix-run/serve')
    ? 'remix-serve ./build/server/index.js'
    : 'react-router-serve ./build/server/index.js';
  return found('dynamic', 'react-router', 'React Router server', {
    build: command,
    run: json.scripts.start === undefined ? serve : startLine(json, 'start'),
    port: PORT,
  });
};

/** Frameworks that decide by themselves whether they serve or are served. */
const FULL_STACK: readonly (readonly [dependency: string, detect: (context: Context) => Found])[] = [
  ['next', next],
  ['nuxt', nuxt],
  ['astro', astro],
  ['@sveltejs/kit', sveltekit],
  ['@react-router/dev', reactRouter],
  ['@remix-run/serve', reactRouter],
];

const SERVERS = [
  '@nestjs/core',
  'express',
  'fastify',
  'koa',
  '@hapi/hapi',
  'hono',
  'polka',
  'restify',
  'h3',
  '@hono/node-server',
  'socket.io',
  'ws',
];

/** Generators of static files, and where they put them. */
const GENERATORS: readonly (readonly [dependency: string, framework: Framework, build: string, output: string])[] = [
  ['react-scripts', 'create-react-app', 'react-scripts build', 'build'],
  ['gatsby', 'gatsby', 'gatsby build', 'public'],
  ['@11ty/eleventy', 'eleventy', 'eleventy', '_site'],
  ['@docusaurus/core', 'docusaurus', 'docusaurus build', 'build'],
  ['vitepress', 'vitepress', 'vitepress build docs', 'docs/.vitepress/dist'],
  ['@angular/core', 'angular', 'ng build', 'dist'],
  ['vite', 'vite', 'vite build', 'dist'],
];

/** What `start` means in projects of generators: a server for development, or one that only serves the files. */
const DEV_SERVER =
  /\b(react-scripts\s+start|ng\s+serve|webpack(-dev-server|\s+serve)|parcel|gatsby\s+(develop|serve)|eleventy|docusaurus\s+(start|serve)|vitepress|live-server|browser-sync|http-server|serve)\b|\bvite\b(?!-node)/;

const LISTENS = /\b(createServer|createSecureServer)\s*\(|\.listen\s*\(|\bBun\.serve\s*\(|\bDeno\.serve\s*\(|\bserve\s*\(\s*\{/;

/** A port that the program insists on. */
const fixedPort = (text: string): number | undefined => {
  if (/\bPORT\b/.test(text)) return undefined;
  const port = Number(/\.listen\s*\(\s*(?:\{\s*port\s*:\s*)?(\d{2,5})\b/.exec(text)?.[1]);
  return port >= 1 && port <= 65_535 ? port : undefined;
};

const clean = (path: string): string => path.replace(/^(\.?\/)+/, '');

const entryOf = ({ tree, json }: Context): { readonly file: string; readonly text: string } | null => {
  const main = json.main === null ? null : clean(json.main);
  return textOf(tree, [...(main === null ? [] : [main, `${main}.js`]), ...ENTRIES]);
};

/** A program that listens, by its start script or by what its main file does. */
const server = (context: Context): Found | null => {
  const { json, build } = context;
  const framework = SERVERS.find((name) => json.dependencies.has(name));
  const entry = entryOf(context);
  const listens = entry !== null && LISTENS.test(entry.text);
  const port = (entry === null ? undefined : fixedPort(entry.text)) ?? PORT;
  const rest = { build, port };
  const start = (['start:prod', 'start'] as const).find((name) => {
    const script = json.scripts[name];
    return script !== undefined && !DEV_SERVER.test(script);
  });
  if (start !== undefined)
    return found('dynamic', 'node', `script "${start}" of package.json${framework === undefined ? '' : ` (${framework})`}`, {
      ...rest,
      run: startLine(json, start),
    });
  if (listens) return found('dynamic', 'node', `${entry.file} is a server`, { ...rest, run: `node ${entry.file}` });
  return null;
};

const generator = ({ json, build }: Context): Found | null => {
  const known = GENERATORS.find(([dependency]) => json.allDependencies.has(dependency));
  if (known === undefined) return null;
  const [dependency, framework, command, output] = known;
  return found('static', framework, `${dependency} in package.json`, { build: build ?? command, outputs: [output] });
};

/** Null: no package.json, or one that says nothing of what is to be published. */
export const detectNode = (tree: Tree): Found | null => {
  let json: PackageJson | null;
  try {
    json = readPackageJson(tree);
  } catch {
    throw unplannable('package.json is not JSON. Correct it, or remove it for a site of plain files.');
  }
  if (json === null) return null;
  const { run } = packageManagerOf(tree, json);
  const context: Context = { tree, json, run, build: json.scripts.build === undefined ? null : run('build') };
  for (const [dependency, detect] of FULL_STACK) if (json.allDependencies.has(dependency)) return detect(context);
  const program = server(context);
  if (program !== null) return program;
  const files = generator(context);
  if (files !== null) return files;
  const idle = SERVERS.find((name) => json.dependencies.has(name));
  if (idle !== undefined && context.build === null && !tree.files.some((file) => /(^|\/)index\.html$/.test(file)))
    throw unplannable(
      `package.json has ${idle}, but how to start the server is not known. Add a "start" script, or set run_command and port.`,
    );
  return context.build === null ? null : found('static', 'static', 'script "build" of package.json', { build: context.build });
};
