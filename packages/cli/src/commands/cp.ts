import { spawn } from 'node:child_process';
import { createWriteStream, openAsBlob } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Miosa, NotFoundError } from '@miosa/sdk';
import { type Context, leaf } from '../context.ts';
import { UserError } from '../failure.ts';
import { sandboxId } from '../names.ts';
import type { Register } from '../run.ts';

/** `sandbox:/path`; a single letter is a Windows drive, and a local file with a colon is written `./a:b`. */
const REMOTE = /^([A-Za-z0-9_][A-Za-z0-9_.-]+):(.*)$/;

interface Remote {
  readonly id: string;
  readonly path: string;
}

const remoteOf = async (miosa: Miosa, text: string): Promise<Remote | undefined> => {
  const [, sandbox, path] = REMOTE.exec(text) ?? [];
  return sandbox === undefined ? undefined : { id: await sandboxId(miosa, sandbox), path: path || '/workspace' };
};

const isRemoteFolder = async (miosa: Miosa, { id, path }: Remote): Promise<boolean> => {
  try {
    return (await miosa.sandboxes.files.stat(id, path)).type === 'dir';
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
};

const localType = async (path: string): Promise<'file' | 'dir' | 'absent'> => {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new UserError(`${path}: ${error.message}`);
  });
  return found === undefined ? 'absent' : found.isDirectory() ? 'dir' : 'file';
};

/** Runs the system's `tar`; the returned promise fails with what it said. */
const tar = (args: readonly string[]): { stdin: NodeJS.WritableStream; stdout: Readable; done: Promise<void> } => {
  const child = spawn('tar', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const done = new Promise<void>((resolve, reject) => {
    child.once('error', (error) => reject(new UserError(`Folders need the "tar" program: ${error.message}`)));
    child.once('close', (code) => (code === 0 ? resolve() : reject(new UserError(`tar failed: ${said.trim()}`))));
  });
  return { stdin: child.stdin, stdout: child.stdout, done };
};

/** As `cp` and `docker cp` do: into an existing folder, else under the given name. */
const uploadFolder = async (miosa: Miosa, from: string, to: Remote): Promise<void> => {
  const into = (await isRemoteFolder(miosa, to)) && basename(from) !== '.' ? posix.join(to.path, basename(from)) : to.path;
  await miosa.sandboxes.files.mkdir(to.id, into);
  const { stdin, stdout, done } = tar(['-C', from, '-czf', '-', '.']);
  stdin.end();
  await Promise.all([miosa.sandboxes.files.archive.set(to.id, Readable.toWeb(stdout) as ReadableStream<Uint8Array>, into), done]);
};

const upload = async ({ miosa, io }: Context<object>, from: string, to: Remote): Promise<void> => {
  if (from === '-') {
    const input = Readable.toWeb(Readable.from(io.stdin)) as ReadableStream<Uint8Array>;
    await miosa.sandboxes.files.write(to.id, to.path, input);
    return;
  }
  const type = await localType(from);
  if (type === 'absent') throw new UserError(`There is no file or folder ${from}.`);
  if (type === 'dir') return uploadFolder(miosa, from, to);
  const inFolder = to.path.endsWith('/') || (await isRemoteFolder(miosa, to));
  const mode = ((await stat(from)).mode & 0o111) === 0 ? '0644' : '0755';
  await miosa.sandboxes.files.write(to.id, inFolder ? posix.join(to.path, basename(from)) : to.path, await openAsBlob(from), { mode });
};

/**
 * A sandbox is not trusted: tar runs without owners and without set-id bits, and refuses names that leave the folder (its default).
 */
const downloadFolder = async (miosa: Miosa, from: Remote, to: string): Promise<void> => {
  const into = (await localType(to)) === 'dir' ? join(to, posix.basename(from.path)) : to;
  await mkdir(into, { recursive: true });
  const { stdin, stdout, done } = tar(['-C', into, '--no-same-owner', '--no-same-permissions', '-xzf', '-']);
  stdout.resume();
  const archive = await miosa.sandboxes.files.archive.get(from.id, from.path);
  await Promise.all([pipeline(Readable.fromWeb(archive as never), stdin), done]);
};

const download = async ({ miosa, io }: Context<object>, from: Remote, to: string): Promise<void> => {
  if (to !== '-' && (await isRemoteFolder(miosa, from))) return downloadFolder(miosa, from, to);
  const content = Readable.fromWeb((await miosa.sandboxes.files.readStream(from.id, from.path)) as never);
  if (to === '-') {
    for await (const chunk of content) {
      io.out(chunk as Uint8Array);
      await io.drained();
    }
    return;
  }
  const target = to.endsWith('/') || (await localType(to)) === 'dir' ? join(to, posix.basename(from.path)) : to;
  const partial = `${target}.part`;
  try {
    await pipeline(content, createWriteStream(partial));
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
};

const copy = async (context: Context<object>, fromText: string, toText: string): Promise<undefined> => {
  const { miosa, output } = context;
  const [from, to] = [await remoteOf(miosa, fromText), await remoteOf(miosa, toText)];
  if ((from === undefined) === (to === undefined))
    throw new UserError('One side must be in a sandbox and the other here, e.g. miosa cp ./site my-sandbox:/workspace');
  if (to !== undefined) await upload(context, fromText, to);
  else if (from !== undefined) await download(context, from, toText);
  output.progress(`Copied ${fromText} to ${toText}.`);
};

export const copyCommand: Register = (parent, io, setExitCode) => {
  const command = parent
    .command('cp <from> <to>')
    .description('copy files or folders into or out of a sandbox: sandbox:/path; "-" is standard input or output')
    .option('-r, --recursive', 'accepted for familiarity; folders are always copied whole');
  leaf(command, io, setExitCode, copy);
};
