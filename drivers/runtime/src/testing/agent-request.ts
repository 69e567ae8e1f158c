import { request } from 'node:http';
import type { AgentEndpoint } from '../port.ts';

export interface AgentReply {
  readonly status: number;
  readonly body: unknown;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly truncated: boolean;
}

/** One JSON request to the agent of a sandbox. Rejects when it does not answer within `timeoutMs`. */
export const agentRequest = (
  endpoint: AgentEndpoint,
  method: string,
  path: string,
  body?: object,
  timeoutMs = 30_000,
): Promise<AgentReply> =>
  new Promise((resolve, reject) => {
    const target = 'socketPath' in endpoint ? { socketPath: endpoint.socketPath } : { host: endpoint.host, port: endpoint.port };
    const call = request({ ...target, method, path, agent: false, headers: { 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) }));
      response.on('error', reject);
    });
    const timer = setTimeout(() => call.destroy(new Error('the agent did not answer')), timeoutMs);
    call.on('close', () => clearTimeout(timer));
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });

/** The bytes of an answer to a JSON request. */
export const agentBytes = (endpoint: AgentEndpoint, path: string, body: object): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const target = 'socketPath' in endpoint ? { socketPath: endpoint.socketPath } : { host: endpoint.host, port: endpoint.port };
    const call = request({ ...target, method: 'POST', path, agent: false, headers: { 'content-type': 'application/json' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });

/** Runs a command inside and returns what it printed; a string is a shell line. */
export const execInside = async (
  endpoint: AgentEndpoint,
  command: string | readonly string[],
  options: { user?: 'sandbox' | 'root'; timeoutMs?: number } = {},
): Promise<ExecResult> => {
  const timeoutMs = options.timeoutMs ?? 20_000;
  const reply = await agentRequest(endpoint, 'POST', '/exec', { command, user: options.user ?? 'sandbox', timeoutMs }, timeoutMs + 10_000);
  if (reply.status !== 200) throw new Error(`exec: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body as ExecResult;
};
