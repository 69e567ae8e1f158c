import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Fault, invalid } from '@miosa/kernel';
import { readTar, type TarFile } from '../archive/tar.ts';
import { TarError } from '../archive/tar-header.ts';
import type { Core } from '../deps.ts';
import type { SiteFile } from '../publish/storing.ts';
import type { UploadedFile } from '../types.ts';
import { bodyOf } from './body.ts';
import { createFileCheck, MAX_FILES, MAX_TOTAL_BYTES } from './check.ts';
import { createIntake } from './intake.ts';

/** Contract 6. */
const MAX_ARCHIVE_BYTES = 512 * 2 ** 20;
/** Files and folders. */
const MAX_ENTRIES = 2 * MAX_FILES;
/** Deflate reaches 1032 : 1, which nobody's site does: no more than this may come out of each byte, once it is about memory and time. */
const MAX_RATIO = 100;
const RATIO_FROM_BYTES = 64 * 2 ** 20;
/** Headers and padding of so many entries come on top of the files. */
const MAX_UNPACKED_BYTES = MAX_TOTAL_BYTES + MAX_ENTRIES * 4096;

const wrong = (message: string): Fault => invalid('archive', message);

const tooLarge = (message: string, details: object): Fault => new Fault('PAYLOAD_TOO_LARGE', message, { details: { ...details } });

const tooLong = (): Fault => tooLarge('An archive may have at most 512 MiB.', { limit_bytes: MAX_ARCHIVE_BYTES });

const bomb = (): Fault => wrong(`unpacks to more than ${MAX_RATIO} times its size`);

/** Unpacked bytes, counted on the way. */
async function* unzipped(body: Readable): AsyncGenerator<Buffer, void, undefined> {
  let came = 0;
  let unpacked = 0;
  const counted = async function* (): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of bodyOf(body, MAX_ARCHIVE_BYTES, tooLong)) {
      came += chunk.length;
      yield chunk;
    }
  };
  const gunzip = createGunzip();
  pipeline(counted, gunzip, () => {}); // its error is thrown by the loop below
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    unpacked += chunk.length;
    if (unpacked > RATIO_FROM_BYTES && unpacked > came * MAX_RATIO) throw bomb();
    if (unpacked > MAX_UNPACKED_BYTES)
      throw tooLarge(`An archive may unpack to at most ${MAX_TOTAL_BYTES} bytes.`, { limit_bytes: MAX_TOTAL_BYTES });
    yield chunk;
  }
}

/** `./a` is how tar names what lies in the folder it was given. */
const plainName = ({ name }: TarFile): string => name.replace(/^(?:\.\/+)+/, '');

const faultOf = (error: unknown): unknown => {
  if (error instanceof TarError) return wrong(error.message);
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string' || !code.startsWith('Z_')) return error;
  return wrong(code === 'Z_BUF_ERROR' ? 'it ends too early' : 'it is not a gzip, or is damaged');
};

/**
 * Stores the contents of a tar.gz whose entries are named by their hashes; says how many, and how many bytes. What came before something that is
 * wrong may be stored, under its own hash. @throws VALIDATION_ERROR, PAYLOAD_TOO_LARGE.
 */
export const readContents = async (
  core: Core,
  tenantId: string,
  body: Readable,
  wanted: ReadonlyMap<string, SiteFile>,
  signal: AbortSignal,
): Promise<{ contents: number; size_bytes: number }> => {
  const intake = createIntake(core, tenantId);
  const came = new Set<string>();
  let sizeBytes = 0;
  try {
    for await (const { name, type, sizeBytes: size, content } of readTar(unzipped(body))) {
      signal.throwIfAborted();
      const file = wanted.get(name);
      const shown = JSON.stringify(name.slice(0, 80));
      if (file === undefined || type !== 'file') throw wrong(`${shown} is not the hash of a content of this upload`);
      if (came.has(name)) throw wrong(`${shown} is there twice`);
      const isRight = size === file.sizeBytes && (await intake.add(file.path, size, content)) === name;
      if (!isRight) throw wrong(`the bytes of ${shown} are others than announced`);
      came.add(name);
      sizeBytes += size;
    }
    await intake.flush();
  } catch (error) {
    throw faultOf(error);
  }
  if (came.size === 0) throw wrong('it holds no contents');
  return { contents: came.size, size_bytes: sizeBytes };
};

/**
 * Stores the files of a tar.gz and lists them. Constant memory; the archive is its sender's word only: links, devices, names that leave the
 * folder, duplicates and bombs refuse it. A single folder at the top is part of the names. @throws VALIDATION_ERROR, PAYLOAD_TOO_LARGE.
 */
export const readArchive = async (core: Core, tenantId: string, body: Readable, signal: AbortSignal): Promise<UploadedFile[]> => {
  const checking = createFileCheck('archive');
  const intake = createIntake(core, tenantId);
  const files: UploadedFile[] = [];
  let entries = 0;
  try {
    for await (const entry of readTar(unzipped(body))) {
      signal.throwIfAborted();
      entries += 1;
      if (entries > MAX_ENTRIES) throw tooLarge(`An archive may have at most ${MAX_ENTRIES} entries.`, { limit_entries: MAX_ENTRIES });
      const path = plainName(entry);
      if (entry.type === 'folder') {
        const folder = path.replace(/\/$/, '');
        if (folder !== '' && folder !== '.') checking.path(folder);
        continue;
      }
      checking.add(path, entry.sizeBytes);
      if (entry.type !== 'file') throw wrong(`${JSON.stringify(path)} is a ${entry.type}; only files and folders can be published`);
      const sha256 = await intake.add(path, entry.sizeBytes, entry.content);
      files.push({ path, sha256, size_bytes: entry.sizeBytes, mode: entry.mode.toString(8).padStart(4, '0') });
    }
    await intake.flush();
  } catch (error) {
    throw faultOf(error);
  }
  if (checking.isEmpty()) throw wrong('it holds no files');
  return files;
};
