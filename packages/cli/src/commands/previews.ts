import type { Share } from '@miosa/sdk';
import { type Context, integer, leaf } from '../context.ts';
import { UserError } from '../failure.ts';
import { sandboxId } from '../names.ts';
import type { Register } from '../run.ts';

const port = (text: string): number => integer('port', 1, 65_535)(text);

interface UrlOptions {
  readonly port?: number;
  readonly expires?: number;
  readonly interact?: boolean;
  readonly plain?: boolean;
}

/** A link that opens: the preview is private, so a token comes with it unless `--plain` is asked for. */
const url = async ({ miosa, output, options }: Context<UrlOptions>, given: string): Promise<undefined> => {
  const id = await sandboxId(miosa, given);
  if (options.plain === true) {
    const { previewUrl } = await miosa.sandboxes.get(id);
    if (!previewUrl) throw new UserError('The sandbox has no preview URL yet: it must be running.');
    output.result({ url: previewUrl }, previewUrl, previewUrl);
    return;
  }
  const minted = await miosa.sandboxes.previewToken(id, {
    expiresIn: options.expires ?? 3600,
    scope: options.interact === true ? 'interact' : 'read',
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  output.result(minted, minted.url, minted.url);
};

const share = async ({ miosa, output, options }: Context<UrlOptions & { name?: string }>, given: string): Promise<undefined> => {
  const made = await miosa.sandboxes.shares.create(await sandboxId(miosa, given), {
    ...(options.expires === undefined ? {} : { expiresIn: options.expires }),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.name === undefined ? {} : { name: options.name }),
  });
  output.result(made, made.url, made.url);
  output.progress(`Anyone with this link can look until ${made.expiresAt ?? `you run "miosa sandbox unshare ${given} ${made.id}"`}.`);
};

export const previewCommands: Register = (parent, io, setExitCode) => {
  const link = parent
    .command('url <sandbox>')
    .description('print a preview link that opens')
    .option('--port <port>', 'default: the preview port', port)
    .option('--expires <seconds>', 'life of the link', integer('--expires', 60, 86_400))
    .option('--interact', 'allow forms and other writing requests')
    .option('--plain', 'the bare URL, without a token');
  leaf(link, io, setExitCode, url);
  const sharing = parent
    .command('share <sandbox>')
    .description('make a read-only link for anyone')
    .option('--port <port>', 'default: the preview port', port)
    .option('--expires <seconds>', 'default: never', integer('--expires', 1, Number.MAX_SAFE_INTEGER))
    .option('--name <name>');
  leaf(sharing, io, setExitCode, share);
  leaf(
    parent.command('shares <sandbox>').description('list its share links'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, given) => {
      const row = (s: Omit<Share, 'token'>) => [s.id, s.port, s.name, s.expiresAt ?? 'never', s.lastUsedAt];
      output.list(
        await miosa.sandboxes.shares.list(await sandboxId(miosa, given ?? '')).all(),
        ['ID', 'PORT', 'NAME', 'EXPIRES', 'LAST USED'],
        row,
        'No shares.',
      );
    },
  );
  leaf(
    parent.command('unshare <sandbox> <share>').description('end a share link at once'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, given, shareId) => {
      const revoked = await miosa.sandboxes.shares.revoke(await sandboxId(miosa, given ?? ''), shareId ?? '');
      output.result(revoked, shareId ?? '', `Revoked ${shareId}.`);
    },
  );
  const exposing = parent
    .command('expose <sandbox> <port>')
    .description('give a port a public URL')
    .option('--private', 'only for holders of a token')
    .option('--name <name>');
  leaf<{ private?: boolean; name?: string }>(exposing, io, setExitCode, async ({ miosa, output, options }, given, text) => {
    const preview = await miosa.sandboxes.expose(await sandboxId(miosa, given ?? ''), port(text ?? ''), {
      visibility: options.private === true ? 'private' : 'public',
      ...(options.name === undefined ? {} : { name: options.name }),
    });
    output.result(preview, preview.url, `${preview.url} (${preview.visibility})`);
  });
};
