import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BlobStore } from '@miosa/blobs';
import { Fault, type Log } from '@miosa/kernel';
import { type ByteRange, chooseForm, type Found, isUnchanged, rangeOf, readWeights, type Weights } from '@miosa/releases';
import type { Sites, SiteTarget } from '../deployments/sites.ts';
import { hasBody } from '../proxy/forward.ts';
import { discardBody } from '../proxy/unread.ts';
import { REFUSALS, type Refusal } from '../refusal.ts';
import type { Visit } from '../visit.ts';
import { createBodies, SMALL_BYTES } from './bodies.ts';
import { type Prepared, REVALIDATE, withRequestId } from './heads.ts';
import { createLarge } from './large.ts';
import { createSites, type HeldSite } from './sites.ts';

export interface StaticOptions {
  readonly blobs: BlobStore;
  readonly log: Log;
  /** Room for sites taken apart, and for contents of small files. */
  readonly maxManifestBytes: number;
  readonly maxFileBytes: number;
  /** How long a visitor may take nothing of a large file before the connection is closed; a minute unless set otherwise. */
  readonly stallMs?: number;
}

interface Asked {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly visit: Visit;
  readonly target: SiteTarget;
  readonly refuse: (refusal: Refusal) => void;
}

const STALL_MS = 60_000;
const METHODS = 'GET, HEAD, OPTIONS';
const NOT_ALLOWED: Refusal = Object.freeze({
  ...{ status: 405, code: 'METHOD_NOT_ALLOWED', title: 'Not for this', message: 'These are files: they can be read, and nothing else.' },
});
const DAMAGED: Refusal = Object.freeze({
  ...{ status: 502, code: 'UPSTREAM_UNREACHABLE', title: 'This file cannot be shown' },
  message: 'It is missing or damaged in the store. Publishing again repairs it.',
});

const NO_PAGE: Refusal = Object.freeze({
  ...{ status: 404, code: 'NOT_FOUND', title: 'Page not found', message: 'This site has no page at this address.' },
});

/** Browsers send one of a dozen values; those are read once. */
const MAX_KNOWN_WEIGHTS = 256;

const createWeights = (): ((header: string | undefined) => Weights) => {
  const known = new Map<string | undefined, Weights>();
  return (header) => {
    const found = known.get(header);
    if (found !== undefined) return found;
    const read = readWeights(header);
    if (known.size >= MAX_KNOWN_WEIGHTS) known.clear();
    if ((header?.length ?? 0) <= 200) known.set(header, read);
    return read;
  };
};

/** The plain bytes alone have ranges: those of a compressed form mean nothing to players and download managers. */
const PLAIN = 0;

