import { Fault, isId, NETWORK_RULES_MAX } from '@miosa/kernel';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Runner } from './oci/runner.ts';

const Rule = Type.Object(
  {
    effect: Type.Enum(['allow', 'deny']),
    destination: Type.String({ pattern: '^([0-9a-f.:]+/[0-9]{1,3}|([*][.])?[a-z0-9_.-]+)$', maxLength: 260 }),
    ports: Type.Array(
      Type.Object({ from: Type.Integer({ minimum: 1, maximum: 65_535 }), to: Type.Integer({ minimum: 1, maximum: 65_535 }) }),
      { maxItems: 50 },
    ),
    protocol: Type.Enum(['tcp', 'udp', 'any']),
  },
  { additionalProperties: false },
);
const Levels = Type.Array(
  Type.Object(
    { defaultEffect: Type.Enum(['allow', 'deny']), rules: Type.Array(Rule, { maxItems: NETWORK_RULES_MAX }) },
    { additionalProperties: false },
  ),
  { maxItems: 5 },
);
const LevelsBody = Compile(Type.Object({ levels: Levels }, { additionalProperties: false }));

const SecretsBody = Compile(
  Type.Object(
    {
      version: Type.String({ maxLength: 128 }),
      seed: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
      secrets: Type.Array(
        Type.Object(
          {
            placeholder: Type.String({ pattern: '^[a-z0-9-]{32,64}$' }),
            // What would end a header or begin another is not in it.
            value: Type.String({ pattern: '^[\\x21-\\x7e]+$', maxLength: 8192 }),
            hosts: Type.Array(Type.String({ pattern: '^([*][.])?[a-z0-9_-]+([.][a-z0-9_-]+)*$', maxLength: 260 }), {
              minItems: 1,
              maxItems: 50,
            }),
          },
          { additionalProperties: false },
        ),
        { maxItems: 200 },
      ),
    },
    { additionalProperties: false },
  ),
);

const SHAPE = {
  cpuCount: Type.Number({ minimum: 0.01, maximum: 1024 }),
  memoryMiB: Type.Integer({ minimum: 16, maximum: 2 ** 22 }),
  diskMiB: Type.Integer({ minimum: 16, maximum: 2 ** 26 }),
};
const ShapeBody = Compile(Type.Object(SHAPE, { additionalProperties: false }));

