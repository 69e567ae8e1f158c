import type { Readable } from 'node:stream';
import { Fault } from '@miosa/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { logFault, publicFault, toFault } from './faults.ts';
import type { ServerOptions } from './options.ts';
import type { RequestOp } from './request-op.ts';
import type { RawResponse, SseResponse } from './route.ts';
import { writeSse } from './sse.ts';

const isReadable = (body: RawResponse['body']): body is Readable => typeof body === 'object' && !Buffer.isBuffer(body);

export interface Streams {
  sendSse(op: RequestOp, reply: FastifyReply, response: SseResponse): Promise<void>;
  sendRaw(op: RequestOp, request: FastifyRequest, reply: FastifyReply, response: RawResponse): FastifyReply;
}

/** Answers that may stay open for long. They end with the credential they were opened with, events also with the process. */
export const createStreams = ({ watchCredential, translate }: ServerOptions, drain: AbortSignal): Streams => {
  const credentialEnd = (op: RequestOp, reply: FastifyReply): AbortSignal => {
    const ended = new AbortController();
    const unwatch = watchCredential?.(op.actor, () => ended.abort(new Fault('UNAUTHORIZED', 'The credential has ended.')));
    if (unwatch !== undefined) reply.raw.once('close', unwatch);
    return ended.signal;
  };
  return {
    sendSse: async (op, reply, { events }) => {
      reply.hijack();
      await writeSse(reply.raw, events, {
        headers: reply.getHeaders() as Record<string, string>,
        end: AbortSignal.any([drain, credentialEnd(op, reply)]),
        toFault: (error) => {
          const fault = toFault(error, translate);
          logFault(op.log, fault, { stream: true });
          return publicFault(fault);
        },
      });
    },
    sendRaw: (op, request, reply, { status, headers, body }) => {
      reply.code(status).header('content-type', 'application/octet-stream').headers(headers);
      if (!isReadable(body)) return reply.send(body);
      if (request.method === 'HEAD') {
        body.destroy();
        return reply.send('');
      }
      credentialEnd(op, reply).addEventListener('abort', () => reply.raw.destroy());
      return reply.send(body); // piped with back-pressure; destroyed when the client hangs up
    },
  };
};
