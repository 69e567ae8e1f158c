import type { Sandbox, SandboxCreate } from '@miosa/sdk';
import { type Context, integer, leaf, pairs } from '../context.ts';
import { ownership, projectId, sandboxId, workspaceId } from '../names.ts';
import type { Register } from '../run.ts';
import { secretOption, secretsOf } from './env.ts';
import { type PolicyOptions, rule, wantedPolicy } from './network.ts';
import { tendingCommands } from './tending.ts';

interface Scope {
  readonly workspace?: string;
  readonly project?: string;
}
interface CreateOptions extends Scope {
  readonly name?: string;
  readonly template?: string;
  readonly isolation?: string;
  readonly size?: 'xs' | 'small' | 'medium' | 'large' | 'xl';
  readonly env?: Record<string, string>;
  readonly secret?: Record<string, readonly string[]>;
  readonly allow?: PolicyOptions['allow'];
  readonly deny?: PolicyOptions['deny'];
  readonly networkPolicy?: string;
  readonly port?: number;
  readonly ttl?: number;
  readonly idle?: number;
  readonly ephemeral?: boolean;
  readonly getOrCreate?: boolean;
  readonly externalWorkspaceId?: string;
  readonly externalUserId?: string;
  readonly externalProjectId?: string;
}

const show = ({ output }: Context<object>, sandbox: Sandbox): undefined => {
  output.fields(sandbox, {
    id: sandbox.id,
    slug: sandbox.slug,
    name: sandbox.name,
    state: sandbox.stateReason ? `${sandbox.state} (${sandbox.stateReason})` : sandbox.state,
    size: `${sandbox.size}, ${sandbox.cpuCount} vCPU, ${sandbox.memoryMb} MiB`,
    workspace: sandbox.workspaceSlug,
    project: sandbox.projectSlug,
    preview: sandbox.previewUrl,
    expires: sandbox.expiresAt,
    isolation: sandbox.isolation,
  });
};

const create = async (context: Context<CreateOptions>): Promise<undefined> => {
  const { miosa, options: o, io } = context;
  const defined = <T extends object>(fields: T): T => JSON.parse(JSON.stringify(fields)) as T;
  const { allow, deny, networkPolicy: file } = o;
  const hasPolicy = [allow, deny, file].some((given) => given !== undefined);
  const rules = { ...(allow === undefined ? {} : { allow }), ...(deny === undefined ? {} : { deny }) };
  const body: SandboxCreate = {
    ...ownership(o.workspace ?? (io.env.MIOSA_WORKSPACE || undefined), o.project),
    ...(defined({
      name: o.name,
      templateId: o.template,
      size: o.size,
      isolation: o.isolation,
      env: o.env,
      secrets: o.secret === undefined ? undefined : secretsOf(io, o.secret),
      networkPolicy: hasPolicy ? await wantedPolicy({ ...rules, ...(file === undefined ? {} : { file }) }) : undefined,
      previewPort: o.port,
      timeoutSec: o.ttl,
      idleTimeoutSec: o.idle,
      persistent: o.ephemeral === true ? false : undefined,
      getOrCreate: o.getOrCreate,
      externalWorkspaceId: o.externalWorkspaceId,
      externalUserId: o.externalUserId,
      externalProjectId: o.externalProjectId,
    }) as SandboxCreate),
  };
  context.output.progress('Creating the sandbox …');
  return show(context, await miosa.sandboxes.create(body));
};

interface ListOptions extends Scope {
  readonly state?: string;
  readonly name?: string;
  readonly tag?: string;
  readonly metadata?: Record<string, string>;
  readonly template?: string;
}

