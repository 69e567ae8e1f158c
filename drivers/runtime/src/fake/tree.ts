import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { answer, type FakeCall } from './call.ts';
import { type LeftOut, leftOutOf } from './ignore.ts';
import { tarOf } from './tar.ts';

/** A refusal in the agent's own words. */
class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: object | undefined;
  constructor(status: number, code: string, message: string, details?: object) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

const invalid = (field: string, message: string, fields = [{ path: field, message }]): Refused =>
  new Refused(422, 'VALIDATION_ERROR', `${field}: ${message}`, { fields });

interface Walk {
  readonly name: string;
  readonly top: string;
  readonly leftOut: LeftOut;
  readonly maxFiles: number;
  readonly maxBytes: number;
  readonly files: { path: string; onDisk: string; stat: Stats }[];
  readonly problems: string[];
  folders: number;
  bytes: number;
}

const tooLarge = (walk: Walk, what: string): Refused =>
  new Refused(
    413,
    'PAYLOAD_TOO_LARGE',
    `${walk.name} has more than ${what}. Take a folder inside it, or leave out what is not needed.`,
    what.endsWith('bytes') ? { limit_bytes: walk.maxBytes } : { limit_files: walk.maxFiles },
  );

/** Where an entry really is; a sentence says why it cannot be taken. */
const behind = (walk: Walk, onDisk: string): { real: string } | string => {
  if (!existsSync(onDisk)) return 'is a link to nothing';
  const real = realpathSync(onDisk);
  return `${real}/`.startsWith(`${walk.top}/`) ? { real } : 'is a link that leads out of the folder';
};

const folder = (walk: Walk, onDisk: string, inside: string, above: readonly string[]): void => {
  const real = realpathSync(onDisk);
  if (above.includes(real)) return;
  walk.folders += 1;
  if (walk.folders > walk.maxFiles) throw tooLarge(walk, `${walk.maxFiles} folders`);
  for (const name of readdirSync(onDisk)) entry(walk, join(onDisk, name), inside === '' ? name : `${inside}/${name}`, [...above, real]);
};

const entry = (walk: Walk, onDisk: string, path: string, above: readonly string[]): void => {
  if (walk.leftOut(path, lstatSync(onDisk).isDirectory())) return;
  const reason = take(walk, onDisk, path, above);
  if (reason !== null) walk.problems.push(`${path} ${reason}`);
};

/** Takes a file, or all of a folder; else says why not. */
const take = (walk: Walk, onDisk: string, path: string, above: readonly string[]): string | null => {
  if (path.includes('\uFFFD')) return 'has a name that is not UTF-8';
  const isLink = lstatSync(onDisk).isSymbolicLink();
  const found = isLink ? behind(walk, onDisk) : { real: onDisk };
  if (typeof found === 'string') return found;
  const stat = statSync(found.real);
  if (stat.isDirectory()) {
    if (!isLink || !walk.leftOut(path, true)) folder(walk, onDisk, path, above);
    return null;
  }
  if (!stat.isFile()) return `is a ${stat.isFIFO() ? 'named pipe' : stat.isSocket() ? 'socket' : 'device'}`;
  if (walk.files.length === walk.maxFiles) throw tooLarge(walk, `${walk.maxFiles} files`);
  walk.bytes += stat.size;
  if (walk.bytes > walk.maxBytes) throw tooLarge(walk, `${walk.maxBytes} bytes`);
  walk.files.push({ path, onDisk: found.real, stat });
  return null;
};

const topOf = (folderOnDisk: string, path: string): { name: string; top: string } => {
  const name = resolve('/workspace', path);
  const onDisk = join(folderOnDisk, name);
  if (!existsSync(onDisk)) throw new Refused(404, 'NOT_FOUND', `${name} does not exist.`);
  if (!statSync(onDisk).isDirectory()) throw invalid('path', `${name} is not a folder`);
  return { name, top: realpathSync(onDisk) };
};

const byBytes = (a: { path: string }, b: { path: string }): number => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));

const manifest = (folderOnDisk: string, body: Record<string, unknown>): object => {
  const { path = '', exclude = [], ignoreFile, maxFiles = 100_000, maxBytes = 8 * 1024 ** 3, unsuitable } = body;
  const { name, top } = topOf(folderOnDisk, String(path));
  const ignored = typeof ignoreFile === 'string' && existsSync(join(top, ignoreFile)) ? readFileSync(join(top, ignoreFile), 'utf8') : '';
  const leftOut = leftOutOf(exclude as string[], ignored);
  const limits = { maxFiles: Number(maxFiles), maxBytes: Number(maxBytes) };
  const walk: Walk = { name, top, leftOut, ...limits, files: [], problems: [], folders: 0, bytes: 0 };
  folder(walk, top, '', []);
  if (walk.problems.length > 0 && unsuitable !== 'skip') {
    const fields = walk.problems.slice(0, 10).map((message) => ({ path: 'path', message }));
    const named = fields.map(({ message }) => message).join('; ');
    const message = `${name} has ${walk.problems.length} entries that cannot be taken: ${named}. Remove them or leave them out.`;
    throw new Refused(422, 'VALIDATION_ERROR', message, { fields });
  }
  const files = walk.files.toSorted(byBytes).map(({ path, onDisk, stat }) => ({
    ...{ path, sizeBytes: stat.size, mode: (stat.mode & 0o7777).toString(8).padStart(4, '0') },
    sha256: createHash('sha256').update(readFileSync(onDisk)).digest('hex'),
  }));
  return { root: name, files, totalBytes: walk.bytes, skipped: walk.problems.length };
};

const pack = (folderOnDisk: string, { path, files }: { path: string; files: string[] }): Buffer => {
  const { top } = topOf(folderOnDisk, path);
  return tarOf(
    files.map((name) => {
      const onDisk = join(top, name);
      if (!existsSync(onDisk)) throw new Refused(404, 'NOT_FOUND', `${name} does not exist.`);
      if (!`${realpathSync(onDisk)}/`.startsWith(`${top}/`)) throw invalid('files', `${name} is a link that leads out of the folder`);
      if (!statSync(onDisk).isFile()) throw new Refused(409, 'CONFLICT', `${name} is not a regular file any more.`);
      return { name, mode: statSync(onDisk).mode & 0o777, bytes: readFileSync(onDisk) };
    }),
  );
};

/** `POST /files/manifest` and `POST /files/pack`; false: the call is another. A pack that fails is refused as a whole: a fake has all bytes at hand. */
export const handleTree = ({ method, url, body, response }: FakeCall, folderOnDisk: string): boolean => {
  const route = `${method} ${url.pathname}`;
  if (route !== 'POST /files/manifest' && route !== 'POST /files/pack') return false;
  try {
    const asked = JSON.parse(body.toString('utf8'));
    if (route === 'POST /files/manifest') answer(response, 200, manifest(folderOnDisk, asked));
    else response.writeHead(200, { 'content-type': 'application/x-tar' }).end(pack(folderOnDisk, asked));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { code, message, details } = error;
    answer(response, error.status, { code, message, ...(details && { details }) });
  }
  return true;
};
