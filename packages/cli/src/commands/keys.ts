import type { ApiKey, NewApiKey } from '@miosa/sdk';
import { type Context, integer, leaf } from '../context.ts';
import { workspaceId } from '../names.ts';
import type { Register } from '../run.ts';

interface CreateOptions {
  readonly type: 'user' | 'live' | 'test' | 'admin' | 'platform';
  readonly scope?: string[];
  readonly workspace?: string;
  readonly allowIp?: string[];
  readonly expires?: string;
}

const showNew = ({ output }: Context<object>, key: NewApiKey): undefined => {
  output.result(key, key.key ?? key.id, `${key.key}\n`);
  output.progress(`Key ${key.id} (${key.keyType}). It is shown this once: keep it now.`);
};

const create = async (context: Context<CreateOptions>, name: string): Promise<undefined> => {
  const { miosa, options } = context;
  const key = await miosa.apiKeys.create({
    name,
    keyType: options.type,
    ...(options.scope === undefined ? {} : { scopes: options.scope }),
    ...(options.workspace === undefined ? {} : { workspaceId: await workspaceId(miosa, options.workspace) }),
    ...(options.allowIp === undefined ? {} : { allowedIps: options.allowIp }),
    ...(options.expires === undefined ? {} : { expiresAt: options.expires }),
  });
  return showNew(context, key);
};

const list = async ({ miosa, output }: Context<object>): Promise<undefined> => {
  const row = (key: ApiKey) => [key.id, key.name, `${key.keyPrefix}…`, key.keyType, key.status, key.lastUsedAt];
  output.list(await miosa.apiKeys.list({ limit: 100 }).all(), ['ID', 'NAME', 'KEY', 'TYPE', 'STATUS', 'LAST USED'], row, 'No keys.');
};

export const keyCommands: Register = (parent, io, setExitCode) => {
  const command = parent
    .command('create <name>')
    .description('make a key; it is printed once')
    .option('--type <type>', 'user, live, test (operators: admin, platform)', 'user')
    .option('--scope <scope...>', 'e.g. sandboxes:write; default: everything the type may do')
    .option('--workspace <id or slug>', 'bind the key to one workspace')
    .option('--allow-ip <cidr...>', 'accept it from these addresses only')
    .option('--expires <time>', 'ISO 8601, e.g. 2027-01-01T00:00:00Z');
  leaf(command, io, setExitCode, create);
  leaf(parent.command('ls').alias('list').description('list keys'), io, setExitCode, list);
  leaf(
    parent.command('revoke <id>').alias('rm').description('end a key for good'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, id) => {
      const key = await miosa.apiKeys.revoke(id ?? '');
      output.result(key, key.id, `Revoked ${key.id}.`);
    },
  );
  const rotate = parent
    .command('rotate <id>')
    .description('make a successor with the same rights')
    .option('--grace <seconds>', 'how long the old key still works', integer('--grace', 0, 604_800), 0);
  leaf<{ grace: number }>(rotate, io, setExitCode, async (context, id) =>
    showNew(context, await context.miosa.apiKeys.rotate(id ?? '', { graceSeconds: context.options.grace })),
  );
};
