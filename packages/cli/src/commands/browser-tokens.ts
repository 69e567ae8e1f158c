import { type Context, integer, leaf, words } from '../context.ts';
import { UserError } from '../failure.ts';
import { projectId, sandboxId, workspaceId } from '../names.ts';
import type { Register } from '../run.ts';

interface CreateOptions {
  readonly sandbox?: string;
  readonly project?: string;
  readonly workspace?: string;
  readonly externalUser?: string;
  readonly permissions: string[];
  readonly expires?: number;
}

const create = async ({ miosa, output, options }: Context<CreateOptions>): Promise<undefined> => {
  const { sandbox, project, workspace, externalUser, permissions, expires } = options;
  if (sandbox === undefined && project === undefined && workspace === undefined)
    throw new UserError('A token for what? Add --sandbox, --project or --workspace; the narrowest is its boundary.');
  const token = await miosa.browserTokens.create({
    permissions,
    ...(sandbox === undefined ? {} : { sandboxId: await sandboxId(miosa, sandbox) }),
    ...(project === undefined ? {} : { projectId: await projectId(miosa, project) }),
    ...(workspace === undefined ? {} : { workspaceId: await workspaceId(miosa, workspace) }),
    ...(externalUser === undefined ? {} : { externalUserId: externalUser }),
    ...(expires === undefined ? {} : { ttlSeconds: expires }),
  });
  output.result(token, token.token, token.token);
  output.progress(
    `Good for ${token.permissions.join(', ')} until ${token.expiresAt}. It cannot be revoked by itself, only with the key that made it.`,
  );
};

export const browserTokenCommands: Register = (parent, io, setExitCode) => {
  const command = parent
    .command('create')
    .description('mint a short-lived token for a browser')
    .option('--sandbox <id or slug>', 'for one sandbox: recommended')
    .option('--project <id or slug>')
    .option('--workspace <id or slug>')
    .option('--external-user <id>', 'whose actions they are, in your own ids')
    .requiredOption('--permissions <list>', 'e.g. sandbox:read,sandbox:exec,sandbox:files,preview:read', words)
    .option('--expires <seconds>', 'default 3600', integer('--expires', 60, 86_400));
  leaf(command, io, setExitCode, create);
};
