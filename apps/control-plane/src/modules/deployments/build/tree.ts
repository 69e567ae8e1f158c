import { posix } from 'node:path';
import { Fault } from '@miosa/kernel';
import { Type } from 'typebox';
import { type AgentPool, callJson, callStream } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import type { UploadedFile } from '../types.ts';
import { textsWanted } from './detect/detect.ts';
import type { Tree } from './detect/plan.ts';

export const WORKSPACE = '/workspace';
/** What a plan looks at lies at most so deep: `app/api/main.py`. */
const DEPTH = 2;
/** `dist/<name>/browser/index.html` */
const OUTPUT_DEPTH = 3;
const MAX_FOLDERS = 200;
const MAX_FILES = 50_000;
const AT_ONCE = 8;
const MAX_TEXT_BYTES = 128 * 1024;
const CALL_MS = 15_000;

/** Neither sources nor results. */
const SKIPPED = new Set(['.git', 'node_modules', '.venv', 'venv', '__pycache__', '.next', '.nuxt', '.cache', '.svelte-kit', '.turbo']);

const Listing = Type.Object({
  entries: Type.Union([Type.Null(), Type.Array(Type.Object({ name: Type.String(), type: Type.String() }))]),
});

interface Look {
  readonly depth: number;
  readonly skips: (name: string) => boolean;
  readonly signal: AbortSignal;
}

const entriesOf = async (agent: AgentPool, folder: string, signal: AbortSignal) => {
  const call = { method: 'GET', path: '/files', query: { path: posix.join(WORKSPACE, folder) }, timeoutMs: CALL_MS, signal } as const;
  try {
    return (await callJson(agent, call, Listing)).entries ?? [];
  } catch (error) {
    if (error instanceof Fault && (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN')) return [];
    throw error;
  }
};

/** A few at a time: an answer may be large, and is the customer's. */
const listings = async (agent: AgentPool, folders: readonly string[], signal: AbortSignal) => {
  const answers: { readonly folder: string; readonly entries: Awaited<ReturnType<typeof entriesOf>> }[] = [];
  for (let at = 0; at < folders.length; at += AT_ONCE) {
    const some = folders.slice(at, at + AT_ONCE).map(async (folder) => ({ folder, entries: await entriesOf(agent, folder, signal) }));
    answers.push(...(await Promise.all(some)));
  }
  return answers;
};

/** Files below a folder, relative to /workspace, those near it first. */
const filesBelow = async (agent: AgentPool, start: string, { depth, skips, signal }: Look): Promise<string[]> => {
  const files: string[] = [];
  let level = [start];
  let folders = 0;
  for (let i = 0; i <= depth && level.length > 0 && files.length < MAX_FILES; i += 1) {
    const here = level.slice(0, MAX_FOLDERS - folders);
    folders += here.length;
    level = [];
    for (const { folder, entries } of await listings(agent, here, signal))
      for (const { name, type } of entries) {
        if (type !== 'dir') files.push(posix.join(folder, name));
        else if (!skips(name)) level.push(posix.join(folder, name));
      }
  }
  return files;
};

const textOf = async (agent: AgentPool, file: string, signal: AbortSignal): Promise<string> => {
  const stream = await callStream(agent, {
    method: 'GET',
    path: '/files/content',
    query: { path: posix.join(WORKSPACE, file) },
    headers: { range: `bytes=0-${MAX_TEXT_BYTES - 1}` },
    timeoutMs: CALL_MS,
    signal,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_TEXT_BYTES) break; // an agent that does not know ranges; the loop's end destroys the stream
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** A file that cannot be read (empty: 416) says nothing. */
const textsOf = async (files: readonly string[], read: (file: string) => Promise<string>): Promise<Record<string, string>> => {
  const wanted = textsWanted(files);
  const texts = await Promise.all(
    wanted.map((file) =>
      read(file).catch((error: unknown) => {
        if (error instanceof Fault && ['NOT_FOUND', 'FORBIDDEN', 'RANGE_NOT_SATISFIABLE'].includes(error.code)) return '';
        throw error;
      }),
    ),
  );
  return Object.fromEntries(wanted.map((file, i) => [file, texts[i] ?? '']));
};

/** What of a machine's or sandbox's /workspace its plan depends on. */
export const treeOf = async (agent: AgentPool, signal: AbortSignal): Promise<Tree> => {
  const files = await filesBelow(agent, '', { depth: DEPTH, skips: (name) => SKIPPED.has(name), signal });
  return { files, texts: await textsOf(files, (file) => textOf(agent, file, signal)) };
};

/** The same of uploaded files. */
export const treeOfUpload = async (core: Pick<Core, 'blobs'>, tenantId: string, uploaded: readonly UploadedFile[]): Promise<Tree> => {
  const byPath = new Map(uploaded.map((file) => [file.path, file]));
  const read = async (path: string): Promise<string> => {
    const file = byPath.get(path);
    if (file === undefined || file.size_bytes === 0 || file.size_bytes > 16 * MAX_TEXT_BYTES) return '';
    return (await core.blobs.get(`${tenantId}/${file.sha256}`)).subarray(0, MAX_TEXT_BYTES).toString('utf8');
  };
  const files = [...byPath.keys()];
  return { files, texts: await textsOf(files, read) };
};

/** Files in the folders that a build may have made. */
export const outputFiles = async (agent: AgentPool, folders: readonly string[], signal: AbortSignal): Promise<string[]> => {
  const below = (folder: string) =>
    filesBelow(agent, folder === '.' ? '' : folder, {
      depth: folder === '.' ? 0 : OUTPUT_DEPTH,
      skips: (name) => name === 'node_modules',
      signal,
    });
  return (await Promise.all(folders.map(below))).flat();
};
