import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@miosa/kernel';
import { AwsV4Signer } from 'aws4fetch';
import { away } from './faults.ts';
import { faultOfAnswer, isPassing } from './s3-answer.ts';

export interface S3Options {
  /** Scheme, host and port; AWS' own of the region when it is left out. */
  readonly endpoint?: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`; what most stores but AWS want. */
  readonly forcePathStyle?: boolean;
  /** Before every key, without slashes at its ends. */
  readonly prefix?: string;
}

export interface S3Call {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Below the bucket; empty: the bucket itself. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer is handed on as it comes, and may take as long as whoever reads it. */
  readonly streams?: boolean;
  readonly body?: { readonly bytes: Uint8Array | AsyncIterable<Uint8Array>; readonly sizeBytes: number; readonly sha256: string };
}

/** SHA-256 of nothing. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** Without a byte in either direction: also the time to connect. */
const IDLE_MS = 15_000;
/** A stream goes as fast as whoever sends or reads it. */
const STREAM_IDLE_MS = 120_000;
/** Beyond it, calls wait their turn. */
const CONNECTIONS = 64;
/** Servers close what is idle for 5 s and more; a connection closed just as a call is sent costs that call. */
const KEPT_MS = 4000;
/** Before the second, third and fourth try, each between half and all of it: a store that restarts or says "slow down" is asked again within 2 s. */
const WAITS_MS = [100, 400, 1600];

/** A stream cannot be sent again. */
const isStream = ({ body }: S3Call): boolean => body !== undefined && !(body.bytes instanceof Uint8Array);
const flows = (call: S3Call): boolean => call.streams === true || isStream(call);

/** Where the bucket is, without a slash at the end. */
export const addressOf = ({ endpoint, bucket, region, forcePathStyle = false }: S3Options): string => {
  const { protocol, host } = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  return forcePathStyle ? `${protocol}//${host}/${bucket}` : `${protocol}//${bucket}.${host}`;
};

/** Signed calls to one bucket. */
export const createS3Client = (options: S3Options) => {
  const { region, accessKeyId, secretAccessKey } = options;
  const base = addressOf(options);
  const isTls = base.startsWith('https:');
  const agent = new (isTls ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: CONNECTIONS, timeout: KEPT_MS });
  const cache = new Map<string, ArrayBuffer>();

  const signed = async ({ method, path, query, headers, body }: S3Call): Promise<{ url: URL; headers: Record<string, string> }> => {
    const url = new URL(`${base}/${path}`);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const signer = new AwsV4Signer({
      ...{ method, url: url.href, region, service: 's3', accessKeyId, secretAccessKey, cache },
      // The store refuses bytes with another hash: the signature covers them.
      headers: { ...headers, 'x-amz-content-sha256': body?.sha256 ?? EMPTY },
    });
    const made = await signer.sign();
    const length = body === undefined ? {} : { 'content-length': String(body.sizeBytes) };
    return { url: made.url, headers: { ...Object.fromEntries(made.headers), ...length } };
  };

  const send = async (call: S3Call): Promise<IncomingMessage> => {
    const { url, headers } = await signed(call);
    const request = (isTls ? requestHttps : requestHttp)(url, {
      method: call.method,
      headers,
      // What may take long has a connection of its own: it holds up no other call, and nobody can have closed it.
      agent: flows(call) ? false : agent,
      timeout: flows(call) ? STREAM_IDLE_MS : IDLE_MS,
    });
    return new Promise((resolve, reject) => {
      request.on('response', resolve).on('error', reject);
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      const bytes = call.body?.bytes;
      if (bytes === undefined || bytes instanceof Uint8Array) request.end(bytes);
      else pipeline(bytes, request).catch(reject);
    });
  };

  const attempt = async <T>(call: S3Call, read: (answer: IncomingMessage) => Promise<T>): Promise<T> => {
    const answer = await send(call);
    const { statusCode: status = 0 } = answer;
    if (status >= 200 && status <= 299) return read(answer);
    const fault = await faultOfAnswer(call.method, answer);
    if (isStream(call)) answer.destroy(); // it may have answered before all was sent
    throw fault;
  };

  return {
    /** Calls and reads the answer, again when that may help. Rejects with what the store said as a fault. */
    call: async <T>(call: S3Call, read: (answer: IncomingMessage) => Promise<T>): Promise<T> => {
      for (let tries = 0; ; tries++) {
        try {
          return await attempt(call, read);
        } catch (error) {
          const wait = WAITS_MS[tries];
          if (wait === undefined || isStream(call) || !isPassing(error))
            throw error instanceof Fault ? error : away(`s3: ${String(error)}`);
          await sleep(wait * (0.5 + Math.random() / 2));
        }
      }
    },
    close: (): void => agent.destroy(),
  };
};

export type S3Client = ReturnType<typeof createS3Client>;
