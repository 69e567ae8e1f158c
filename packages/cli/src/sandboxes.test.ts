import { describe, expect, it } from 'vitest';
import { answer, type Handler, refuse, TestCli } from './testing/cli.ts';

const cli = new TestCli();
const ID = 'sbx_00000000000000000000000001';
const SNAPSHOT = 'snp_00000000000000000000000001';
const AT = '2026-05-25T12:00:00.000Z';
const sandbox = {
  ...{ id: ID, slug: 'sbx01', name: 'site', state: 'running', state_reason: null, size: 'medium', cpu_count: 4, memory_mb: 8192 },
  ...{ workspace_slug: 'w', project_slug: 'p', preview_url: 'https://5173-sbx01.sandbox.example', expires_at: AT, isolation: 'container' },
};
const snapshot = {
  ...{ id: SNAPSHOT, sandbox_id: ID, state: 'ready', comment: 'kept', size_bytes: 42, created_at: AT, expires_at: null },
};
const usage = {
  ...{ sandbox_id: ID, state: 'running', runtime_sec: 61, active_cpu_ms: 1200, network_ingress_bytes: 1, network_egress_bytes: 2 },
  ...{ storage_bytes: 3, estimated_cost_usd: 0, measurement_status: { active_cpu: 'measured', network: 'measured' } },
};
const points = (...values: number[]) => values.map((value) => [AT, value]);
const metrics = {
  ...{ window: '5m', step_sec: 10 },
  series: {
    cpu_percent: points(10, 50),
    memory_bytes: points(100, 300),
    disk_bytes: points(7, 9),
    network_rx_bytes: points(1, 2),
    network_tx_bytes: points(),
  },
};

/** What each request was sent with. */
let bodies: unknown[] = [];
const says =
  (data: unknown, status = 200): Handler =>
  (request, response) => {
    bodies.push(request.text === '' ? undefined : JSON.parse(request.text));
    answer(response, status, Array.isArray(data) ? { data, next_cursor: null } : { data });
  };
const run = async (data: unknown, ...args: string[]) => {
  bodies = [];
  cli.handler = says(data);
  return cli.run(['sandbox', ...args]);
};

/** Words, what the server says, the request it was, its body, and what a person reads. */
const COMMANDS: readonly (readonly [words: string[], data: unknown, request: string, body: unknown, people: RegExp])[] = [
  [['create', '--name', 'site', '--get-or-create'], sandbox, 'POST /sandboxes', { name: 'site', get_or_create: true }, /state +running/],
  [['get', ID], sandbox, `GET /sandboxes/${ID}`, undefined, /size +medium, 4 vCPU, 8192 MiB/],
  [
    ['update', ID, '--size', 'medium', '--idle', '0'],
    sandbox,
    `PATCH /sandboxes/${ID}`,
    { size: 'medium', idle_timeout_sec: 0 },
    /is running, medium/,
  ],
  [['update', ID, '--no-always-on'], sandbox, `PATCH /sandboxes/${ID}`, { always_on: false }, /is running/],
  [['extend', ID, '--ttl', '600'], sandbox, `POST /sandboxes/${ID}/extend`, { timeout_sec: 600 }, /runs until 2026/],
  [['pause', ID], { ...sandbox, state: 'paused' }, `POST /sandboxes/${ID}/pause`, {}, /is paused/],
  [['resume', ID], sandbox, `POST /sandboxes/${ID}/resume`, {}, /is running/],
  [['usage', ID], usage, `GET /sandboxes/${ID}/usage`, undefined, /cpu milliseconds +1200/],
  [['metrics', ID, '--window', '5m'], metrics, `GET /sandboxes/${ID}/metrics?window=5m`, undefined, /cpu +30\.0 %.*at most 50 %/],
  [
    ['snapshot', ID, '--comment', 'kept', '--keep'],
    snapshot,
    `POST /sandboxes/${ID}/snapshots`,
    { comment: 'kept', keep: true },
    /until you delete it/,
  ],
  [
    ['rm-snapshot', ID, SNAPSHOT],
    { id: SNAPSHOT, deleted: true },
    `DELETE /sandboxes/${ID}/snapshots/${SNAPSHOT}`,
    undefined,
    /Deleted snp_/,
  ],
  [['fork', ID, '--name', 'copy', '--ephemeral'], sandbox, `POST /sandboxes/${ID}/fork`, { name: 'copy', persistent: false }, /is running/],
  [['restore', ID, SNAPSHOT, '--in-place'], sandbox, `POST /sandboxes/${ID}/restore/${SNAPSHOT}`, { mode: 'in_place' }, /is running/],
  [['rm', ID], { id: ID, deleted: true }, `DELETE /sandboxes/${ID}`, undefined, /Destroyed sbx_/],
];