const list = async ({ miosa, output, options, io }: Context<ListOptions>): Promise<undefined> => {
  const workspace = options.workspace ?? (io.env.MIOSA_WORKSPACE || undefined);
  const filters = {
    ...(workspace === undefined ? {} : { workspaceId: await workspaceId(miosa, workspace) }),
    ...(options.project === undefined ? {} : { projectId: await projectId(miosa, options.project) }),
    ...(options.state === undefined ? {} : { state: options.state as Sandbox['state'] }),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.tag === undefined ? {} : { tag: options.tag }),
    ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
    ...(options.template === undefined ? {} : { templateId: options.template }),
    limit: 100,
  };
  const row = (s: Sandbox) => [s.id, s.slug, s.name, s.state, s.workspaceSlug, s.projectSlug, s.previewUrl];
  output.list(
    await miosa.sandboxes.list(filters).all(),
    ['ID', 'SLUG', 'NAME', 'STATE', 'WORKSPACE', 'PROJECT', 'PREVIEW'],
    row,
    'No sandboxes.',
  );
};

export const sandboxCommands: Register = (parent, io, setExitCode) => {
  const workspace = ['--workspace <id or slug>', 'workspace (MIOSA_WORKSPACE)'] as const;
  const project = ['--project <id or slug>', 'project'] as const;
  const creation = parent
    .command('create')
    .description('make a sandbox and wait until it takes commands')
    .option(...workspace)
    .option(...project)
    .option('--name <name>')
    .option('--template <id or slug>')
    .option('--size <size>', 'xs, small, medium, large, xl')
    .option('--isolation <tier>', 'container, gvisor')
    .option('-e, --env <NAME=VALUE>', 'environment variable, repeatable', pairs)
    .option(
      '--secret <NAME=HOST>',
      'the variable NAME of here as a secret that stays outside and is sent to these hosts only',
      secretOption,
    )
    .option(
      '--allow <rule>',
      'host, *.host or CIDR it may reach, then :ports and /tcp or /udp if wanted, and nothing else; repeatable',
      rule('allow'),
    )
    .option('--deny <rule>', 'as --allow: what it may not reach', rule('deny'))
    .option('--network-policy <file>', 'a network policy as JSON, with the names of the API')
    .option('--port <port>', 'preview port', integer('--port', 1, 65_535))
    .option('--ttl <seconds>', 'time it may run without being extended', integer('--ttl', 60, 86_400))
    .option('--idle <seconds>', 'time without activity after which it pauses', integer('--idle', 0, 86_400))
    .option('--ephemeral', 'destroy it instead of pausing it')
    .option('--get-or-create', 'the sandbox of that --name in the project, where there is one')
    .option('--external-workspace-id <id>')
    .option('--external-user-id <id>')
    .option('--external-project-id <id>');
  leaf(creation, io, setExitCode, create);
  const listing = parent
    .command('ls')
    .alias('list')
    .description('list sandboxes')
    .option(...workspace)
    .option(...project)
    .option('--name <name>')
    .option('--tag <tag>')
    .option('--metadata <key=value>', 'has this in its metadata, repeatable', pairs)
    .option('--template <id or slug>')
    .option('--state <state>', 'e.g. running, paused, destroyed');
  leaf(listing, io, setExitCode, list);
  leaf(parent.command('get <sandbox>').description('show a sandbox'), io, setExitCode, async (context: Context<object>, given) =>
    show(context, await context.miosa.sandboxes.get(await sandboxId(context.miosa, given ?? ''))),
  );
  leaf(
    parent.command('rm <sandbox>').aliases(['destroy', 'delete']).description('destroy a sandbox and its files'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, given) => {
      const deleted = await miosa.sandboxes.destroy(await sandboxId(miosa, given ?? ''));
      output.result(deleted, deleted.id, `Destroyed ${deleted.id}.`);
    },
  );
  tendingCommands(parent, io, setExitCode);
  for (const verb of ['pause', 'resume'] as const)
    leaf(
      parent.command(`${verb} <sandbox>`).description(`${verb} a sandbox; its files stay`),
      io,
      setExitCode,
      async ({ miosa, output }: Context<object>, given) => {
        const sandbox = await miosa.sandboxes[verb](await sandboxId(miosa, given ?? ''));
        output.result(sandbox, sandbox.id, `${sandbox.id} is ${sandbox.state}.`);
      },
    );
};
