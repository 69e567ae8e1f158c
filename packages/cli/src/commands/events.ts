import type { MiosaEvent } from '@miosa/sdk';
import { toWire } from '@miosa/sdk';
import { type Context, integer, leaf, time, words } from '../context.ts';
import { sandboxId } from '../names.ts';
import { printable } from '../output.ts';
import type { Register } from '../run.ts';

interface EventOptions {
  readonly follow?: boolean;
  readonly type?: readonly string[];
  readonly workspace?: string;
  readonly project?: string;
  readonly since?: string;
  readonly until?: string;
  readonly after?: string;
  readonly limit: number;
}

/** What one page of the API holds at most. */
const PAGE = 100;

const defined = (fields: Readonly<Record<string, string | readonly string[] | undefined>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const stateOf = ({ data }: MiosaEvent): string => {
  const { state, stateReason, endedReason } = data as Record<string, unknown>;
  return [state, stateReason ?? endedReason].filter((word) => typeof word === 'string').join(' ');
};

const row = (event: MiosaEvent) => [event.createdAt, event.type, event.resource.id, stateOf(event), event.actor?.name];

/** Line by line, until the stream ends or somebody presses Ctrl-C. */
const print = async ({ io, output }: Context<object>, open: (signal: AbortSignal) => AsyncIterable<MiosaEvent>): Promise<undefined> => {
  const stop = new AbortController();
  const release = io.onInterrupt(() => stop.abort());
  try {
    for await (const event of open(stop.signal)) {
      if (output.json) io.out(`${JSON.stringify(toWire(event))}\n`);
      else io.out(output.quiet ? `${event.id}\n` : `${row(event).map(printable).join('  ')}\n`);
      await io.drained();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    release();
  }
};

const following = (context: Context<EventOptions>): Promise<undefined> => {
  const { type: types, workspace: workspaceId, project: projectId, after: lastEventId } = context.options;
  const filters = defined({ types, workspaceId, projectId, lastEventId });
  return print(context, (signal) => context.miosa.events.stream({ ...filters, signal }));
};

const listing = async ({ miosa, output, options }: Context<EventOptions>): Promise<undefined> => {
  const { type: types, workspace: workspaceId, project: projectId, since, until } = options;
  const events: MiosaEvent[] = [];
  for await (const event of miosa.events.list({
    ...defined({ types, workspaceId, projectId, since, until }),
    limit: Math.min(options.limit, PAGE),
  })) {
    events.push(event);
    if (events.length === options.limit) break;
  }
  output.list(events.reverse(), ['TIME', 'TYPE', 'RESOURCE', 'STATE', 'WHO'], row, 'Nothing happened.');
};

export const eventCommands: Register = (parent, io, setExitCode) => {
  const command = parent
    .command('events')
    .description('what happened in the last 30 days, the newest at the end')
    .option('-f, --follow', 'what happens from now on, as it happens')
    .option('--type <types>', 'types or families, separated by commas: sandbox.*,workspace.created', words)
    .option('--workspace <id>', 'in this workspace')
    .option('--project <id>', 'in this project')
    .option('--since <time>', 'ISO 8601, or back from now: 2d, 12h', time('--since', -1))
    .option('--until <time>', 'before this moment', time('--until', -1))
    .option('--after <event id>', 'with --follow: go on after this event')
    .option('--limit <count>', 'how many', integer('--limit', 1, 10_000), PAGE);
  leaf<EventOptions>(command, io, setExitCode, (context) => (context.options.follow === true ? following(context) : listing(context)));
};

export const sandboxEventCommands: Register = (parent, io, setExitCode) => {
  const command = parent
    .command('events <sandbox>')
    .description('what happens to it, its commands and ports among it, until it is destroyed')
    .option('--after <event id>', 'go on after this event');
  leaf<{ after?: string }>(command, io, setExitCode, async (context, given) => {
    const id = await sandboxId(context.miosa, given ?? '');
    const from = defined({ lastEventId: context.options.after });
    return print(context, (signal) => context.miosa.sandboxes.events(id, { ...from, signal }));
  });
};
