import type { ApiKey, NewApiKey } from '@miosa/sdk';
import type { Command } from 'commander';
import { type Context, integer, leaf, time, words } from '../context.ts';
import { UserError } from '../failure.ts';
import { workspaceId } from '../names.ts';
import type { Register } from '../run.ts';

interface ChangeOptions {
  readonly scopes?: string[];
  readonly allowedIps?: string[];
  readonly rateLimit?: number;
}

interface CreateOptions extends ChangeOptions {
  readonly type: 'user' | 'live' | 'test' | 'admin' | 'platform';
  readonly purpose?: 'api' | 'optimal';
  readonly workspace?: string;
  readonly expires?: string;
}

/** A week, as the API allows. */
const MAX_GRACE_SECONDS = 604_800;

const showNew = ({ output }: Context<object>, key: NewApiKey): undefined => {
  output.result(key, key.key ?? key.id, `${key.key}\n`);
  output.progress(`Key ${key.id} (${key.keyType}). It is shown this once: keep it now.`);
};

const show = ({ output }: Context<object>, key: ApiKey): undefined => {
  output.fields(key, {
    id: key.id,
    name: key.name,
    key: `${key.keyPrefix}…`,
    type: key.keyType,
    purpose: key.keyPurpose,
    status: key.status,
    scopes: key.scopes.join(' '),
    workspace: key.workspaceId ?? 'all',
    'allowed from': key.allowedIps.join(' ') || 'anywhere',
    'calls a minute': key.rateLimitRpm,
    expires: key.expiresAt ?? 'never',
    'last used': key.lastUsedAt,
    'rotated to': key.rotatedTo,
    created: key.createdAt,
  });
};

const limits = ({ scopes, allowedIps, rateLimit }: ChangeOptions) => ({
  ...(scopes === undefined ? {} : { scopes }),
  ...(allowedIps === undefined ? {} : { allowedIps }),
  ...(rateLimit === undefined ? {} : { rateLimitRpm: rateLimit }),
});

const create = async (context: Context<CreateOptions>, name: string): Promise<undefined> => {
  const { miosa, options } = context;
  const key = await miosa.apiKeys.create({
    name,
    keyType: options.type,
    ...(options.purpose === undefined ? {} : { purpose: options.purpose }),
    ...limits(options),
    ...(options.workspace === undefined ? {} : { workspaceId: await workspaceId(miosa, options.workspace) }),
    ...(options.expires === undefined ? {} : { expiresAt: options.expires }),
  });
  return showNew(context, key);
};

const update = async (context: Context<ChangeOptions & { name?: string }>, id: string): Promise<undefined> => {
  const { name } = context.options;
  const change = { ...(name === undefined ? {} : { name }), ...limits(context.options) };
  if (Object.keys(change).length === 0) throw new UserError('Change what? Add --name, --scopes, --allowed-ips or --rate-limit.');
  return show(context, await context.miosa.apiKeys.update(id, change));
};

const list = async ({ miosa, output }: Context<object>): Promise<undefined> => {
  const row = (key: ApiKey) => [key.id, key.name, `${key.keyPrefix}…`, key.keyType, key.status, key.lastUsedAt];
  output.list(await miosa.apiKeys.list({ limit: 100 }).all(), ['ID', 'NAME', 'KEY', 'TYPE', 'STATUS', 'LAST USED'], row, 'No keys.');
};

const withLimits = (command: Command): Command =>
  command
    .option('--scopes <list>', 'e.g. sandboxes:write,domains:read; a new key has by default all that its type may do', words)
    .option('--allowed-ips <list>', 'addresses or networks it is accepted from, e.g. 203.0.113.0/24,2001:db8::/32', words)
    .option('--rate-limit <calls>', 'calls a minute, at most what the plan gives', integer('--rate-limit', 1, 1_000_000));

export const keyCommands: Register = (parent, io, setExitCode) => {
  const creating = withLimits(parent.command('create <name>').description('make a key; it is printed once'))
    .option('--type <type>', 'user, live, test (operators: admin, platform)', 'user')
    .option('--purpose <purpose>', 'api, or optimal for the LLM routes alone')
    .option('--workspace <id or slug>', 'bind the key to one workspace')
    .option('--expires <time>', 'ISO 8601, or from now: 90d, 12h', time('--expires', 1));
  leaf(creating, io, setExitCode, create);
  leaf(parent.command('ls').alias('list').description('list keys'), io, setExitCode, list);
  leaf(parent.command('get <id>').description('show a key; never its plaintext'), io, setExitCode, async (context: Context<object>, id) =>
    show(context, await context.miosa.apiKeys.get(id ?? '')),
  );
  const updating = withLimits(parent.command('update <id>').description('rename, narrow or restrict a key')).option('--name <name>');
  leaf(updating, io, setExitCode, update);
  leaf(
    parent.command('revoke <id>').alias('rm').description('end a key for good, everywhere within a second'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, id) => {
      const key = await miosa.apiKeys.revoke(id ?? '');
      output.result(key, key.id, `Revoked ${key.id}.`);
    },
  );
  const rotate = parent
    .command('rotate <id>')
    .description(
      'make a successor of an API key, with the same rights ("./miosa keys rotate" without an id: signing keys of the installation)',
    )
    .option('--grace <seconds>', 'how long the old key still works', integer('--grace', 0, MAX_GRACE_SECONDS), 0);
  leaf<{ grace: number }>(rotate, io, setExitCode, async (context, id) =>
    showNew(context, await context.miosa.apiKeys.rotate(id ?? '', { graceSeconds: context.options.grace })),
  );
};
