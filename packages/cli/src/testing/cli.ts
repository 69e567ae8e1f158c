import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, vi } from 'vitest';
import type { Io } from '../io.ts';
import { run } from '../run.ts';

export type Handler = (request: IncomingMessage & { text: string; bytes: Buffer<ArrayBuffer> }, response: ServerResponse) => void;

interface RunOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  readonly answers?: string[];
  /** Somebody sits in front of it. */
  readonly terminal?: boolean;
  /** Hears how to press Ctrl-C. */
  readonly interruptible?: (interrupt: () => void) => void;
}

export const answer = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

export const refuse =
  (status: number, code: string): Handler =>
  (_request, response) =>
    answer(response, status, { error: { code, message: `${code}.`, request_id: 'req_7' } });

/** The command line in this process against an HTTP server of this process; both made anew for each test of the file. */
export class TestCli {
  #server: ReturnType<typeof createServer> | undefined;
  /** What the server does. */
  handler: Handler = refuse(500, 'UNEXPECTED');
  /** `METHOD path?query` of each request. */
  seen: string[] = [];
  folder = '';
  base = '';

  constructor() {
    beforeEach(() => this.#start());
    afterEach(() => this.#stop());
  }

  async #start(): Promise<void> {
    // The SDK reads these too; what the machine has set must not matter.
    for (const name of ['MIOSA_API_KEY', 'MIOSA_BASE_URL', 'MIOSA_TENANT', 'MIOSA_CA']) vi.stubEnv(name, '');
    this.folder = await mkdtemp(join(tmpdir(), 'miosa-cli-'));
    this.seen = [];
    this.handler = refuse(500, 'UNEXPECTED');
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      this.seen.push(`${request.method} ${request.url}`);
      const bytes = Buffer.concat(chunks);
      this.handler(Object.assign(request, { bytes, text: bytes.toString() }), response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#server = server;
  }

  async #stop(): Promise<void> {
    vi.unstubAllEnvs();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }

  async run(args: readonly string[], more: RunOptions = {}): Promise<{ code: number; out: string; err: string }> {
    let out = '';
    let err = '';
    const answers = [...(more.answers ?? [])];
    const io: Io = {
      env: { MIOSA_API_KEY: 'msk_test_1', MIOSA_BASE_URL: this.base, ...more.env },
      configDir: join(this.folder, '.miosa'),
      stdin: Object.assign(Readable.from(more.stdin === undefined ? [] : [Buffer.from(more.stdin)]), { isTTY: more.terminal === true }),
      out: (data) => {
        out += typeof data === 'string' ? data : Buffer.from(data).toString();
      },
      err: (data) => {
        err += typeof data === 'string' ? data : Buffer.from(data).toString();
      },
      drained: async () => undefined,
      ask: async () => answers.shift() ?? '',
      onInterrupt: (listener) => {
        more.interruptible?.(listener);
        return () => undefined;
      },
    };
    return { code: await run(args, io), out, err };
  }
}
