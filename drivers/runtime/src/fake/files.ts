import {
  copyFileSync,
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { answer, type FakeCall } from './call.ts';
import { handleTree } from './tree.ts';

const entry = (folder: string, path: string) => {
  const stat = lstatSync(join(folder, path));
  return {
    path,
    name: basename(path),
    type: stat.isSymbolicLink() ? 'symlink' : stat.isDirectory() ? 'dir' : 'file',
    sizeBytes: stat.size,
    mode: (stat.mode & 0o7777).toString(8).padStart(4, '0'),
    modifiedAt: stat.mtime.toISOString(),
  };
};

/** Paths are kept inside the folder by resolving them against `/` first; links are followed: this is a fake. */
export const handleFiles = ({ method, url, body, response }: FakeCall, folder: string) => {
  const inside = (path: string): string => resolve('/workspace', path);
  const onDisk = (path: string): string => join(folder, inside(path));
  const query = url.searchParams.get('path') ?? '.';
  const path = inside(query);
  const missing = (name: string) => answer(response, 404, { code: 'NOT_FOUND', message: `${name}: no such file or directory` });
  const put = (name: string, data: Buffer) => {
    mkdirSync(dirname(onDisk(name)), { recursive: true });
    writeFileSync(onDisk(name), data);
    return { path: inside(name), sizeBytes: data.length };
  };
  const json = () => JSON.parse(body.toString('utf8'));
  const route = `${method} ${url.pathname}`;
  if (handleTree({ method, url, body, response }, folder)) return;
  if (
    ['GET /files', 'GET /files/stat', 'GET /files/watch', 'GET /files/content', 'DELETE /files/content'].includes(route) &&
    !existsSync(onDisk(query))
  )
    return missing(path);
  if (route === 'GET /files') {
    const names = readdirSync(onDisk(query)).sort();
    return answer(response, 200, { path, entries: names.map((name) => entry(folder, join(path, name))) });
  }
  // Tells what is there as new, then ends as if the folder had gone: a fake waits for nothing.
  if (route === 'GET /files/watch') {
    const told = readdirSync(onDisk(query)).map((name) => ({ type: 'created', path: join(path, name), isDir: false, sizeBytes: 0 }));
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const gone = { type: 'deleted', path, isDir: true, sizeBytes: 0 };
    response.end([...told, gone].map((change) => `${JSON.stringify(change)}\n`).join(''));
    return;
  }
  if (route === 'GET /files/stat') return answer(response, 200, entry(folder, path));
  if (route === 'GET /files/content') {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    createReadStream(onDisk(query)).pipe(response);
    return;
  }
  if (route === 'PUT /files/content') {
    put(query, body);
    return answer(response, 200, entry(folder, path));
  }
  if (route === 'DELETE /files/content') {
    rmSync(onDisk(query), { recursive: url.searchParams.get('recursive') === 'true' });
    return answer(response, 204);
  }
  if (route === 'POST /files/mkdir') {
    mkdirSync(onDisk(json().path), { recursive: true });
    return answer(response, 200, entry(folder, inside(json().path)));
  }
  if (route === 'POST /files/rename' || route === 'POST /files/copy') {
    const { from, to } = json();
    if (!existsSync(onDisk(from))) return missing(inside(from));
    (route.endsWith('rename') ? renameSync : copyFileSync)(onDisk(from), onDisk(to));
    return answer(response, 200, entry(folder, inside(to)));
  }
  if (route === 'POST /files/chmod') {
    if (!existsSync(onDisk(json().path))) return missing(inside(json().path));
    return answer(response, 200, entry(folder, inside(json().path)));
  }
  // Nothing is packed: an archive is bytes to those who pass it on.
  if (route === 'GET /files/archive') {
    response.writeHead(200, { 'content-type': 'application/gzip' }).end('archive');
    return;
  }
  if (route === 'PUT /files/archive') return answer(response, 200, { files: 0, sizeBytes: body.length });
  if (route === 'POST /files/write-many') {
    const files = json().files as { path: string; content?: string; contentBase64?: string }[];
    const written = files.map((file) =>
      put(file.path, file.contentBase64 === undefined ? Buffer.from(file.content ?? '') : Buffer.from(file.contentBase64, 'base64')),
    );
    return answer(response, 200, { written, failed: [] });
  }
  return answer(response, 404, { code: 'NOT_FOUND', message: `The fake agent has no ${route}.` });
};

/** As the agent's `/confined/files`: a path that links lead out of `/workspace` is refused. Not free of races: this is a fake. */
export const handleConfined = (call: FakeCall, folder: string) => {
  const home = realpathSync(join(folder, 'workspace'));
  const behindLinks = (path: string): string => (existsSync(path) ? realpathSync(path) : behindLinks(dirname(path)));
  const { path, from, to, files = [] } = call.method === 'POST' ? JSON.parse(call.body.toString('utf8')) : {};
  const named = [call.url.searchParams.get('path'), path, from, to, ...files.map((file: { path?: string }) => file.path)];
  const isInside = (name: string): boolean => `${behindLinks(join(folder, resolve('/workspace', name)))}/`.startsWith(`${home}/`);
  if (!named.filter((name) => typeof name === 'string').every(isInside)) {
    const details = { reason: 'outside_workspace' };
    return answer(call.response, 403, { code: 'FORBIDDEN', message: 'A link leads out of /workspace.', details });
  }
  const url = new URL(call.url);
  url.pathname = url.pathname.slice('/confined'.length);
  return handleFiles({ ...call, url }, folder);
};