describe('each command of a sandbox', () => {
  it.each(COMMANDS)('%j asks for the one thing it says, and tells a person and a script', async (words, data, request, body, people) => {
    const told = await run(data, ...words);
    expect([told.code, told.err.includes('Error')]).toEqual([0, false]);
    expect(told.out).toMatch(people);
    expect(cli.seen).toEqual([request.replace(' ', ' /api/v1')]);
    expect(bodies).toEqual([body]);
    expect(JSON.parse((await run(data, ...words, '--json')).out)).toMatchObject(data as object);
    expect((await run(data, ...words, '--quiet')).out).toBe(
      `${words.includes('snapshot') || words[0] === 'rm-snapshot' ? SNAPSHOT : ID}\n`,
    );
  });

  it.each(COMMANDS)('%j says what the server refuses, and exits with 1', async (words) => {
    cli.handler = refuse(403, 'QUOTA_EXCEEDED');
    const told = await cli.run(['sandbox', ...words]);
    expect([told.code, told.out]).toEqual([1, '']);
    expect(told.err).toContain('QUOTA_EXCEEDED');
  });
});

it('lists by every filter, one per option', async () => {
  const told = await run(
    [sandbox],
    'ls',
    '--name',
    'site',
    '--tag',
    'red',
    '--metadata',
    'plan=pro',
    '--template',
    't',
    '--state',
    'running',
  );
  expect([told.code, told.out]).toEqual([0, expect.stringMatching(/sbx01 +site +running/)]);
  const asked = new URL(`http://x${cli.seen[0]?.split(' ')[1]}`).searchParams;
  expect(Object.fromEntries(asked)).toMatchObject({
    name: 'site',
    tag: 'red',
    template_id: 't',
    state: 'running',
    metadata: '{"plan":"pro"}',
  });
});

it('lists snapshots', async () => {
  const told = await run([snapshot], 'snapshots', ID);
  expect([told.code, told.out]).toEqual([0, expect.stringMatching(/snp_\S+ +ready +42 .* never +kept/)]);
  expect(JSON.parse((await run([snapshot], 'snapshots', ID, '--json')).out)).toEqual([snapshot]);
});

describe('bulk', () => {
  const operation = (failed: number) => ({
    ...{ id: 'blk_1', state: 'done', queued: 0, completed: 2, failed, errors: failed === 0 ? [] : [{ id: ID, code: 'GONE' }] },
  });

  it('waits for the end, says which failed, and exits with 1 when one did', async () => {
    const good = await run(operation(0), 'bulk', 'pause', ID);
    expect([good.code, good.out]).toEqual([0, '2 done, 0 failed, 0 to do.\n']);
    expect(cli.seen).toEqual(['POST /api/v1/bulk/sandboxes/pause', 'GET /api/v1/bulk/blk_1']);
    expect(bodies[0]).toEqual({ ids: [ID] });
    const bad = await run(operation(1), 'bulk', 'pause', '--tag', 'red');
    expect([bad.code, bad.out]).toEqual([1, expect.stringContaining(`${ID}: GONE`)]);
    expect(bodies[0]).toEqual({ filter: { tag: 'red' } });
  });

  it('destroys nothing unasked', async () => {
    const told = await run(operation(0), 'bulk', 'destroy', '--tag', 'red');
    expect([told.code, cli.seen]).toEqual([1, []]);
    expect((await run(operation(0), 'bulk', 'destroy', '--tag', 'red', '--yes')).code).toBe(0);
    expect((await run(operation(0), 'bulk', 'explode', ID)).code).toBe(1);
  });
});

it('prints what happens to a sandbox as it happens, and ends with it', async () => {
  const event = (type: string, id: string, data: object) => ({
    ...{ id, type: `sandbox.${type}`, created_at: AT, tenant_id: 't', resource: { type: 'sandbox', id: ID }, actor: null, data },
  });
  const events = [
    event('exec.completed', 'evt_1', { state: 'exited' }),
    event('destroyed', 'evt_2', { state: 'destroyed', ended_reason: 'user' }),
  ];
  cli.handler = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(events.map((one) => `event: ${one.type}\nid: ${one.id}\ndata: ${JSON.stringify(one)}\n\n`).join(''));
  };
  const told = await cli.run(['sandbox', 'events', ID, '--after', 'evt_0']);
  expect([told.code, told.out.split('\n').length]).toEqual([0, 3]);
  expect(told.out).toContain('sandbox.exec.completed');
  expect(told.out).toContain('destroyed user');
  const lines = (await cli.run(['sandbox', 'events', ID, '--json'])).out.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(events);
});
