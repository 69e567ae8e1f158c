import { readFile } from 'node:fs/promises';
import type { NetworkPolicy } from '@miosa/sdk';
import { addGlobalOptions, type Context, leaf, time } from '../context.ts';
import { UserError } from '../failure.ts';
import { sandboxId } from '../names.ts';
import type { Register } from '../run.ts';

type Rule = NetworkPolicy['rules'][number];

/** `destination[:ports][/tcp|/udp]`, e.g. `*.example.com:443,8000-8100/tcp`. */
export const rule =
  (effect: Rule['effect']) =>
  (text: string, before: readonly Rule[] = []): Rule[] => {
    const [, destination = '', ports, protocol] = /^(.+?)(?::([\d,-]+))?(?:\/(tcp|udp))?$/.exec(text) ?? [];
    const made: Rule = {
      effect,
      destination,
      ...(ports === undefined ? {} : { ports: ports.split(',').map((port) => (/^\d+$/.test(port) ? Number(port) : port)) }),
      ...(protocol === undefined ? {} : { protocol: protocol as 'tcp' | 'udp' }),
    };
    return [...before, made];
  };

export interface PolicyOptions {
  readonly default?: string;
  readonly allow?: readonly Rule[];
  readonly deny?: readonly Rule[];
  readonly file?: string;
}

const fromFile = async (path: string): Promise<NetworkPolicy> => {
  try {
    const { default_effect, rules } = JSON.parse(await readFile(path, 'utf8'));
    return { defaultEffect: default_effect, rules };
  } catch (error) {
    throw new UserError(`${path} is not a network policy as JSON (${(error as Error).message}).`);
  }
};

/** Of rules or a file; throws when there are both or neither. */
export const wantedPolicy = async ({ file, allow = [], deny = [], default: effect }: PolicyOptions): Promise<NetworkPolicy> => {
  const given = [effect, ...allow, ...deny];
  if (file !== undefined) {
    if (given.some((one) => one !== undefined)) throw new UserError('Give either a file or rules.');
    return fromFile(file);
  }
  // Who lists what is allowed means only that.
  const defaultEffect = effect ?? (allow.length > 0 ? 'deny' : 'allow');
  if (defaultEffect !== 'allow' && defaultEffect !== 'deny') throw new UserError(`--default: "${effect}" is neither allow nor deny.`);
  if (given.length === 1 && effect === undefined) throw new UserError('Say what to allow or deny: --allow, --deny, --default or --file.');
  return { defaultEffect, rules: [...deny, ...allow] };
};

const show = ({ output }: Context<object>, policy: NetworkPolicy): void => {
  const lines = policy.rules.map(
    ({ effect, destination, ports, protocol }) =>
      `${effect.padEnd(6)}${destination}${ports === undefined ? '' : `:${ports.join(',')}`}${protocol === undefined || protocol === 'any' ? '' : `/${protocol}`}`,
  );
  output.result(policy, policy.defaultEffect, [...lines, `${policy.defaultEffect.padEnd(6)}everything else`].join('\n'));
};

export const networkCommands: Register = (parent, io, setExitCode) => {
  const network = addGlobalOptions(parent.command('network').description('what a sandbox may reach').enablePositionalOptions());
  leaf(network.command('get <sandbox>').description('show its rules'), io, setExitCode, async (context: Context<object>, given) => {
    show(context, await context.miosa.sandboxes.networkPolicy.get(await sandboxId(context.miosa, given ?? '')));
    return undefined;
  });
  const setting = network
    .command('set <sandbox>')
    .description('replace its rules; deny beats allow')
    .option('--allow <rule>', 'host, *.host or CIDR, then :ports and /tcp or /udp if wanted; repeatable', rule('allow'))
    .option('--deny <rule>', 'as --allow', rule('deny'))
    .option('--default <effect>', 'allow or deny what no rule names; deny when anything is allowed by a rule')
    .option('--file <path>', 'a policy as JSON, with the names of the API');
  leaf<PolicyOptions>(setting, io, setExitCode, async (context, given) => {
    const policy = await wantedPolicy(context.options);
    show(context, await context.miosa.sandboxes.networkPolicy.set(await sandboxId(context.miosa, given ?? ''), policy));
    return undefined;
  });
  leaf(
    network.command('delete <sandbox>').description('remove its rules'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, given) => {
      const id = await sandboxId(miosa, given ?? '');
      output.result(await miosa.sandboxes.networkPolicy.delete(id), id, `${given} has no rules of its own any more.`);
      return undefined;
    },
  );
  const blocked = network
    .command('blocked <sandbox>')
    .description('what was stopped, newest first')
    .option('--since <time>', 'a time, or how long ago: 10m', time('--since', -1));
  leaf<{ since?: string }>(blocked, io, setExitCode, async ({ miosa, output, options }, given) => {
    const query = options.since === undefined ? {} : { since: options.since };
    const entries = await miosa.sandboxes.networkPolicy.blocked(await sandboxId(miosa, given ?? ''), query).all();
    output.listBy(
      ({ destination }) => destination,
      entries,
      ['LAST', 'DESTINATION', 'PORT', 'PROTOCOL', 'COUNT'],
      (entry) => [entry.ts, entry.destination, entry.port, entry.protocol, entry.count],
      'Nothing was stopped.',
    );
    return undefined;
  });
};