/** Serves published files from the blob store (contract 4.5, static serving). What is in memory is answered without waiting for anything. */
export const createStatic = ({ blobs, log, maxManifestBytes, maxFileBytes, stallMs = STALL_MS }: StaticOptions): Sites => {
  const sites = createSites(blobs, maxManifestBytes);
  const bodies = createBodies(blobs, maxFileBytes);
  const large = createLarge(blobs, stallMs);
  const weightsOf = createWeights();

  const failed = (asked: Asked, error: unknown): void => {
    const { res, visit, target } = asked;
    if (res.headersSent || res.destroyed) {
      const left = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
      if (!left) log.error({ requestId: visit.requestId, ...target, error }, 'a file broke off');
      return void res.destroy();
    }
    const code = error instanceof Fault ? error.code : 'INTERNAL';
    log.error({ requestId: visit.requestId, ...target, code, error }, 'a file of a site cannot be read');
    asked.refuse(code === 'UNAVAILABLE' || code === 'TIMEOUT' ? REFUSALS.platformDown : DAMAGED);
  };

  const sendBytes = ({ res, visit }: Asked, prepared: Prepared, bytes: Buffer, range: ByteRange | null): void => {
    if (range === null) {
      res.writeHead(prepared.status, withRequestId(prepared.whole, visit.requestId));
      res.end(bytes);
    } else {
      res.writeHead(206, partHead(prepared, range, visit));
      res.end(bytes.subarray(range.start, range.end + 1));
    }
  };

  const partHead = (prepared: Prepared, { start, end }: ByteRange, visit: Visit): string[] => [
    ...prepared.part,
    ...['Content-Range', `bytes ${start}-${end}/${prepared.form.size}`, 'Content-Length', String(end - start + 1)],
    ...['X-Request-ID', visit.requestId],
  ];

  /** `orElse`: what to do instead when the bytes are not to be had and nothing was sent; without it, the visitor is told. */
  const sendFile = (
    asked: Asked,
    prepared: Prepared,
    range: ByteRange | null,
    orElse?: () => Promise<void> | void,
  ): Promise<void> | void => {
    const { res, visit, target } = asked;
    const { form } = prepared;
    const kept = prepared.body?.value ?? null;
    if (kept !== null && prepared.body !== null) {
      prepared.body.used = true;
      return sendBytes(asked, prepared, kept, range);
    }
    const key = `${target.tenantId}/${form.sha256}`;
    const fail = (error: unknown): Promise<void> | void => {
      if (orElse === undefined || res.headersSent || res.destroyed) return failed(asked, error);
      log.error({ requestId: visit.requestId, ...target, key, error }, 'a compressed form cannot be read: the plain file is sent');
      return orElse();
    };
    if (form.size <= SMALL_BYTES) {
      return bodies.read(key, form).then(({ entry, bytes }) => {
        prepared.body = entry;
        if (!res.destroyed) sendBytes(asked, prepared, bytes, range);
      }, fail);
    }
    const head = (): void => {
      if (range === null) res.writeHead(prepared.status, withRequestId(prepared.whole, visit.requestId));
      else res.writeHead(206, partHead(prepared, range, visit));
    };
    return large.send(res, key, form, range, head).catch(fail);
  };

  const answer = (asked: Asked, held: HeldSite, found: Found): Promise<void> | void => {
    const { req, res, visit } = asked;
    const { headers } = req;
    const isWhole = headers.range === undefined || req.method !== 'GET' || found.status !== 200;
    const sizeOf = (encoding: number): number => held.site.files.sizeOf(found.number, encoding);
    const encoding = isWhole ? chooseForm(weightsOf(headers['accept-encoding'] as string | undefined), sizeOf) : PLAIN;
    const prepared = sites.prepared(held, found, encoding);
    if (found.status === 200 && isUnchanged(headers['if-none-match'], prepared.etag)) {
      res.writeHead(304, withRequestId(prepared.unchanged, visit.requestId));
      return void res.end();
    }
    if (req.method === 'HEAD') {
      res.writeHead(prepared.status, withRequestId(prepared.whole, visit.requestId));
      return void res.end();
    }
    if (isWhole) {
      const plain = (): Promise<void> | void => sendFile(asked, sites.prepared(held, found, PLAIN), null);
      return sendFile(asked, prepared, null, encoding === PLAIN ? undefined : plain);
    }
    const condition = headers['if-range'];
    const range = condition === undefined || condition === prepared.etag ? rangeOf(headers.range, prepared.form.size) : null;
    if (range !== 'unsatisfiable') return sendFile(asked, prepared, range);
    const unsatisfied = ['Content-Range', `bytes */${prepared.form.size}`, 'Content-Length', '0', 'X-Request-ID', visit.requestId];
    res.writeHead(416, [...prepared.part, ...unsatisfied]).end();
  };

  const redirect = ({ res, visit }: Asked, status: number, location: string): void => {
    // Never kept by browsers: a permanent one would outlive the version that made it.
    const head = ['Location', location, 'Cache-Control', REVALIDATE, 'X-Content-Type-Options', 'nosniff', 'Content-Length', '0'];
    res.writeHead(status, [...head, 'X-Request-ID', visit.requestId]).end();
  };

  const serve = (asked: Asked, held: HeldSite): Promise<void> | void => {
    const { req, res, visit } = asked;
    const url = req.url ?? '/';
    const mark = url.indexOf('?');
    const path = mark === -1 ? url : url.slice(0, mark);
    if (req.method === 'OPTIONS') {
      const own = held.site.fields(held.site.rulesFor(path)).flat();
      return void res.writeHead(204, ['Allow', METHODS, ...own, 'X-Request-ID', visit.requestId]).end();
    }
    const resolved = held.site.resolve(path, mark === -1 ? '' : url.slice(mark + 1));
    if (resolved.kind === 'file') return answer(asked, held, resolved);
    if (resolved.kind === 'redirect') return redirect(asked, resolved.status, resolved.location);
    asked.refuse(resolved.kind === 'malformed' ? REFUSALS.badRequest : NO_PAGE);
  };

  return {
    request: (req, res, visit, target, refuse) => {
      const asked = { req, res, visit, target, refuse };
      if (hasBody(req)) discardBody(req);
      if (req.method !== 'GET' && req.method !== 'HEAD' && req.method !== 'OPTIONS') {
        res.setHeader('Allow', METHODS);
        return refuse(NOT_ALLOWED);
      }
      const held = sites.find(target);
      if (!(held instanceof Promise)) return serve(asked, held);
      return held.then(
        (loaded) => (res.destroyed ? undefined : serve(asked, loaded)),
        (error: unknown) => failed(asked, error),
      );
    },
  };
};
