import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';

export interface ExecBody {
  readonly command: string | readonly string[];
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  readonly timeoutMs?: number;
}

export interface ExecPlace {
  /** Stands for `/` inside; absolute paths in commands are the host's all the same. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Process groups that run now. */
  readonly groups: Set<number>;
}

interface Ended {
  readonly exitCode: number;
  readonly signal: string | null;
  readonly durationMs: number;
  readonly timedOut: boolean;
}

export const killGroups = (groups: Set<number>): void => {
  for (const pid of groups) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // ended meanwhile
    }
  }
};

const start = (body: ExecBody, place: ExecPlace, onOutput: (type: 'stdout' | 'stderr', chunk: Buffer) => void) => {
  const [file = 'true', ...args] = typeof body.command === 'string' ? ['/bin/sh', '-lc', body.command] : body.command;
  const cwd = resolve(place.folder, `.${resolve('/workspace', body.cwd ?? '.')}`);
  mkdirSync(join(place.folder, 'workspace'), { recursive: true });
  const began = performance.now();
  const child = spawn(file, args, {
    cwd,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: cwd, ...place.env, ...body.env },
    detached: true,
  });
  if (child.pid !== undefined) place.groups.add(child.pid);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    if (child.pid !== undefined) killGroups(new Set([child.pid]));
  }, body.timeoutMs ?? 60_000);
  child.stdout.on('data', (chunk: Buffer) => onOutput('stdout', chunk));
  child.stderr.on('data', (chunk: Buffer) => onOutput('stderr', chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(body.stdin ?? '');
  const ended = new Promise<Ended>((resolveEnded) => {
    const finish = (exitCode: number, signal: string | null): void => {
      clearTimeout(timer);
      if (child.pid !== undefined) place.groups.delete(child.pid);
      resolveEnded({ exitCode, signal, durationMs: Math.round(performance.now() - began), timedOut });
    };
    child.once('error', () => finish(127, null));
    child.once('close', (code, signal) =>
      signal === null ? finish(code ?? 0, null) : finish(128 + (constants.signals[signal] ?? 0), signal.replace(/^SIG/, '')),
    );
  });
  return { pid: child.pid ?? 0, ended };
};

let count = 0;
const nextId = (): string => {
  count += 1;
  return `prc_${String(count).padStart(26, '0')}`;
};

export const runCommand = async (body: ExecBody, place: ExecPlace) => {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const { ended } = start(body, place, (type, chunk) => chunks[type].push(chunk));
  const outcome = await ended;
  const text = (type: 'stdout' | 'stderr') => Buffer.concat(chunks[type]).toString('utf8');
  return { stdout: text('stdout'), stderr: text('stderr'), ...outcome, truncated: false, processId: nextId() };
};

export const streamCommand = async (body: ExecBody, place: ExecPlace, response: ServerResponse): Promise<void> => {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const send = (event: object) => response.write(`${JSON.stringify(event)}\n`);
  let offset = 0;
  const { pid, ended } = start(body, place, (type, chunk) => {
    send({ type, data: chunk.toString('utf8'), offset, encoding: 'utf8' });
    offset += chunk.length;
  });
  send({ type: 'started', processId: nextId(), pid });
  send({ type: 'exit', ...(await ended) });
  response.end();
};
