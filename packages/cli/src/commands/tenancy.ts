import type { Project, Workspace } from '@miosa/sdk';
import { type Context, leaf } from '../context.ts';
import { UserError } from '../failure.ts';
import { ownership, projectId, workspaceId } from '../names.ts';
import type { Register } from '../run.ts';

interface CreateOptions {
  readonly slug?: string;
  readonly description?: string;
  readonly externalId?: string;
  readonly workspace?: string;
}

const text = (options: CreateOptions): { slug?: string; description?: string } => ({
  ...(options.slug === undefined ? {} : { slug: options.slug }),
  ...(options.description === undefined ? {} : { description: options.description }),
});

const showWorkspace = ({ output }: Context<object>, workspace: Workspace): undefined => {
  output.fields(workspace, {
    id: workspace.id,
    name: workspace.name,
    slug: workspace.slug,
    'external id': workspace.externalWorkspaceId,
    created: workspace.createdAt,
  });
};

const showProject = ({ output }: Context<object>, project: Project): undefined => {
  output.fields(project, {
    id: project.id,
    name: project.name,
    slug: project.slug,
    workspace: project.workspaceSlug,
    'external id': project.externalProjectId,
    created: project.createdAt,
  });
};

export const workspaceCommands: Register = (parent, io, setExitCode) => {
  leaf(parent.command('ls').alias('list').description('list workspaces'), io, setExitCode, async ({ miosa, output }: Context<object>) => {
    const row = (w: Workspace) => [w.id, w.slug, w.name, w.externalWorkspaceId, w.createdAt];
    output.list(await miosa.workspaces.list({ limit: 100 }).all(), ['ID', 'SLUG', 'NAME', 'EXTERNAL ID', 'CREATED'], row, 'No workspaces.');
  });
  const create = parent
    .command('create <name>')
    .description('make a workspace for a customer')
    .option('--slug <slug>', 'default: from the name')
    .option('--description <text>')
    .option('--external-id <id>', 'your own id of that customer');
  leaf<CreateOptions>(create, io, setExitCode, async (context, name) => {
    const { externalId } = context.options;
    const body = { name: name ?? '', ...text(context.options), ...(externalId === undefined ? {} : { externalWorkspaceId: externalId }) };
    return showWorkspace(context, await context.miosa.workspaces.create(body));
  });
  leaf(
    parent.command('get <workspace>').description('show a workspace, by id or slug'),
    io,
    setExitCode,
    async (context: Context<object>, given) =>
      showWorkspace(context, await context.miosa.workspaces.get(await workspaceId(context.miosa, given ?? ''))),
  );
  const remove = parent
    .command('rm <workspace>')
    .alias('delete')
    .description('delete a workspace, by id or slug')
    .option('--force', 'with everything inside');
  leaf<{ force?: boolean }>(remove, io, setExitCode, async ({ miosa, output, options }, given) => {
    const deleted = await miosa.workspaces.delete(await workspaceId(miosa, given ?? ''), { force: options.force === true });
    output.result(deleted, deleted.id, `Deleted ${deleted.id}.`);
  });
};

export const projectCommands: Register = (parent, io, setExitCode) => {
  const inWorkspace = '--workspace <id or slug>';
  const list = parent
    .command('ls')
    .alias('list')
    .description('list projects')
    .option(inWorkspace, 'only of this workspace (MIOSA_WORKSPACE)');
  leaf<CreateOptions>(list, io, setExitCode, async ({ miosa, output, options }) => {
    const workspace = options.workspace ?? io.env.MIOSA_WORKSPACE;
    const filter = workspace ? { workspaceId: await workspaceId(miosa, workspace) } : {};
    const row = (p: Project) => [p.id, p.slug, p.name, p.workspaceSlug, p.externalProjectId, p.createdAt];
    output.list(
      await miosa.projects.list({ ...filter, limit: 100 }).all(),
      ['ID', 'SLUG', 'NAME', 'WORKSPACE', 'EXTERNAL ID', 'CREATED'],
      row,
      'No projects.',
    );
  });
  const create = parent
    .command('create <name>')
    .description('make a project in a workspace')
    .option(inWorkspace, 'its workspace (MIOSA_WORKSPACE)')
    .option('--slug <slug>', 'default: from the name')
    .option('--description <text>')
    .option('--external-id <id>', 'your own id of it');
  leaf<CreateOptions>(create, io, setExitCode, async (context, name) => {
    const { externalId, workspace = io.env.MIOSA_WORKSPACE } = context.options;
    if (!workspace) throw new UserError('Which workspace? Add --workspace <id or slug>, or set MIOSA_WORKSPACE.');
    const body = {
      name: name ?? '',
      ...text(context.options),
      ...ownership(workspace, undefined),
      ...(externalId === undefined ? {} : { externalProjectId: externalId }),
    };
    return showProject(context, await context.miosa.projects.create(body));
  });
  leaf(
    parent.command('get <project>').description('show a project, by id or slug'),
    io,
    setExitCode,
    async (context: Context<object>, given) =>
      showProject(context, await context.miosa.projects.get(await projectId(context.miosa, given ?? ''))),
  );
  const remove = parent
    .command('rm <project>')
    .alias('delete')
    .description('delete a project, by id or slug')
    .option('--force', 'with everything inside');
  leaf<{ force?: boolean }>(remove, io, setExitCode, async ({ miosa, output, options }, given) => {
    const deleted = await miosa.projects.delete(await projectId(miosa, given ?? ''), { force: options.force === true });
    output.result(deleted, deleted.id, `Deleted ${deleted.id}.`);
  });
};
