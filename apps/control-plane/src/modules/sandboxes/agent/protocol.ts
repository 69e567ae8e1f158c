import { type Static, Type } from 'typebox';

/** What the agent answers. Checked, because the agent lives in a machine its owner controls. */
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const Signal = Type.Optional(nullable(Type.String()));

export const AgentExecResult = Type.Object({
  stdout: Type.String(),
  stderr: Type.String(),
  exitCode: Type.Integer(),
  signal: Signal,
  durationMs: Type.Number(),
  timedOut: Type.Boolean(),
  truncated: Type.Boolean(),
  processId: Type.String(),
});
export type AgentExecResult = Static<typeof AgentExecResult>;

export const AgentProcess = Type.Object({
  id: Type.String(),
  pid: Type.Integer(),
  name: Type.Optional(nullable(Type.String())),
  command: Type.Union([Type.String(), Type.Array(Type.String())]),
  cwd: Type.String(),
  state: Type.Union([Type.Literal('running'), Type.Literal('exited')]),
  exitCode: Type.Optional(nullable(Type.Integer())),
  signal: Signal,
  startedAt: Type.String(),
  exitedAt: Type.Optional(nullable(Type.String())),
  logBytes: Type.Number(),
  logTruncated: Type.Boolean(),
  // Agents from before services say nothing of these.
  stateReason: Type.Optional(nullable(Type.String())),
  autostart: Type.Optional(Type.Boolean()),
  restart: Type.Optional(Type.Union([Type.Literal('never'), Type.Literal('on_failure'), Type.Literal('always')])),
  restarts: Type.Optional(Type.Integer()),
});
export type AgentProcess = Static<typeof AgentProcess>;
/** A list comes bare or under a name; Go encodes an empty slice as null when it was never made. */
export const AgentProcesses = Type.Object({ processes: nullable(Type.Array(AgentProcess)) });
export const AgentLogs = Type.Object({ stdout: Type.String(), stderr: Type.String(), truncated: Type.Boolean() });

export const AgentReadiness = Type.Object({ ready: Type.Boolean(), message: Type.String() });

const Changed = { path: Type.String(), oldPath: Type.Optional(Type.String()), isDir: Type.Boolean(), sizeBytes: Type.Number() };
export const AgentChange = Type.Union([
  Type.Object({
    type: Type.Union([Type.Literal('created'), Type.Literal('modified'), Type.Literal('deleted'), Type.Literal('renamed')]),
    ...Changed,
  }),
  Type.Object({ type: Type.Literal('overflow'), path: Type.String(), reason: Type.String() }),
]);
export type AgentChange = Static<typeof AgentChange>;

export const AgentStreamEvent = Type.Union([
  Type.Object({ type: Type.Literal('started'), processId: Type.String(), pid: Type.Integer() }),
  Type.Object({
    type: Type.Union([Type.Literal('stdout'), Type.Literal('stderr')]),
    data: Type.String(),
    offset: Type.Number(),
    encoding: Type.Union([Type.Literal('utf8'), Type.Literal('base64')]),
  }),
  Type.Object({
    type: Type.Literal('exit'),
    exitCode: nullable(Type.Integer()),
    signal: Signal,
    durationMs: Type.Number(),
    timedOut: Type.Boolean(),
  }),
  Type.Object({ type: Type.Literal('error'), code: Type.String(), message: Type.String() }),
]);
export type AgentStreamEvent = Static<typeof AgentStreamEvent>;

export const AgentFile = Type.Object({
  path: Type.String(),
  name: Type.String(),
  type: Type.Union([Type.Literal('file'), Type.Literal('dir'), Type.Literal('symlink')]),
  sizeBytes: Type.Number(),
  mode: Type.String(),
  modifiedAt: Type.String(),
  symlinkTarget: Type.Optional(nullable(Type.String())),
});
export type AgentFile = Static<typeof AgentFile>;
export const AgentListing = Type.Object({ path: Type.String(), entries: nullable(Type.Array(AgentFile)) });
export const AgentWritten = Type.Object({
  written: nullable(Type.Array(Type.Object({ path: Type.String(), sizeBytes: Type.Number() }))),
  failed: nullable(Type.Array(Type.Object({ path: Type.String(), code: Type.String(), message: Type.String() }))),
});
export const AgentUnpacked = Type.Object({ files: Type.Integer(), sizeBytes: Type.Number() });
export const AgentPorts = Type.Object({
  ports: nullable(
    Type.Array(
      Type.Object({
        port: Type.Integer(),
        address: Type.String(),
        command: Type.Optional(nullable(Type.String())),
        processId: Type.Optional(nullable(Type.String())),
      }),
    ),
  ),
});
export const AgentAnything = Type.Unknown();
