import { stat } from 'node:fs/promises';
import type { Deployment, Miosa, PublishResult, UploadProgress } from '@miosa/sdk';
import { folderFiles } from '@miosa/sdk/node';
import { type Context, integer, leaf } from '../context.ts';
import { UserError } from '../failure.ts';
import { deploymentId, ownership, sandboxId } from '../names.ts';
import { printable } from '../output.ts';
import type { Register } from '../run.ts';

interface Place {
  readonly workspace?: string;
  readonly project?: string;
}

interface PublishOptions extends Place {
  readonly name?: string;
  readonly to?: string;
  readonly output?: string;
  readonly build?: string;
  readonly run?: string;
  readonly port?: number;
  readonly staged?: boolean;
}

/** Of fewer files it is over before one could read it. They are sent together, so that these are a few lines. */
const SHOWN_FROM = 101;

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const settings = ({ output, build, run, port, staged }: PublishOptions) => ({
  ...(output === undefined ? {} : { outputPath: output }),
  ...(build === undefined ? {} : { buildCommand: build }),
  ...(run === undefined ? {} : { runCommand: run }),
  ...(port === undefined ? {} : { port }),
  ...(staged === true ? { promote: false } : {}),
});

/** Lines of the build on stderr as they come, until it is over; then how it ended. */
const followed = async ({ miosa, io, output }: Context<object>, started: PublishResult): Promise<PublishResult> => {
  const { deployment, version, build } = started;
  if (build === null) return started;
  for await (const { line } of miosa.deployments.builds.logs.stream(deployment.id, build.id))
    if (!output.quiet) io.err(`${printable(line)}\n`);
  const ended = await miosa.deployments.builds.get(deployment.id, build.id);
  if (ended.state !== 'ready') throw new UserError(ended.error ?? `The build is ${ended.state}.`);
  const now = await miosa.deployments.get(deployment.id);
  return {
    ...started,
    deployment: now,
    build: ended,
    version: await miosa.deployments.versions.get(deployment.id, version.id),
    promoted: now.activeVersionId === version.id,
  };
};

/** The deployment of that name or slug, else a new one. */
const deploymentFor = async (miosa: Miosa, { to, name, workspace, project }: PublishOptions): Promise<Deployment> => {
  if (to !== undefined) return miosa.deployments.get(await deploymentId(miosa, to));
  if (name === undefined) throw new UserError('Say --name for a deployment of that name, or --to for one that exists.');
  const owner = ownership(workspace, project);
  const [found] = (await miosa.deployments.list({ name, limit: 1 }).page()).items;
  return found ?? miosa.deployments.create({ name, sourceType: 'upload', ...owner });
};

const deploy = async (context: Context<PublishOptions>, what: string): Promise<undefined> => {
  const { miosa, io, output, options } = context;
  const body = { ...settings(options), wait: false };
  let started: PublishResult;
  if (await isFolder(what)) {
    const deployment = await deploymentFor(miosa, options);
    const onProgress = ({ contents, totalContents }: UploadProgress): void => {
      if (!output.quiet && totalContents >= SHOWN_FROM) io.err(`Sent ${contents} of ${totalContents} files.\n`);
    };
    started = await miosa.deployments.versions.upload(deployment.id, await folderFiles(what), body, { onProgress });
  } else {
    const id = await sandboxId(miosa, what);
    const target = options.to === undefined ? { name: options.name } : { deploymentId: await deploymentId(miosa, options.to) };
    if (options.to === undefined && options.name === undefined) throw new UserError('Say --name for a deployment of that name, or --to.');
    started = await miosa.sandboxes.deploy(id, { ...body, ...(target as { name: string }) });
  }
  const done = await followed(context, started);
  const { deployment, version, promoted } = done;
  const url = promoted ? deployment.publicUrl : version.url;
  output.result(done, url, `Version ${version.versionNumber} is ${promoted ? 'live' : 'staged'}: ${url}`);
};

const COLUMNS = ['ID', 'NAME', 'STATE', 'URL', 'DEPLOYED'] as const;
const row = (d: Deployment) => [d.id, d.name, d.state, d.publicUrl, d.deployedAt];

