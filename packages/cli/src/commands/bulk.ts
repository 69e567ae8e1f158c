import type { BulkOperation } from '@miosa/sdk';
import { type Context, confirm, leaf } from '../context.ts';
import { EXIT, UserError } from '../failure.ts';
import { sandboxId, workspaceId } from '../names.ts';
import type { Register } from '../run.ts';

interface BulkOptions {
  readonly workspace?: string;
  readonly project?: string;
  readonly state?: string;
  readonly tag?: string;
  readonly yes?: boolean;
}

const POLL_MS = 500;

const show = ({ output }: Context<object>, operation: BulkOperation): number => {
  const errors = operation.errors.map(({ id, code }) => `\n${id}: ${code}`).join('');
  output.result(operation, operation.id, `${operation.completed} done, ${operation.failed} failed, ${operation.queued} to do.${errors}`);
  return operation.failed === 0 ? EXIT.ok : EXIT.user;
};

const run = async (context: Context<BulkOptions>, verb: string, sandboxes: readonly string[]): Promise<number> => {
  const { miosa, options } = context;
  const act = (['pause', 'resume', 'destroy'] as const).find((known) => known === verb);
  if (act === undefined) throw new UserError(`"${verb}" is none of pause, resume, destroy.`);
  const filter = {
    ...(options.workspace === undefined ? {} : { workspaceId: await workspaceId(miosa, options.workspace) }),
    ...(options.project === undefined ? {} : { projectId: options.project }),
    ...(options.state === undefined ? {} : { state: options.state }),
    ...(options.tag === undefined ? {} : { tag: options.tag }),
  };
  const which = sandboxes.length > 0 ? { ids: await Promise.all(sandboxes.map((text) => sandboxId(miosa, text))) } : { filter };
  if (act === 'destroy') await confirm(context, 'This destroys the sandboxes and their files.');
  const { id } = await miosa.bulk.sandboxes[act](which);
  for (;;) {
    const operation = await miosa.bulk.get(id);
    if (operation.state === 'done') return show(context, operation);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

export const bulkCommands: Register = (parent, io, setExitCode) => {
  const command = parent
    .command('bulk <verb> [sandboxes...]')
    .description('pause, resume or destroy many sandboxes, named or found by options; exit code 1 when one failed')
    .option('--workspace <id or slug>')
    .option('--project <id>')
    .option('--state <state>')
    .option('--tag <tag>')
    .option('--yes', 'do not ask');
  leaf<BulkOptions>(command, io, setExitCode, (context, verb, sandboxes) =>
    run(context, verb ?? '', (sandboxes ?? []) as unknown as readonly string[]),
  );
};
