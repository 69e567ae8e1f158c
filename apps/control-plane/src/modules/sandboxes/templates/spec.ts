import { Fault, invalid } from '@miosa/kernel';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { checkVars, varsOf } from '../env/values.ts';
import { checkProbe } from '../lifecycle/shape.ts';
import { PortNumber, Probe } from '../schemas.ts';

const Command = Type.String({ minLength: 1, maxLength: 32_768 });
const Path = Type.String({ minLength: 1, maxLength: 4096, pattern: '^[^\\u0000]+$', description: 'absolute, or relative to /workspace' });

/** What a template is built from (contract 4.2). Steps run in this order: files, packages, run. */
export const BuildSpec = Type.Object(
  {
    from: Type.String({ minLength: 1, maxLength: 255, description: 'a template (id or slug) or a snapshot (id)' }),
    packages: Type.Optional(
      Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9+.-]*(:[a-z0-9]+)?(=[A-Za-z0-9.+:~-]+)?$', maxLength: 200 }), {
        maxItems: 200,
        description: 'of the distribution, e.g. "ffmpeg" or "redis=5:7.0.15-1"',
      }),
    ),
    files: Type.Optional(
      Type.Array(Type.Object({ path: Path, content: Type.String({ maxLength: 262_144 }) }, { additionalProperties: false }), {
        maxItems: 100,
      }),
    ),
    run: Type.Optional(Type.Array(Command, { maxItems: 100, description: 'each by /bin/sh -lc; the first that fails ends the build' })),
    env: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'while it is built, and in sandboxes made from it; not for secrets: who sees the template reads it',
      }),
    ),
    workdir: Type.Optional(Path),
    user: Type.Optional(
      Type.Unsafe<'sandbox' | 'root'>({ type: 'string', enum: ['sandbox', 'root'], description: 'of run; default sandbox' }),
    ),
    start_command: Type.Optional(Command),
    preview_port: Type.Optional(PortNumber),
    readiness_probe: Type.Optional(Probe),
  },
  { additionalProperties: false, title: 'BuildSpec' },
);
export type BuildSpec = Static<typeof BuildSpec>;

const compiled = Compile(BuildSpec);

export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** What is wrong with it as far as can be told without building: nothing when empty. */
export const problemsOf = (value: unknown): readonly Problem[] => {
  if (!compiled.Check(value))
    return [...compiled.Errors(value)].slice(0, 20).map(({ instancePath, message }) => ({
      path: `build_spec${instancePath.replaceAll('/', '.')}`,
      message: message ?? 'is not valid',
    }));
  const problems: Problem[] = [];
  const check = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      for (const { path, message } of fieldsOf(error)) problems.push({ path: `build_spec.${path}`, message });
    }
  };
  check(() => checkProbe(value.readiness_probe, value.start_command));
  check(() => checkVars('env', varsOf(value.env ?? {})));
  return problems;
};

const fieldsOf = ({ details, message }: Fault): readonly Problem[] =>
  (details?.fields as readonly Problem[] | undefined) ?? [{ path: '', message }];

/** @throws 422 with every problem in `details.fields`. */
export const checkSpec = (value: unknown): BuildSpec => {
  const problems = problemsOf(value);
  const [first] = problems;
  if (first === undefined) return value as BuildSpec;
  if (problems.length === 1) throw invalid(first.path, first.message);
  throw new Fault('VALIDATION_ERROR', `${first.path}: ${first.message}`, { details: { fields: problems } });
};
