import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type AuditEntry, PermissionError } from '@miosa/sdk';
import type { Command } from 'commander';
import { type Context, integer, leaf, time } from '../context.ts';
import { EXIT, UserError } from '../failure.ts';
import type { Register } from '../run.ts';
import { type SessionOptions, withEmail, withSession } from '../session.ts';

interface FilterOptions {
  readonly key?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly resourceType?: string;
  readonly outcome?: string;
  readonly workspace?: string;
  readonly since?: string;
  readonly until?: string;
}

/** What one page of the API holds at most. */
const PAGE = 100;

const withFilters = (command: Command): Command =>
  command
    .option('--key <id>', 'done with this key')
    .option('--actor <id>', 'done by this key or user')
    .option('--action <name>', 'e.g. apiKeys.create, or all below a name: apiKeys.*')
    .option('--resource <id>', 'done to this resource')
    .option('--resource-type <type>', 'e.g. sandbox')
    .option('--outcome <outcome>', 'success, denied or failure')
    .option('--workspace <id>', 'in this workspace')
    .option('--since <time>', 'ISO 8601, or back from now: 30d, 12h', time('--since', -1))
    .option('--until <time>', 'before this moment', time('--until', -1));

const filters = (options: FilterOptions): Record<string, string> => {
  const named = {
    apiKeyId: options.key,
    actorId: options.actor,
    action: options.action,
    resourceId: options.resource,
    resourceType: options.resourceType,
    outcome: options.outcome,
    workspaceId: options.workspace,
    since: options.since,
    until: options.until,
  };
  return Object.fromEntries(Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
};

const list = async ({ miosa, output, options }: Context<FilterOptions & { limit: number }>): Promise<undefined> => {
  const entries: AuditEntry[] = [];
  for await (const entry of miosa.audit.list({ ...filters(options), limit: Math.min(options.limit, PAGE) })) {
    entries.push(entry);
    if (entries.length === options.limit) break;
  }
  const row = (e: AuditEntry) => [
    e.createdAt,
    e.actor.name,
    e.action,
    `${e.resourceType} ${e.resourceId ?? ''}`,
    e.outcome,
    e.ipAddress,
    e.requestId,
  ];
  output.list(entries, ['TIME', 'WHO', 'ACTION', 'RESOURCE', 'OUTCOME', 'FROM', 'REQUEST'], row, 'No entries.');
};

const FORMATS = ['ndjson', 'csv'] as const;

const exporting = async ({ miosa, io, output, options }: Context<FilterOptions & { format: string; output?: string }>) => {
  const format = FORMATS.find((one) => one === options.format);
  if (format === undefined) throw new UserError(`--format: ${options.format} is none of ${FORMATS.join(', ')}.`);
  const entries = await miosa.audit.export(format, filters(options));
  if (options.output === undefined) {
    for await (const chunk of entries) {
      io.out(chunk);
      await io.drained();
    }
    return undefined;
  }
  const { output: name } = options;
  const file = await open(name, 'w', 0o600).catch((error: Error) => {
    throw new UserError(`${name}: ${error.message}`);
  });
  await pipeline(entries, file.createWriteStream());
  output.progress(`Written to ${name}.`);
  return undefined;
};

/** Exit code 1 when the log was touched, so that a script can act on it. */
const verify = async (context: Context<SessionOptions>): Promise<number> => {
  const { miosa, output } = context;
  const verdict = await miosa.audit.verify().catch((error: unknown) => {
    // A key of a user sees the own entries only; the user may be an admin.
    if (!(error instanceof PermissionError) || error.details?.reason !== 'user_key') throw error;
    return withSession(context, (acting) => acting.miosa.audit.verify());
  });
  const until = verdict.sealedUntil === null ? '' : `, up to ${verdict.sealedUntil}`;
  const people = verdict.valid
    ? `Whole and unchanged: ${verdict.checked} entries${until}.`
    : `NOT VALID (${verdict.defect}): ${verdict.checked} entries hold${until}; the first bad one is ${verdict.firstBadId ?? 'not there any more'}.`;
  output.result(verdict, verdict.valid ? 'valid' : (verdict.firstBadId ?? 'invalid'), people);
  return verdict.valid ? EXIT.ok : EXIT.user;
};

export const auditCommands: Register = (parent, io, setExitCode) => {
  const listing = withFilters(parent.command('ls').alias('list').description('list entries, newest first')).option(
    '--limit <count>',
    'how many',
    integer('--limit', 1, 10_000),
    PAGE,
  );
  leaf(listing, io, setExitCode, list);
  const out = withFilters(parent.command('export').description('all entries as NDJSON or CSV'))
    .option('--format <format>', 'ndjson or csv', 'ndjson')
    .option('-o, --output <file>', 'default: standard output');
  leaf(out, io, setExitCode, exporting);
  const verifying = parent
    .command('verify')
    .description('check the hash chain, as an admin or with a server key; exit code 1 when the log was changed');
  leaf(withEmail(verifying), io, setExitCode, verify);
};