const verbs: Register = (parent, io, setExitCode) => {
  const listing = parent.command('ls').description('list deployments').option('--workspace <workspace>').option('--project <project>');
  leaf(listing, io, setExitCode, async ({ miosa, output, options }: Context<Place>) => {
    const filters = Object.fromEntries(
      Object.entries(ownership(options.workspace, options.project)).filter(([name]) => name.endsWith('Id')),
    );
    output.list(await miosa.deployments.list({ ...filters, limit: 100 }).all(), [...COLUMNS], row, 'No deployments.');
  });
  leaf(parent.command('get <deployment>').description('show one'), io, setExitCode, async ({ miosa, output }: Context<object>, given) => {
    const found = await miosa.deployments.get(await deploymentId(miosa, given ?? ''));
    output.result(found, found.id, `${found.name} (${found.id}) is ${found.state}: ${found.publicUrl}`);
  });
  for (const verb of ['start', 'stop', 'restart'] as const) {
    leaf(
      parent.command(`${verb} <deployment>`).description(`${verb} it`),
      io,
      setExitCode,
      async ({ miosa, output }: Context<object>, given) => {
        const changed = await miosa.deployments[verb](await deploymentId(miosa, given ?? ''));
        output.result(changed, changed.id, `${changed.name} is ${changed.state}.`);
      },
    );
  }
  leaf(
    parent.command('redeploy <deployment>').description('build its source again and publish it'),
    io,
    setExitCode,
    async (context: Context<object>, given) => {
      const { miosa, output } = context;
      const done = await followed(context, await miosa.deployments.redeploy(await deploymentId(miosa, given ?? ''), { wait: false }));
      output.result(done, done.deployment.publicUrl, `Version ${done.version.versionNumber} is live: ${done.deployment.publicUrl}`);
    },
  );
  leaf(
    parent.command('rm <deployment>').description('delete it: its addresses lead nowhere at once'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, given) => {
      const deleted = await miosa.deployments.delete(await deploymentId(miosa, given ?? ''));
      output.result(deleted, deleted.id, `Deleted ${deleted.id}.`);
    },
  );
};

interface LogOptions {
  readonly follow?: boolean;
  readonly lines?: number;
}

const insights: Register = (parent, io, setExitCode) => {
  const logging = parent
    .command('logs <deployment>')
    .description('what its instances write')
    .option('-f, --follow', 'and go on as it comes')
    .option('--lines <number>', 'default 200', integer('--lines', 1, 10_000));
  leaf(logging, io, setExitCode, async ({ miosa, io: out, options }: Context<LogOptions>, given) => {
    const id = await deploymentId(miosa, given ?? '');
    const query = options.lines === undefined ? {} : { lines: options.lines };
    if (options.follow === true) for await (const { line } of miosa.deployments.logs.stream(id, query)) out.out(`${printable(line)}\n`);
    else {
      const lines = await miosa.deployments.logs(id, query).all();
      for (const { line } of lines) out.out(`${printable(line)}\n`);
    }
  });
  leaf(
    parent.command('instances <deployment>').description('list its instances'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, given) => {
      const all = await miosa.deployments.runtimeInstances.list(await deploymentId(miosa, given ?? ''), { limit: 100 }).all();
      output.list(
        all,
        ['ID', 'STATE', 'PORT', 'RESTARTS', 'STARTED', 'REASON'],
        (i) => [i.id, i.state, i.port, i.restarts, i.startedAt, i.stateReason],
        'No instances.',
      );
    },
  );
};

interface EnvOptions {
  readonly plain?: boolean;
  readonly unset?: readonly string[];
}

const collected = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** `KEY=value` */
const variable = (text: string): { key: string; value: string } => {
  const at = text.indexOf('=');
  if (at < 1) throw new UserError(`"${text}" is not KEY=value.`);
  return { key: text.slice(0, at), value: text.slice(at + 1) };
};

