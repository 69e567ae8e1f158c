import { type Context, integer, leaf } from '../context.ts';
import { sandboxId } from '../names.ts';
import type { Register } from '../run.ts';

interface TakeOptions {
  readonly comment?: string;
  readonly keep?: boolean;
  readonly retention?: number;
}

const take = async ({ miosa, output, options }: Context<TakeOptions>, given: string): Promise<undefined> => {
  const snapshot = await miosa.sandboxes.snapshots.create(await sandboxId(miosa, given), {
    ...(options.comment === undefined ? {} : { comment: options.comment }),
    ...(options.keep === undefined ? {} : { keep: options.keep }),
    ...(options.retention === undefined ? {} : { retentionSeconds: options.retention }),
  });
  output.result(snapshot, snapshot.id, `${snapshot.id} is ${snapshot.state}, kept until ${snapshot.expiresAt ?? 'you delete it'}.`);
};

interface ForkOptions {
  readonly snapshot?: string;
  readonly name?: string;
  readonly ephemeral?: boolean;
  readonly ttl?: number;
}

const fork = async ({ miosa, output, options }: Context<ForkOptions>, given: string): Promise<undefined> => {
  const made = await miosa.sandboxes.fork(await sandboxId(miosa, given), {
    ...(options.snapshot === undefined ? {} : { snapshotId: options.snapshot }),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.ephemeral === true ? { persistent: false } : {}),
    ...(options.ttl === undefined ? {} : { timeoutSec: options.ttl }),
  });
  output.result(made, made.id, `${made.id} (${made.name}) is ${made.state}.`);
};

export const snapshotCommands: Register = (parent, io, setExitCode) => {
  const taking = parent
    .command('snapshot <sandbox>')
    .description('keep its files as they are now')
    .option('--comment <text>')
    .option('--keep', 'until it is deleted')
    .option('--retention <seconds>', 'default: 30 days', integer('--retention', 60, 10 * 365 * 86_400));
  leaf(taking, io, setExitCode, (context: Context<TakeOptions>, given) => take(context, given ?? ''));
  leaf(
    parent.command('snapshots <sandbox>').description('list its snapshots'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, given) => {
      output.list(
        await miosa.sandboxes.snapshots.list(await sandboxId(miosa, given ?? ''), { limit: 100 }).all(),
        ['ID', 'STATE', 'BYTES', 'CREATED', 'EXPIRES', 'COMMENT'],
        (s) => [s.id, s.state, s.sizeBytes, s.createdAt, s.expiresAt ?? 'never', s.comment],
        'No snapshots.',
      );
    },
  );
  leaf(
    parent.command('rm-snapshot <sandbox> <snapshot>').description('delete a snapshot'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, given, snapshot) => {
      const deleted = await miosa.sandboxes.snapshots.delete(await sandboxId(miosa, given ?? ''), snapshot ?? '');
      output.result(deleted, deleted.id, `Deleted ${deleted.id}.`);
    },
  );
  const forking = parent
    .command('fork <sandbox>')
    .description('make another sandbox with its files')
    .option('--snapshot <snapshot>', 'the files of a snapshot instead of those of now')
    .option('--name <name>')
    .option('--ttl <seconds>', 'time it may run without being extended', integer('--ttl', 60, 86_400))
    .option('--ephemeral', 'destroy it instead of pausing it');
  leaf(forking, io, setExitCode, (context: Context<ForkOptions>, given) => fork(context, given ?? ''));
  const restoring = parent
    .command('restore <sandbox> <snapshot>')
    .description('make a sandbox from a snapshot, or give the same one its files back')
    .option('--in-place', 'replace the files of this sandbox, and start it again')
    .option('--name <name>', 'of the new sandbox');
  leaf<{ inPlace?: boolean; name?: string }>(restoring, io, setExitCode, async ({ miosa, output, options }, given, snapshot) => {
    const made = await miosa.sandboxes.restore(await sandboxId(miosa, given ?? ''), snapshot ?? '', {
      mode: options.inPlace === true ? 'in_place' : 'new',
      ...(options.name === undefined ? {} : { name: options.name }),
    });
    output.result(made, made.id, `${made.id} (${made.name}) is ${made.state}.`);
  });
};
