import { posix } from 'node:path';
import { Fault, type Op } from '@miosa/kernel';
import { Type } from 'typebox';
import { type AgentPool, callJson } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import type { UploadedFile } from '../types.ts';
import { WORKSPACE } from './tree.ts';

const BATCH_BYTES = 4 * 2 ** 20;
const BATCH_FILES = 500;
const CALL_MS = 120_000;

const Written = Type.Object({
  failed: Type.Union([Type.Null(), Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))]),
});

/** Many small files in one request. */
const writeBatch = async (op: Op, core: Core, agent: AgentPool, tenantId: string, files: readonly UploadedFile[]): Promise<void> => {
  if (files.length === 0) return;
  const contents = await Promise.all(files.map(({ sha256 }) => core.blobs.get(`${tenantId}/${sha256}`)));
  const json = {
    files: files.map(({ path, mode }, i) => ({
      path: posix.join(WORKSPACE, path),
      contentBase64: contents[i]?.toString('base64') ?? '',
      ...(mode === undefined ? {} : { mode }),
    })),
  };
  const call = { method: 'POST', path: '/confined/files/write-many', json, timeoutMs: CALL_MS, signal: op.signal } as const;
  const [first] = (await callJson(agent, call, Written)).failed ?? [];
  if (first !== undefined) throw new Fault('CONFLICT', `File ${first.path}: ${first.message}`);
};

const writeLarge = async (op: Op, core: Core, agent: AgentPool, tenantId: string, { path, sha256, mode }: UploadedFile): Promise<void> => {
  const { stream } = await core.blobs.open(`${tenantId}/${sha256}`);
  const query = { path: posix.join(WORKSPACE, path), ...(mode === undefined ? {} : { mode }) };
  const call = { method: 'PUT', path: '/confined/files/content', query, body: stream, timeoutMs: CALL_MS, signal: op.signal } as const;
  await callJson(agent, call, Type.Unknown());
};

/** Puts uploaded files into /workspace of a machine. */
export const writeUpload = async (
  op: Op,
  core: Core,
  machineId: string,
  tenantId: string,
  files: readonly UploadedFile[],
): Promise<void> => {
  const agent = await core.machines.agent(op, machineId);
  let batch: UploadedFile[] = [];
  let bytes = 0;
  for (const file of files) {
    if (file.size_bytes > BATCH_BYTES) {
      await writeLarge(op, core, agent, tenantId, file);
      continue;
    }
    if (batch.length === BATCH_FILES || bytes + file.size_bytes > BATCH_BYTES) {
      await writeBatch(op, core, agent, tenantId, batch);
      [batch, bytes] = [[], 0];
    }
    batch.push(file);
    bytes += file.size_bytes;
  }
  await writeBatch(op, core, agent, tenantId, batch);
};
