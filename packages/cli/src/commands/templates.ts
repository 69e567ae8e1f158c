import { readFile } from 'node:fs/promises';
import type { BuildSpec, Miosa, Template } from '@miosa/sdk';
import { toWire } from '@miosa/sdk';
import { type Context, leaf } from '../context.ts';
import { UserError } from '../failure.ts';
import { ownership } from '../names.ts';
import { printable } from '../output.ts';
import type { Register } from '../run.ts';

interface CreateOptions {
  readonly spec?: string;
  readonly from?: string;
  readonly run?: readonly string[];
  readonly slug?: string;
  readonly description?: string;
  readonly workspace?: string;
  readonly project?: string;
  readonly wait?: boolean;
}

/** A build_spec in the wire's own form. */
const specIn = async (file: string): Promise<BuildSpec> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as BuildSpec; // its names are sent as they are
  } catch (error) {
    throw new UserError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const specOf = async ({ spec, from, run }: CreateOptions): Promise<BuildSpec> => {
  if (spec !== undefined && (from !== undefined || run !== undefined)) throw new UserError('Give --spec, or --from with --run.');
  if (spec !== undefined) return specIn(spec);
  if (from === undefined) throw new UserError('Say what it is built from: --spec FILE, or --from TEMPLATE with --run COMMAND.');
  return { from, ...(run === undefined ? {} : { run: [...run] }) };
};

const show = ({ output }: Context<object>, template: Template): undefined => {
  output.fields(template, {
    id: template.id,
    slug: template.slug,
    name: template.name,
    state: template.state,
    source: template.source,
    'preview port': template.previewPort,
    'start command': template.startCommand,
    description: template.description,
  });
};

const newestBuild = async (miosa: Miosa, template: string): Promise<string> => {
  const { items } = await miosa.templates.builds.list(template, { limit: 1 }).page();
  const [build] = items;
  if (build === undefined) throw new UserError('It has never been built.');
  return build.id;
};

/** Prints the lines of a build as they come; 1 when it has failed. */
const follow = async ({ miosa, io, output }: Context<object>, template: string, build: string): Promise<number> => {
  for await (const { line } of miosa.templates.builds.logs.stream(template, build)) {
    if (!output.json) io.out(`${printable(line)}\n`);
    await io.drained();
  }
  const ended = await miosa.templates.builds.get(template, build);
  output.result(ended, ended.id, ended.state === 'ready' ? `${template} is ready.` : `The build failed: ${ended.error}`);
  return ended.state === 'ready' ? 0 : 1;
};

const list = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

export const templateCommands: Register = (parent, io, setExitCode) => {
  leaf(
    parent.command('ls').alias('list').description('what sandboxes can be made from'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>) => {
      output.list(
        await miosa.templates.list({ limit: 100 }).all(),
        ['SLUG', 'ID', 'STATE', 'SOURCE', 'NAME'],
        (one) => [one.slug, one.id, one.state, one.source, one.name],
        'No templates.',
      );
    },
  );
  leaf(parent.command('get <template>').description('show a template'), io, setExitCode, async (context: Context<object>, name) =>
    show(context, await context.miosa.templates.get(name ?? '')),
  );
  const creating = parent
    .command('create <name>')
    .description('make a template and build it')
    .option('--spec <file>', 'build_spec as JSON')
    .option('--from <template or snapshot>', 'without a file: what it is built from …')
    .option('--run <command>', '… and what is run; may be repeated', list)
    .option('--slug <slug>')
    .option('--description <text>')
    .option('--workspace <id or slug>', 'workspace (MIOSA_WORKSPACE)')
    .option('--project <id or slug>')
    .option('--no-wait', 'do not follow the build');
  leaf<CreateOptions>(creating, io, setExitCode, async (context, name) => {
    const { miosa, options: o, output } = context;
    const made = await miosa.templates.create({
      ...ownership(o.workspace ?? (io.env.MIOSA_WORKSPACE || undefined), o.project),
      name: name ?? '',
      buildSpec: await specOf(o),
      ...(o.slug === undefined ? {} : { slug: o.slug }),
      ...(o.description === undefined ? {} : { description: o.description }),
    });
    if (o.wait !== false) return follow(context, made.id, await newestBuild(miosa, made.id));
    output.result(made, made.id, `${made.slug} (${made.id}) is ${made.state}.`);
    return 0;
  });
  leaf<{ wait?: boolean }>(
    parent.command('build <template>').description('build it again').option('--no-wait', 'do not follow the build'),
    io,
    setExitCode,
    async (context, name) => {
      const build = await context.miosa.templates.builds.create(name ?? '');
      if (context.options.wait !== false) return follow(context, build.templateId, build.id);
      context.output.result(build, build.id, `${build.id} is ${build.state}.`);
      return 0;
    },
  );
  leaf(
    parent.command('builds <template>').description('list its builds'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, name) => {
      output.list(
        await miosa.templates.builds.list(name ?? '', { limit: 100 }).all(),
        ['ID', 'STATE', 'CREATED', 'MS', 'ERROR'],
        (one) => [one.id, one.state, one.createdAt, one.durationMs, one.error],
        'It has never been built.',
      );
    },
  );
  leaf<{ build?: string; follow?: boolean }>(
    parent
      .command('logs <template>')
      .description('the lines of its newest build')
      .option('--build <id>')
      .option('-f, --follow', 'as they come'),
    io,
    setExitCode,
    async (context, name = '') => {
      const { miosa, options, output } = context;
      const build = options.build ?? (await newestBuild(miosa, name));
      if (options.follow === true) return follow(context, name, build);
      const lines = await miosa.templates.builds.logs(name, build, { lines: 1000 }).all();
      if (output.json) io.out(`${JSON.stringify(toWire(lines))}\n`);
      else for (const { ts, line } of lines) io.out(`${ts}  ${printable(line)}\n`);
      return 0;
    },
  );
  leaf(
    parent.command('validate <file>').description('what is wrong with a build_spec, without building it'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, file) => {
      const answer = await miosa.templates.validate({ buildSpec: await specIn(file ?? '') });
      output.result(
        answer,
        String(answer.valid),
        answer.valid ? 'It is valid.' : answer.errors.map(({ path, message }) => `${path}: ${message}`).join('\n'),
      );
      return answer.valid ? 0 : 1;
    },
  );
  leaf(
    parent.command('rm <template>').description('delete a template; sandboxes made from it keep their files'),
    io,
    setExitCode,
    async ({ miosa, output }: Context<object>, name) => {
      const deleted = await miosa.templates.delete(name ?? '');
      output.result(deleted, deleted.id, `Deleted ${deleted.id}.`);
    },
  );
};