const environment: Register = (parent, io, setExitCode) => {
  const setting = parent
    .command('env <deployment> [variables...]')
    .description('list its environment, or set KEY=value, for the next version or restart')
    .option('--plain', 'values that may be shown again')
    .option('--unset <key>', 'remove one, repeatable', collected);
  leaf(setting, io, setExitCode, async ({ miosa, output, options }: Context<EnvOptions>, given, ...texts) => {
    const id = await deploymentId(miosa, given ?? '');
    const changes = texts
      .flat()
      .filter((text): text is string => typeof text === 'string')
      .map(variable);
    for (const key of options.unset ?? []) await miosa.deployments.env.delete(id, key);
    const vars = changes.map((entry) => ({ ...entry, encrypted: options.plain !== true }));
    if (vars.length > 0) await miosa.deployments.env.set(id, { vars });
    const all = await miosa.deployments.env.list(id).all();
    output.listBy(
      ({ key }) => key,
      all,
      ['KEY', 'VALUE', 'CHANGED'],
      (v) => [v.key, v.value ?? '(encrypted)', v.updatedAt],
      'No variables.',
    );
  });
};

/** The short words: `deploy`, `versions`, `rollback`, `promote`. */
export const publishCommands: Register = (parent, io, setExitCode) => {
  const publishing = parent
    .command('deploy <folder-or-sandbox>')
    .description('publish a folder of this machine, or a sandbox')
    .option('--name <name>', 'deployment of that name; made when there is none')
    .option('--to <deployment>', 'a deployment that exists, by id or slug')
    .option('--output <path>', 'folder with the finished site')
    .option('--build <command>')
    .option('--run <command>', 'of a server')
    .option('--port <port>', 'that the server listens on', integer('--port', 1, 65_535))
    .option('--staged', 'do not make it live')
    .option('--workspace <workspace>')
    .option('--project <project>');
  leaf(publishing, io, setExitCode, (context: Context<PublishOptions>, given) => deploy(context, given ?? ''));
  leaf(
    parent.command('versions <deployment>').description('list the versions of a deployment'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, given) => {
      const found = await miosa.deployments.get(await deploymentId(miosa, given ?? ''));
      const all = await found.versions.list({ limit: 100 }).all();
      output.list(
        all,
        ['VERSION', 'ID', 'KIND', 'STATE', 'CREATED', 'URL'],
        (v) => [`${v.versionNumber}${v.id === found.activeVersionId ? ' (live)' : ''}`, v.id, v.kind, v.state, v.createdAt, v.url],
        'No versions.',
      );
    },
  );
  const back = parent.command('rollback <deployment> [version]').description('to the version before, or to one by number or id');
  leaf(back, io, setExitCode, async ({ miosa, output }: Context<object>, given, wanted) => {
    const id = await deploymentId(miosa, given ?? '');
    const versionId = wanted === undefined ? undefined : await versionOf(miosa, id, wanted);
    const changed = await miosa.deployments.rollback(id, versionId === undefined ? {} : { versionId });
    output.result(changed, changed.activeVersionId ?? '', `${changed.name} shows ${changed.activeVersionId}: ${changed.publicUrl}`);
  });
  const promoting = parent.command('promote <deployment> <version>').description('make a version live, by number or id');
  leaf(promoting, io, setExitCode, async ({ miosa, output }: Context<object>, given, wanted) => {
    const id = await deploymentId(miosa, given ?? '');
    const changed = await miosa.deployments.versions.promote(id, await versionOf(miosa, id, wanted ?? ''));
    output.result(changed, changed.activeVersionId ?? '', `${changed.name} shows ${changed.activeVersionId}: ${changed.publicUrl}`);
  });
};

const versionOf = async (miosa: Miosa, id: string, text: string): Promise<string> => {
  if (!/^v?[0-9]+$/.test(text)) return text;
  const number = Number(text.replace('v', ''));
  for await (const version of miosa.deployments.versions.list(id, { limit: 100 })) if (version.versionNumber === number) return version.id;
  throw new UserError(`There is no version ${number}. See "miosa versions".`);
};

export const deploymentCommands: Register = (parent, io, setExitCode) => {
  verbs(parent, io, setExitCode);
  insights(parent, io, setExitCode);
  environment(parent, io, setExitCode);
};
