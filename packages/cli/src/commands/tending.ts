import type { MetricPoint } from '@miosa/sdk';
import { type Context, integer, leaf } from '../context.ts';
import { sandboxId } from '../names.ts';
import type { Register } from '../run.ts';

interface UpdateOptions {
  readonly name?: string;
  readonly tag?: string[];
  readonly size?: 'xs' | 'small' | 'medium' | 'large' | 'xl';
  readonly ttl?: number;
  readonly idle?: number;
  readonly port?: number;
  readonly alwaysOn?: boolean;
  readonly externalUserId?: string;
}

const update = async ({ miosa, output, options: o }: Context<UpdateOptions>, given: string): Promise<undefined> => {
  const sandbox = await miosa.sandboxes.update(await sandboxId(miosa, given), {
    ...(o.name === undefined ? {} : { name: o.name }),
    ...(o.tag === undefined ? {} : { tags: o.tag }),
    ...(o.size === undefined ? {} : { size: o.size }),
    ...(o.ttl === undefined ? {} : { timeoutSec: o.ttl }),
    ...(o.idle === undefined ? {} : { idleTimeoutSec: o.idle }),
    ...(o.port === undefined ? {} : { previewPort: o.port }),
    ...(o.alwaysOn === undefined ? {} : { alwaysOn: o.alwaysOn }),
    ...(o.externalUserId === undefined ? {} : { externalUserId: o.externalUserId }),
  });
  output.result(sandbox, sandbox.id, `${sandbox.id} (${sandbox.name}) is ${sandbox.state}, ${sandbox.size}.`);
};

const mean = (points: readonly MetricPoint[]): number => points.reduce((sum, [, value]) => sum + value, 0) / Math.max(1, points.length);
const sum = (points: readonly MetricPoint[]): number => points.reduce((total, [, value]) => total + value, 0);

const metrics = async ({ miosa, output, options }: Context<{ window?: string }>, given: string): Promise<undefined> => {
  const id = await sandboxId(miosa, given);
  const found = await miosa.sandboxes.metrics(id, options.window === undefined ? {} : { window: options.window });
  const { cpuPercent, memoryBytes, diskBytes, networkRxBytes, networkTxBytes } = found.series;
  output.fields(
    { ...found, id },
    {
      window: `${found.window}, a point every ${found.stepSec} s, ${cpuPercent.length} points`,
      cpu: `${mean(cpuPercent).toFixed(1)} % of one processor, at most ${Math.max(0, ...cpuPercent.map(([, value]) => value))} %`,
      'memory bytes': `${Math.round(mean(memoryBytes))}, at most ${Math.max(0, ...memoryBytes.map(([, value]) => value))}`,
      'disk bytes': diskBytes.at(-1)?.[1] ?? 0,
      'bytes in': sum(networkRxBytes),
      'bytes out': sum(networkTxBytes),
    },
  );
};

const usage = async ({ miosa, output }: Context<object>, given: string): Promise<undefined> => {
  const used = await miosa.sandboxes.usage(await sandboxId(miosa, given));
  output.fields(
    { ...used, id: used.sandboxId },
    {
      id: used.sandboxId,
      state: used.state,
      'running seconds': used.runtimeSec,
      'cpu milliseconds': used.activeCpuMs,
      'bytes in': used.networkIngressBytes,
      'bytes out': used.networkEgressBytes,
      'disk bytes': used.storageBytes,
      'cost (USD)': used.estimatedCostUsd,
    },
  );
};

/** What is done to a sandbox while it lives: change, extend, look at what it uses. */
export const tendingCommands: Register = (parent, io, setExitCode) => {
  const updating = parent
    .command('update <sandbox>')
    .description('change a sandbox; its size also while it runs')
    .option('--name <name>')
    .option('--tag <tag...>', 'all of its tags')
    .option('--size <size>', 'xs, small, medium, large, xl')
    .option('--ttl <seconds>', 'time it may run, counted from now', integer('--ttl', 60, 86_400))
    .option('--idle <seconds>', 'time without activity after which it pauses; 0 = off', integer('--idle', 0, 86_400))
    .option('--port <port>', 'preview port', integer('--port', 1, 65_535))
    .option('--always-on', 'no timers')
    .option('--no-always-on', 'timers again, from now')
    .option('--external-user-id <id>');
  leaf(updating, io, setExitCode, (context: Context<UpdateOptions>, given) => update(context, given ?? ''));
  const extending = parent
    .command('extend <sandbox>')
    .description('let it run longer: until that time from now, where that is later')
    .option('--ttl <seconds>', 'default: its own', integer('--ttl', 60, 86_400));
  leaf(extending, io, setExitCode, async ({ miosa, output, options }: Context<{ ttl?: number }>, given) => {
    const sandbox = await miosa.sandboxes.extend(
      await sandboxId(miosa, given ?? ''),
      options.ttl === undefined ? {} : { timeoutSec: options.ttl },
    );
    output.result(sandbox, sandbox.id, `${sandbox.id} runs until ${sandbox.expiresAt ?? 'it is paused'}.`);
  });
  const measuring = parent
    .command('metrics <sandbox>')
    .description('processor, memory, disk and network; --json for every point')
    .option('--window <time>', '5m to 7d, default 1h');
  leaf(measuring, io, setExitCode, (context: Context<{ window?: string }>, given) => metrics(context, given ?? ''));
  leaf(
    parent.command('usage <sandbox>').description('what it has used in its whole life'),
    io,
    setExitCode,
    (context: Context<object>, given) => usage(context, given ?? ''),
  );
};
