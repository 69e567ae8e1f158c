import { resolve } from 'node:path';
import { Miosa } from '@miosa/sdk';
import type { Command } from 'commander';
import { loadLogin, type SavedLogin } from './config.ts';
import { UserError } from './failure.ts';
import type { Io } from './io.ts';
import { Output } from './output.ts';

/** Options every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly timeout?: number;
  readonly baseUrl?: string;
  readonly ca?: string;
}

/** What a command works with. */
export interface Context<Options> {
  readonly io: Io;
  readonly output: Output;
  readonly options: Options & GlobalOptions;
  readonly saved: SavedLogin;
  readonly miosa: Miosa;
}

const seconds = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new UserError(`--timeout: "${text}" is not a number of seconds above 0.`);
  return value;
};

export const integer =
  (name: string, min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new UserError(`${name}: "${text}" is not a whole number from ${min} to ${max}.`);
    return value;
  };

/** Words separated by commas, or the option given several times. */
export const words = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== ''),
];

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time in ISO 8601, or how far it is from now: `30m`, `12h`, `90d`. Answers ISO 8601. */
export const time =
  (name: string, direction: 1 | -1) =>
  (text: string): string => {
    const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
    const ms = unit === undefined ? Date.parse(text) : Date.now() + direction * Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
    // Without a zone it would mean another moment on the server than here.
    if (Number.isNaN(ms) || (unit === undefined && !/(Z|[+-]\d\d:?\d\d|^\d{4}-\d\d-\d\d)$/i.test(text)))
      throw new UserError(`${name}: "${text}" is neither a time such as 2027-01-01T00:00:00Z nor a distance such as 90d, 12h or 30m.`);
    return new Date(ms).toISOString();
  };

/** `K=V`, repeatable. */
export const pairs = (text: string, before: Record<string, string> = {}): Record<string, string> => {
  const at = text.indexOf('=');
  if (at < 1) throw new UserError(`"${text}" is not of the form NAME=VALUE.`);
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
};

/** Known before and after every command. */
export const addGlobalOptions = (command: Command): Command =>
  command
    .option('--json', 'print JSON, with the names of the API')
    .option('-q, --quiet', 'print ids only, and no progress')
    .option('--timeout <seconds>', 'longest time one call may take (exec: the command)', seconds)
    .option('--base-url <url>', 'address of the API (MIOSA_BASE_URL)')
    .option('--ca <file>', 'certificate authority to trust (MIOSA_CA)');

/** Flags beat the environment, the environment beats the saved login. `organization`: in place of the one of both. */
export const clientFor = (io: Io, options: GlobalOptions, saved: SavedLogin, credential?: string, organization?: string): Miosa => {
  const apiKey = credential ?? (io.env.MIOSA_API_KEY || saved.apiKey);
  const baseUrl = options.baseUrl ?? (io.env.MIOSA_BASE_URL || saved.baseUrl);
  const ca = caOf(io, options, saved);
  const tenant = organization ?? (io.env.MIOSA_TENANT || saved.tenant);
  return new Miosa({
    ...(apiKey === undefined ? {} : { token: apiKey }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(ca === undefined ? {} : { ca }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout * 1000 }),
  });
};

export const caOf = (io: Io, options: GlobalOptions, saved: SavedLogin): string | undefined => {
  const ca = options.ca ?? (io.env.MIOSA_CA || saved.ca);
  return ca === undefined ? undefined : resolve(ca);
};

/** Before what cannot be undone: a person is asked, a script says `--yes`. */
export const confirm = async ({ io, options }: Context<{ yes?: boolean }>, what: string): Promise<void> => {
  if (options.yes === true) return;
  if (io.stdin.isTTY !== true) throw new UserError(`${what} Add --yes if that is what you want.`);
  const answer = await io.ask(`${what} Type yes to go on: `);
  if (answer.trim() !== 'yes') throw new UserError('Nothing was changed.');
};

type Action<Options> = (context: Context<Options>, ...args: string[]) => Promise<number | undefined>;

/** Adds the options of all commands to `command` and runs `action` with a context; its number, if any, is the exit code. */
export const leaf = <Options extends object>(
  command: Command,
  io: Io,
  setExitCode: (code: number) => void,
  action: Action<Options>,
): Command =>
  addGlobalOptions(command).action(async (...given: unknown[]) => {
    const args = given.slice(0, -2) as string[];
    const options = command.optsWithGlobals<Options & GlobalOptions>();
    const saved = await loadLogin(io.configDir);
    const output = new Output(io, options);
    let miosa: Miosa | undefined;
    const code = await action(
      {
        io,
        output,
        options,
        saved,
        // Made on first use: `login` and `logout` must work with a broken configuration.
        get miosa() {
          miosa ??= clientFor(io, options, saved);
          return miosa;
        },
      },
      ...args,
    );
    if (code !== undefined) setExitCode(code);
  });
