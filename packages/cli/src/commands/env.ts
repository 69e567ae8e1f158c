import type { Miosa } from '@miosa/sdk';
import { addGlobalOptions, type Context, leaf, words } from '../context.ts';
import { UserError } from '../failure.ts';
import type { Io } from '../io.ts';
import { sandboxId } from '../names.ts';
import type { Register } from '../run.ts';

type Variable = Parameters<Miosa['sandboxes']['env']['set']>[1]['vars'][number];

/** `NAME=VALUE`, or `NAME` alone for the value it has here: what is typed stays in the history of the shell. */
const variable = (io: Io, text: string): { readonly key: string; readonly value: string } => {
  const at = text.indexOf('=');
  if (at > 0) return { key: text.slice(0, at), value: text.slice(at + 1) };
  const value = io.env[text];
  if (at === 0 || value === undefined)
    throw new UserError(`"${text}" is not of the form NAME=VALUE, and no variable of that name is set here.`);
  return { key: text, value };
};

/** `NAME=host,*.host`; the value is that of the variable NAME here. */
export const secretOption = (text: string, before: Readonly<Record<string, readonly string[]>> = {}): Record<string, readonly string[]> => {
  const [, name, hosts = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new UserError(`--secret: "${text}" is not of the form NAME=HOST[,HOST].`);
  return { ...before, [name]: words(hosts) };
};

export const secretsOf = (io: Io, given: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(given).map(([name, hosts]) => ({ ...variable(io, name), hosts: [...hosts] }));

interface SetOptions {
  readonly hosts?: readonly string[];
  readonly visible?: boolean;
  readonly replace?: boolean;
}

const show = ({ output }: Context<object>, vars: readonly Awaited<ReturnType<Miosa['sandboxes']['env']['set']>>[number][]): void =>
  output.listBy(
    ({ key }) => key,
    vars,
    ['NAME', 'VALUE', 'HOSTS', 'CHANGED'],
    (v) => [v.key, v.value ?? (v.hosts === null ? '(hidden)' : '(stays outside)'), v.hosts?.join(',') ?? '', v.updatedAt],
    'No variables.',
  );

export const envCommands: Register = (parent, io, setExitCode) => {
  const env = addGlobalOptions(parent.command('env').description('environment variables of a sandbox').enablePositionalOptions());
  leaf(env.command('ls <sandbox>').alias('list').description('list them'), io, setExitCode, async (context: Context<object>, given) => {
    show(context, await context.miosa.sandboxes.env.list(await sandboxId(context.miosa, given ?? '')).all());
    return undefined;
  });
  const setting = env
    .command('set <sandbox> <variables...>')
    .description('set variables: NAME=VALUE, or NAME for the value it has here')
    .option('--hosts <host>', 'keep the value outside: inside is a placeholder, which these hosts alone see replaced; repeatable', words)
    .option('--visible', 'the value may be read again')
    .option('--replace', 'and delete all others');
  leaf<SetOptions>(setting, io, setExitCode, async (context, given, list) => {
    const { hosts, visible, replace } = context.options;
    const vars = ([list].flat() as unknown as string[]).map(
      (text): Variable => ({
        ...variable(io, text),
        ...(hosts === undefined ? {} : { hosts: [...hosts] }),
        ...(visible === true ? { encrypted: false } : {}),
      }),
    );
    const id = await sandboxId(context.miosa, given ?? '');
    show(context, await context.miosa.sandboxes.env.set(id, { vars, ...(replace === true ? { replace } : {}) }));
    return undefined;
  });
  leaf(
    env.command('delete <sandbox> <name>').alias('rm').description('delete a variable'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, given, name) => {
      output.result(await miosa.sandboxes.env.delete(await sandboxId(miosa, given ?? ''), name ?? ''), name ?? '', `Deleted ${name}.`);
      return undefined;
    },
  );
};
