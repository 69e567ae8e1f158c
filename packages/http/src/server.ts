import { randomBytes } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { Fault } from '@miosa/kernel';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { createApp } from './app.ts';
import { createCursors } from './cursor.ts';
import { answersStored } from './idempotency.ts';
import { createMetrics } from './metrics.ts';
import type { ServerOptions } from './options.ts';
import { createValidator } from './validation.ts';

export interface Server {
  /** Public API on a unix socket (mode 0660). */
  listen(socketPath: string): Promise<void>;
  /** Routes declared `internal`, `/metrics` and health on another unix socket. */
  listenInternal(socketPath: string): Promise<void>;
  /** Stops accepting, ends streams, lets requests in flight finish, then cuts what is left. */
  close(): Promise<void>;
  /** In-process request to the public listener (tests). */
  inject(request: InjectOptions | string): Promise<LightMyRequestResponse>;
  injectInternal(request: InjectOptions | string): Promise<LightMyRequestResponse>;
}

/** A socket file without a listener is left over from a killed process. */
const removeStaleSocket = async (path: string): Promise<void> => {
  const alive = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => resolve(true)).on('error', () => resolve(false));
    socket.unref();
    socket.once('connect', () => socket.destroy());
  });
  if (alive) throw new Error(`Another process listens on ${path}. Stop it first.`);
  await rm(path, { force: true });
};

const listenOn = async (app: FastifyInstance, path: string): Promise<void> => {
  await removeStaleSocket(path);
  await app.listen({ path });
  await chmod(path, 0o660);
};

export const createServer = async (options: ServerOptions): Promise<Server> => {
  const shared = {
    options,
    validator: createValidator(),
    cursors: createCursors(options.cursorSecret ?? randomBytes(32)),
    metrics: createMetrics(),
    drain: new AbortController(),
  };
  const [open, internal] = [createApp('public', shared), createApp('internal', shared)];
  await Promise.all([open.app.ready(), internal.app.ready()]);
  if (options.checkResponses === true) await shared.validator.warm();

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    shared.drain.abort(new Fault('UNAVAILABLE', 'The server is restarting. Connect again.'));
    await Promise.all([open.drain(options.graceMs ?? 10_000), internal.drain(options.graceMs ?? 10_000)]);
    if (options.idempotency !== undefined) await answersStored(options.idempotency);
  };
  return {
    listen: async (path) => {
      await listenOn(open.app, path);
      void shared.validator.warm().catch((error: unknown) => options.log.error({ error }, 'a declared schema does not compile'));
    },
    listenInternal: (path) => listenOn(internal.app, path),
    close: () => {
      closing ??= close();
      return closing;
    },
    inject: (request) => open.app.inject(request) as Promise<LightMyRequestResponse>,
    injectInternal: (request) => internal.app.inject(request) as Promise<LightMyRequestResponse>,
  };
};
