import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import type { BlobStore } from '@miosa/blobs';
import type { Log } from '@miosa/kernel';
import { decodePath, type ManifestFile } from '@miosa/releases';
import type { Sites, SiteTarget } from '../deployments/sites.ts';
import { REFUSALS, type Refusal } from '../refusal.ts';
import type { Visit } from '../visit.ts';
import { createByteCache } from './byte-cache.ts';
import { type Loaded, load, MEMORY_PER_BYTE, withRules } from './loaded.ts';
import type { Form } from './negotiate.ts';
import { type ByteRange, rangeOf } from './range.ts';

export interface StaticDeps {
  readonly blobs: BlobStore;
  readonly log: Log;
  /** Releases kept in memory; bytes. */
  readonly maxManifestBytes?: number;
  /** Small files kept in memory; bytes. */
  readonly maxFileBytes?: number;
}

const DEFAULT_MANIFEST_BYTES = 96 * 2 ** 20;
const DEFAULT_FILE_BYTES = 96 * 2 ** 20;
/** Larger files are streamed. */
const SMALL_BYTES = 256 * 1024;

const ALLOW = ['Allow', 'GET, HEAD, OPTIONS', 'Content-Length', '0'];

/** Whether a validator of the visitor is the current one (RFC 9110 §13.1.2; weak comparison). */
const isCurrent = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header === etag || header.trim() === '*' || header.split(',').some((item) => item.trim().replace(/^W\//, '') === etag));

const headerIn = (head: readonly string[], name: string): string => head[head.indexOf(name) + 1] ?? '';

/** Serves static releases from the blob store, hot ones from memory. */
export const createStatic = (deps: StaticDeps): Sites => {
  const { blobs, log } = deps;
  const releases = createByteCache<Loaded>(deps.maxManifestBytes ?? DEFAULT_MANIFEST_BYTES);
  const bodies = createByteCache<Buffer>(deps.maxFileBytes ?? DEFAULT_FILE_BYTES);
  const loading = new Map<string, Promise<unknown>>();

  /** One read for all who ask at once. */
  const once = <T>(key: string, read: () => Promise<T>): Promise<T> => {
    const running = loading.get(key) as Promise<T> | undefined;
    if (running !== undefined) return running;
    const work = read().finally(() => loading.delete(key));
    loading.set(key, work);
    return work;
  };

  const loadRelease = (key: string): Promise<Loaded> =>
    once(`release ${key}`, async () => {
      const bytes = await blobs.get(key);
      const loaded = load(bytes);
      releases.set(key, loaded, bytes.length * MEMORY_PER_BYTE);
      return loaded;
    });

  const loadBody = (key: string): Promise<Buffer> =>
    once(`body ${key}`, async () => {
      const bytes = await blobs.get(key);
      bodies.set(key, bytes, bytes.length);
      return bytes;
    });

  const openBody = async (key: string, range: ByteRange | undefined): Promise<Readable> => {
    const path = blobs.localPath(key);
    return path === null ? (await blobs.open(key, range)).stream : createReadStream(path, range);
  };

  const stream = (res: ServerResponse, visit: Visit, source: Readable, begin: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      source.once('error', reject);
      source.once('readable', () => {
        begin();
        pipeline(source, res, (error) => {
          // Half of a file is not a whole one: the connection breaks, and the visitor's client knows.
          if (error && !res.destroyed) log.error({ requestId: visit.requestId, error }, 'a file broke off while it was sent');
          resolve();
        });
      });
    });

  const sendFile = async (
    req: IncomingMessage,
    res: ServerResponse,
    visit: Visit,
    target: SiteTarget,
    loaded: Loaded,
    file: ManifestFile,
    status: 200 | 404,
  ): Promise<void> => {
    const served = loaded.served(file);
    const wantsRange = req.headers.range !== undefined && status === 200;
    const form: Form = wantsRange ? served.identity : served.formFor(req.headers['accept-encoding'] as string | undefined);
    let head = served.headOf(form);
    const etag = headerIn(head, 'ETag');
    if (loaded.site.hasHeaderRules) {
      const path = decodePath((req.url ?? '/').split('?', 1)[0] ?? '/');
      const rules = path == null ? [] : loaded.site.headersFor(path);
      if (rules.length > 0) head = withRules(head, rules);
    }
    if (status === 200 && isCurrent(req.headers['if-none-match'], etag)) return void res.writeHead(304, head as string[]).end();
    const ifRange = req.headers['if-range'];
    const range = wantsRange && (ifRange === undefined || ifRange === etag) ? rangeOf(req.headers.range, form.size) : undefined;
    if (range === null) return void res.writeHead(416, ['Content-Range', `bytes */${form.size}`, 'Content-Length', '0']).end();
    const length = range === undefined ? form.size : range.end - range.start + 1;
    const whole = [...head, 'Content-Length', String(length)];
    if (range !== undefined) whole.push('Content-Range', `bytes ${range.start}-${range.end}/${form.size}`);
    const code = range === undefined ? status : 206;
    if (req.method === 'HEAD' || length === 0) return void res.writeHead(code, whole).end();
    const key = `${target.tenantId}/${form.sha256}`;
    if (form.size <= SMALL_BYTES) {
      const body = bodies.get(key) ?? (await loadBody(key));
      if (res.destroyed) return;
      res.writeHead(code, whole).end(range === undefined ? body : body.subarray(range.start, range.end + 1));
      return;
    }
    const source = await openBody(key, range);
    if (res.destroyed) return void source.destroy();
    await stream(res, visit, source, () => res.writeHead(code, whole));
  };

  const answer = (
    req: IncomingMessage,
    res: ServerResponse,
    visit: Visit,
    target: SiteTarget,
    loaded: Loaded,
    refuse: (refusal: Refusal) => void,
  ): Promise<void> | void => {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.writeHead(req.method === 'OPTIONS' ? 204 : 405, req.method === 'OPTIONS' ? ALLOW.slice(0, 2) : ALLOW).end();
      return;
    }
    const found = loaded.site.resolve(req.url ?? '/', target.spa);
    if (found.kind === 'file') return sendFile(req, res, visit, target, loaded, found.file, found.status);
    if (found.kind === 'bad') return refuse(REFUSALS.badRequest);
    if (found.kind === 'missing') return refuse(REFUSALS.noSuchPage);
    res.writeHead(found.status, ['Location', found.location, 'Cache-Control', 'no-cache', 'Content-Length', '0']).end();
  };

  const request: Sites['request'] = async (req, res, visit, target, refuse) => {
    const key = `${target.tenantId}/${target.manifestSha256}`;
    try {
      await answer(req, res, visit, target, releases.get(key) ?? (await loadRelease(key)), refuse);
    } catch (error) {
      log.error({ requestId: visit.requestId, release: target.manifestSha256, error }, 'a file of a release cannot be read');
      refuse(REFUSALS.platformDown);
    }
  };

  return { request };
};
