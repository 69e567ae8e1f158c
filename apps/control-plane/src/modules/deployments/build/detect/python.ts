import { textOf } from './node.ts';
import { type BuildStep, type Found, type Tree, unplannable } from './plan.ts';

const PORT = 8000;
export const VENV = '.venv';

const STEMS = ['app', 'main', 'server', 'wsgi', 'asgi', 'application', 'api', 'run', 'index'];
const FOLDERS = ['', 'src/', 'app/', 'api/', 'backend/'];
const ENTRIES = [...FOLDERS.flatMap((folder) => STEMS.map((stem) => `${folder}${stem}.py`)), 'app/__init__.py', 'api/__init__.py'];
const REQUIREMENTS = ['requirements.txt', 'pyproject.toml', 'Pipfile', 'setup.py'];

export const pythonTexts = (): string[] => [...REQUIREMENTS, ...ENTRIES];

/** Which packages are asked for, by name only: enough to know the framework and the server. */
const requires = (tree: Tree, name: string): boolean => {
  const texts = REQUIREMENTS.map((file) => tree.texts[file] ?? '').join('\n');
  return new RegExp(`(^|["'\\s,\\[])${name}(\\[[\\w,\\s-]*\\])?\\s*($|[=<>~!;"'\\s,#@])`, 'im').test(texts.replace(/^[ \t]*#.*$/gm, ''));
};

export const isPython = ({ files }: Tree): boolean =>
  files.some((file) => REQUIREMENTS.includes(file) || file === 'manage.py' || /^[^/]+\.py$/.test(file) || ENTRIES.includes(file));

const WSGI = /^(\w+)[ \t]*(?::[ \t]*[\w.]+[ \t]*)?=[ \t]*(?:[\w.]+\.)?(Flask|Bottle|App|default_app|get_wsgi_application)\s*\(/m;
const ASGI =
  /^(\w+)[ \t]*(?::[ \t]*[\w.]+[ \t]*)?=[ \t]*(?:[\w.]+\.)?(FastAPI|Starlette|Quart|Litestar|Sanic|get_asgi_application|FastHTML|fast_app)\s*\(/m;
const FACTORY = /^def\s+(create_app|make_app)\s*\(/m;

/** `app/main.py` → `app.main`; `app/__init__.py` → `app`. */
const moduleOf = (file: string): string =>
  file
    .replace(/\.py$/, '')
    .replace(/\/__init__$/, '')
    .replaceAll('/', '.');

interface Application {
  readonly module: string;
  readonly callable: string;
  readonly isFactory: boolean;
  readonly isAsgi: boolean;
}

const applicationIn = (file: string, text: string): Application | null => {
  const asgi = ASGI.exec(text);
  const wsgi = asgi === null ? WSGI.exec(text) : null;
  const callable = (asgi ?? wsgi)?.[1];
  if (callable !== undefined) return { module: moduleOf(file), callable, isFactory: false, isAsgi: asgi !== null };
  const factory = FACTORY.exec(text)?.[1];
  if (factory === undefined) return null;
  return { module: moduleOf(file), callable: factory, isFactory: true, isAsgi: /\b(fastapi|starlette|quart|litestar)\b/i.test(text) };
};

const applicationOf = (tree: Tree): Application | null => {
  for (const file of ENTRIES) {
    const application = applicationIn(file, tree.texts[file] ?? '');
    if (application !== null) return application;
  }
  return null;
};

/**
 * A server that the project asks for is taken; without one, gunicorn for WSGI and uvicorn for ASGI are installed beside what it asks for, since
 * the servers that frameworks bring are for development.
 */
const FALLBACK = { wsgi: 'gunicorn', asgi: 'uvicorn[standard]' } as const;

const wsgiCommand = (tree: Tree, target: string, isFactory: boolean): string => {
  if (!requires(tree, 'gunicorn') && requires(tree, 'waitress'))
    return `waitress-serve --listen="0.0.0.0:$PORT" ${isFactory ? '--call ' : ''}${target}`;
  return `gunicorn --bind "0.0.0.0:$PORT" ${isFactory ? `'${target}()'` : target}`;
};

const asgiCommand = (tree: Tree, target: string, isFactory: boolean): string => {
  const isAlone = requires(tree, 'hypercorn') && !requires(tree, 'uvicorn');
  if (isAlone) return `hypercorn --bind "0.0.0.0:$PORT" ${isFactory ? `'${target}()'` : target}`;
  return `uvicorn --host 0.0.0.0 --port "$PORT" ${isFactory ? '--factory ' : ''}${target}`;
};

const serve = (tree: Tree, { module, callable, isFactory, isAsgi }: Application, reason: string): Found => {
  const target = `${module}:${callable}`;
  return {
    kind: 'dynamic',
    framework: isAsgi ? 'python-asgi' : 'python-wsgi',
    reason,
    run: (isAsgi ? asgiCommand : wsgiCommand)(tree, target, isFactory),
    port: PORT,
  };
};

const django = (tree: Tree): Found | null => {
  if (!tree.files.includes('manage.py')) return null;
  const of = (name: string): string | undefined => tree.files.find((file) => file.split('/').length === 2 && file.endsWith(`/${name}.py`));
  const asgi =
    requires(tree, 'uvicorn') || requires(tree, 'hypercorn') || requires(tree, 'daphne') || requires(tree, 'channels')
      ? of('asgi')
      : undefined;
  const file = asgi ?? of('wsgi') ?? of('asgi');
  if (file === undefined) throw unplannable('manage.py is there, but no wsgi.py or asgi.py beside the settings. Set run_command and port.');
  const isAsgi = file.endsWith('/asgi.py');
  return serve(tree, { module: moduleOf(file), callable: 'application', isFactory: false, isAsgi }, `Django (${file})`);
};

const script = (tree: Tree): Found | null => {
  const entry = textOf(tree, ENTRIES);
  if (requires(tree, 'streamlit') && entry !== null)
    return {
      kind: 'dynamic',
      framework: 'python',
      reason: 'streamlit in the requirements',
      run: `streamlit run ${entry.file} --server.port "$PORT" --server.address 0.0.0.0 --server.headless true`,
      port: PORT,
    };
  const file = ENTRIES.find((name) =>
    /\b(serve_forever|run_app|uvicorn\.run|\.run\(|\.launch\(|websockets\.serve|start_server)\b/.test(tree.texts[name] ?? ''),
  );
  if (file === undefined) return null;
  return { kind: 'dynamic', framework: 'python', reason: `${file} is a server`, run: `python ${file}`, port: PORT };
};

/** Null: nothing that serves was found. */
export const detectPython = (tree: Tree): Found | null => {
  if (!isPython(tree)) return null;
  const known = django(tree);
  if (known !== null) return known;
  const application = applicationOf(tree);
  if (application !== null && !requires(tree, 'streamlit'))
    return serve(tree, application, `${application.isAsgi ? 'ASGI' : 'WSGI'} application ${application.module}:${application.callable}`);
  return script(tree);
};

/** The application that an `entrypoint` such as `app.py` or `pkg.mod:app` names. */
export const pythonEntry = (tree: Tree, entrypoint: string): Found => {
  const reason = `entrypoint ${entrypoint}`;
  const [module = '', callable = ''] = entrypoint.split(':');
  if (callable !== '') return serve(tree, { module, callable, isFactory: false, isAsgi: isAsgiProject(tree) }, reason);
  const application = applicationIn(entrypoint, tree.texts[entrypoint] ?? '');
  if (application !== null) return serve(tree, application, reason);
  return { kind: 'dynamic', framework: 'python', reason, run: `python ${entrypoint}`, port: PORT };
};

const isAsgiProject = (tree: Tree): boolean =>
  ['uvicorn', 'hypercorn', 'fastapi', 'starlette', 'quart', 'litestar', 'sanic'].some((name) => requires(tree, name));

/** Names of `[project] dependencies`; pip cannot install those of a project that is no package. */
const PROJECT_DEPENDENCIES = `python3 -c 'import tomllib; print("\\n".join(tomllib.load(open("pyproject.toml", "rb")).get("project", {}).get("dependencies", [])))' > ${VENV}/requirements.txt`;

const pipFrom = (tree: Tree): string | null => {
  const pip = `${VENV}/bin/pip install --disable-pip-version-check`;
  if (tree.files.includes('requirements.txt')) return `${pip} -r requirements.txt`;
  const pyproject = tree.texts['pyproject.toml'] ?? '';
  if (/^\[tool\.poetry\.dependencies\]/m.test(pyproject))
    return `${pip} poetry && ${VENV}/bin/poetry config virtualenvs.create false --local && VIRTUAL_ENV="$PWD/${VENV}" ${VENV}/bin/poetry install --only main --no-root`;
  if (pyproject !== '') return `${PROJECT_DEPENDENCIES} && ${pip} -r ${VENV}/requirements.txt`;
  if (tree.files.includes('Pipfile'))
    return `${pip} pipenv && VIRTUAL_ENV="$PWD/${VENV}" PIPENV_VERBOSITY=-1 ${VENV}/bin/pipenv install --deploy --ignore-pipfile`;
  if (tree.files.includes('setup.py')) return `${pip} .`;
  return null;
};

const serverMissing = (tree: Tree, framework: string): string | null => {
  const has = (...names: string[]): boolean => names.some((name) => requires(tree, name));
  if (framework === 'python-wsgi') return has('gunicorn', 'waitress') ? null : FALLBACK.wsgi;
  if (framework === 'python-asgi') return has('uvicorn', 'hypercorn') ? null : FALLBACK.asgi;
  return null;
};

/** Into a virtual environment of the project's own: the distribution's Python takes no packages (PEP 668). */
export const pythonInstall = (tree: Tree, framework: string): BuildStep | null => {
  const extra = serverMissing(tree, framework);
  const pip = pipFrom(tree);
  if (pip === null && extra === null) return null;
  const parts = [
    `[ -x ${VENV}/bin/python ] || python3 -m venv ${VENV}`,
    ...(pip === null ? [] : [pip]),
    ...(extra === null ? [] : [`${VENV}/bin/pip install --disable-pip-version-check '${extra}'`]),
  ];
  // `pip` has no mark of its own, so this leaves one.
  const marker = `${VENV}/.installed`;
  const sources = [...REQUIREMENTS, 'poetry.lock', 'Pipfile.lock'].filter((file) => tree.files.includes(file));
  return { name: 'install', command: `{ ${parts.join('; } && { ')}; } && touch ${marker}`, unless: { marker, sources } };
};