const RuntimeSpecBody = Compile(
  Type.Object(
    {
      id: Type.String(),
      // A slug, or an id where the files come from a snapshot: then it only names.
      templateId: Type.String({ pattern: '^(?:[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?|tpl_[0-9a-z]{26})$' }),
      hostname: Type.String({ pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' }),
      ...SHAPE,
      pidsMax: Type.Integer({ minimum: 16, maximum: 2 ** 22 }),
      fromSnapshot: Type.Optional(Type.String()),
      env: Type.Record(Type.String({ pattern: '^[^=\\u0000]+$' }), Type.String({ pattern: '^[^\\u0000]*$' })),
      networkPolicy: Type.Optional(Levels),
      isolation: Type.Optional(Type.Enum(['container', 'gvisor', 'microvm'])),
    },
    { additionalProperties: false },
  ),
);

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** The id is checked before it can become part of a path, a cgroup name or an argument. */
const sandboxId = (id: string): string => {
  if (!isId('sbx', id)) throw new Fault('VALIDATION_ERROR', 'id: a sandbox id is sbx_ and 26 characters');
  return id;
};

const snapshotId = (id: unknown): string => {
  if (typeof id !== 'string' || !isId('snp', id))
    throw new Fault('VALIDATION_ERROR', 'snapshotId: a snapshot id is snp_ and 26 characters');
  return id;
};

const create = async ({ runtime }: Runner, body: unknown): Promise<Answer> => {
  if (!RuntimeSpecBody.Check(body)) {
    const [first] = RuntimeSpecBody.Errors(body);
    throw new Fault('VALIDATION_ERROR', `${first?.instancePath ?? ''} ${first?.message ?? 'is not a sandbox specification'}`.trim());
  }
  sandboxId(body.id);
  if (body.fromSnapshot !== undefined) snapshotId(body.fromSnapshot);
  return { status: 200, body: await runtime.create(body) };
};

const setNetworkPolicy = async ({ runtime }: Runner, id: string, body: unknown): Promise<Answer> => {
  if (!LevelsBody.Check(body)) throw new Fault('VALIDATION_ERROR', 'levels: is not a list of network policies');
  await runtime.setNetworkPolicy(id, body.levels);
  return { status: 204 };
};

const setSecrets = async ({ runtime }: Runner, id: string, body: unknown): Promise<Answer> => {
  if (!SecretsBody.Check(body)) throw new Fault('VALIDATION_ERROR', 'is not version, seed and secrets');
  return { status: 200, body: await runtime.setSecrets(id, body) };
};

const actions = { pause: 'pause', resume: 'resume', stop: 'stop' } as const;
const isAction = (name: string): name is keyof typeof actions => Object.hasOwn(actions, name);

const ofSandbox = async (
  runner: Runner,
  method: string,
  rawId: string,
  verb: string | undefined,
  { body, query }: { readonly body: unknown; readonly query: URLSearchParams },
): Promise<Answer | null> => {
  const { runtime } = runner;
  const id = sandboxId(rawId);
  if (verb === undefined && method === 'GET') {
    const found = await runtime.inspect(id);
    if (found === null) throw new Fault('NOT_FOUND', 'There is no such sandbox on this host.');
    return { status: 200, body: found };
  }
  if (verb === undefined && method === 'DELETE') {
    await runtime.destroy(id);
    return { status: 204 };
  }
  if (verb === 'network-policy' && method === 'PUT') return setNetworkPolicy(runner, id, body);
  if (verb === 'secrets' && method === 'PUT') return setSecrets(runner, id, body);
  if (verb === 'blocked' && method === 'GET')
    return { status: 200, body: await runtime.blockedTraffic(id, new Date(Number(query.get('since') ?? 0))) };
  if (verb === 'shape' && method === 'PUT') {
    if (!ShapeBody.Check(body)) throw new Fault('VALIDATION_ERROR', 'is not cpuCount, memoryMiB and diskMiB');
    return { status: 200, body: await runtime.resize(id, body) };
  }
  if (verb === 'samples' && method === 'GET')
    return { status: 200, body: await runtime.samples(id, new Date(Number(query.get('since') ?? 0))) };
  if (verb === 'stats' && method === 'GET') return { status: 200, body: await runtime.stats(id) };
  if ((verb === 'snapshot' || verb === 'restore') && method === 'POST')
    return { status: 200, body: await runtime[verb](id, snapshotId((body as { snapshotId?: unknown } | null)?.snapshotId)) };
  if (verb !== undefined && method === 'POST' && isAction(verb)) return { status: 200, body: await runtime[verb](id) };
  return null;
};

/** RuntimePort as routes; `shutdown` is carried out by the caller after the answer is sent. */
export const route = async (runner: Runner, method: string, target: string, body: unknown): Promise<Answer> => {
  const { pathname: path, searchParams: query } = new URL(target, 'http://runner');
  const [resource, id, verb, more] = path.slice(1).split('/');
  let answer: Answer | null = null;
  if (resource === 'sandboxes' && id === undefined) {
    if (method === 'GET') answer = { status: 200, body: await runner.runtime.list() };
    if (method === 'POST') answer = await create(runner, body);
  } else if (resource === 'sandboxes' && id !== undefined && more === undefined) {
    answer = await ofSandbox(runner, method, id, verb, { body, query });
  } else if (resource === 'snapshots' && verb === undefined) {
    if (id === undefined && method === 'GET') answer = { status: 200, body: await runner.runtime.listSnapshots() };
    if (id !== undefined && method === 'DELETE') {
      await runner.runtime.deleteSnapshot(snapshotId(id));
      answer = { status: 204 };
    }
  } else if (path === '/counters' && method === 'GET') {
    answer = { status: 200, body: await runner.runtime.counters() };
  } else if (path === '/capabilities' && method === 'GET') {
    answer = { status: 200, body: await runner.runtime.capabilities() };
  } else if ((path === '/healthz' || path === '/health') && method === 'GET') {
    answer = { status: 200, body: { ok: true, slotsReady: runner.slotsReady() } };
  }
  if (answer === null) throw new Fault('NOT_FOUND', `There is no ${method} ${path}.`);
  return answer;
};
