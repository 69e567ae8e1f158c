import { posix } from 'node:path';
import { invalid } from '@miosa/kernel';
import { detectNode, nodeTexts } from './node.ts';
import { packageManagerOf, readPackageJson } from './packages.ts';
import { type BuildStep, type Found, type Plan, type Tree, unplannable, type Wishes } from './plan.ts';
import { detectPython, isPython, pythonEntry, pythonInstall, pythonTexts } from './python.ts';

/** Contract 4.5 (`kind:auto`): of a site that nothing says more of. */
const OUTPUTS = ['dist', 'build', 'out', 'public', '.'] as const;
/** Those of them that are never sources. */
const BUILT = ['dist', 'build', 'out'] as const;
const ENTRYPOINT = 'index.html';
const ROOT = '/workspace';
const PORT = 3000;
const MAX_PATH = 512;

/** Files whose contents `detect` looks at; the others need only be listed. Those that are not there do no harm. */
export const textsWanted = (files: readonly string[]): string[] => {
  const wanted = new Set(['Procfile', ...nodeTexts(), ...pythonTexts()]);
  return files.filter((file) => wanted.has(file));
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A path of the caller's below /workspace, relative to it. @throws 422 for one that leads out. */
export const workspacePath = (field: string, path: string): string => {
  const relative = posix.relative(ROOT, posix.resolve(ROOT, path)) || '.';
  if (path === '' || path.length > MAX_PATH || CONTROL.test(path)) throw invalid(field, 'is not a path');
  if (relative === '..' || relative.startsWith('../')) throw invalid(field, `must lie below ${ROOT}`);
  return relative;
};

const given = (value: string | null | undefined): string | null => {
  const text = value?.trim() ?? '';
  return text === '' ? null : text;
};

const procfile = (tree: Tree): Found | null => {
  const web = /^web:[ \t]*(\S.*)$/m.exec(tree.texts.Procfile ?? '')?.[1]?.trim();
  if (web === undefined) {
    if (!tree.files.includes('Procfile')) return null;
    throw unplannable('The Procfile has no line "web: <command>". Add one, or set run_command and port.');
  }
  return { kind: 'dynamic', framework: 'procfile', reason: 'Procfile', run: web, port: isPython(tree) ? 8000 : PORT };
};

const byEntrypoint = (tree: Tree, entrypoint: string): Found => {
  if (/\.py$|:/.test(entrypoint)) return pythonEntry(tree, entrypoint);
  if (/\.[cm]?[jt]s$/.test(entrypoint))
    return {
      kind: 'dynamic',
      framework: 'node',
      reason: `entrypoint ${entrypoint}`,
      run: `node ${entrypoint}`,
      port: PORT,
    };
  throw unplannable(`How to run the entrypoint ${entrypoint} is not known. Set run_command and port.`);
};

const isHtml = (name: string): boolean => /\.html?$/i.test(name);
const SAFE_ENTRY = /^[\w./:@-]+$/;

/** What the source is, before wishes for single parts. */
const find = (tree: Tree, wishes: Wishes, entrypoint: string | null, hasOutput: boolean): Found => {
  const run = given(wishes.runCommand);
  if (wishes.kind !== 'static' && run !== null) return { ...named(tree), kind: 'dynamic', reason: 'run_command is set', run };
  const isRunnable = entrypoint !== null && !isHtml(entrypoint);
  if (wishes.kind !== 'static' && isRunnable) return { ...byEntrypoint(tree, entrypoint), build: named(tree).build ?? null };
  if (wishes.kind === 'static' || (hasOutput && wishes.kind !== 'dynamic')) {
    const known = named(tree);
    const reason = hasOutput ? 'output_path is set' : 'kind is static';
    return {
      kind: 'static',
      framework: known.kind === 'static' ? known.framework : 'static',
      reason,
      build: known.build ?? null,
      outputs: known.outputs ?? [],
    };
  }
  const program = procfile(tree);
  if (program !== null) return { ...named(tree), ...program };
  return detectNode(tree) ?? detectPython(tree) ?? plainFiles(tree, wishes);
};

/** What the source is, for the commands that are not given; what it cannot say is no fault then. */
const named = (tree: Tree): Found => {
  const none: Found = { kind: 'static', framework: isPython(tree) ? 'python' : 'command', reason: '' };
  try {
    return detectNode(tree) ?? detectPython(tree) ?? none;
  } catch {
    return none;
  }
};

const plainFiles = (tree: Tree, wishes: Wishes): Found => {
  const isSite = tree.files.some((file) => /^(?:(?:dist|build|out|public)\/)?[^/]+\.html?$/i.test(file));
  if (isSite || wishes.buildCommand) return { kind: 'static', framework: 'static', reason: 'files, and nothing that serves them' };
  throw unplannable(
    'Nothing to publish was found: no server framework, no Procfile, and no index.html in dist, build, out, public or the folder itself. ' +
      'Set run_command and port for a server, or build_command and output_path for a site.',
  );
};

const installOf = (tree: Tree, found: Found): BuildStep | null => {
  if (tree.files.includes('package.json')) {
    const json = readPackageJson(tree);
    if (json !== null && json.allDependencies.size > 0) return packageManagerOf(tree, json).install;
    if (!isPython(tree)) return null;
  }
  return isPython(tree) ? pythonInstall(tree, found.framework) : null;
};

const outputsOf = (wished: string | null, known: readonly string[]): string[] => {
  if (wished !== null) return [wished];
  return known.length === 0 ? [...OUTPUTS] : [...new Set([...known, ...BUILT])];
};

/** The commands: none for a folder that is published as it is. */
const stepsOf = (tree: Tree, found: Found, build: string | null): BuildStep[] => {
  const isAsItIs = found.kind === 'static' && build === null;
  const install = isAsItIs ? null : installOf(tree, found);
  return [...(install === null ? [] : [install]), ...(build === null ? [] : [{ name: 'build' as const, command: build }])];
};

/**
 * How to publish this source. What is asked for wins; `auto` is decided by contract 4.5. An `output_path` without `build_command` is published as it is,
 * and nothing is built: whoever names the folder has made it. @throws 422 that says what to set.
 */
export const detect = (tree: Tree, wishes: Wishes = {}): Plan => {
  const outputPath = given(wishes.outputPath);
  const output = outputPath === null ? null : workspacePath('output_path', outputPath);
  const entrypoint = given(wishes.entrypoint);
  if (entrypoint !== null && (!SAFE_ENTRY.test(entrypoint) || entrypoint.startsWith('-')))
    throw invalid('entrypoint', 'is a file below /workspace, or for Python module:name');
  if (wishes.kind === 'dynamic' && output !== null && given(wishes.runCommand) === null && entrypoint === null)
    throw unplannable('output_path is of static sites. For kind "dynamic", set run_command and port, or leave output_path out.');
  const found = find(tree, wishes, entrypoint, output !== null);
  if (wishes.kind === 'dynamic' && found.kind !== 'dynamic')
    throw unplannable('No server was found in the source. Set run_command and port, or publish with kind "static".');
  const own = wishes.buildCommand == null ? undefined : given(wishes.buildCommand);
  const build = own !== undefined ? own : output !== null && found.kind === 'static' ? null : (found.build ?? null);
  const steps = stepsOf(tree, found, build);
  const isStatic = found.kind === 'static';
  return {
    kind: found.kind,
    framework: found.framework,
    steps,
    outputs: isStatic ? outputsOf(output, found.outputs ?? []) : [],
    entrypoint: isStatic ? (entrypoint ?? ENTRYPOINT) : (entrypoint ?? ''),
    runCommand: isStatic ? null : (found.run ?? null),
    port: isStatic ? null : (wishes.port ?? found.port ?? PORT),
    reason: `${found.kind === 'static' ? 'Static site' : 'Server'}: ${found.reason}`,
  };
};

/**
 * Which folder is published, from the files there are after the build. A framework that puts its site one folder deeper (Angular:
 * `dist/<name>/browser`) is followed there. @throws 422 that names the folders looked at.
 */
export const chooseOutput = (files: readonly string[], { outputs, entrypoint }: Pick<Plan, 'outputs' | 'entrypoint'>): string => {
  const there = new Set(files);
  for (const folder of outputs) {
    if (there.has(folder === '.' ? entrypoint : `${folder}/${entrypoint}`)) return folder;
    const deeper =
      folder === '.' ? undefined : files.find((file) => file.startsWith(`${folder}/`) && file.endsWith(`/browser/${entrypoint}`));
    if (deeper !== undefined) return posix.dirname(deeper);
  }
  const looked = outputs.map((folder) => (folder === '.' ? ROOT : `${ROOT}/${folder}`)).join(', ');
  throw unplannable(
    `There is no ${entrypoint} in ${looked}. Set output_path to the folder that holds the site, or entrypoint to its first page.`,
  );
};
