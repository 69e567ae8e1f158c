import { platform, unique } from './context.ts';
import { request } from './request.ts';

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read wire bodies.
  readonly data: any;
  // biome-ignore lint/suspicious/noExplicitAny: tests read wire bodies.
  readonly error: any;
  readonly text: string;
}

/** A call of the API with the first organization's key. */
export const call = async (method: string, path: string, body?: object): Promise<Reply> => {
  const headers = { authorization: `Bearer ${platform().apiKey}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await request(`${platform().apiUrl}/api/v1${path}`, { method, headers, ...sent });
  const { data, error } = JSON.parse(answer.body);
  return { status: answer.status, data, error, text: answer.body };
};

export interface Deployment {
  readonly id: string;
  readonly public_url: string;
  readonly webhook_secret: string;
}

/** Deployments that go with the test. */
export const createDeployments = () => {
  const made: string[] = [];
  return {
    create: async (body: object = {}): Promise<Deployment> => {
      const { status, data, text } = await call('POST', '/deployments', { name: unique('Build'), ...body });
      if (status !== 201) throw new Error(text);
      made.push(data.id);
      return data;
    },
    close: async (): Promise<void> => {
      for (const id of made) await call('DELETE', `/deployments/${id}`);
    },
  };
};

/** Publishes a sandbox's project as it is; what the build said is part of the error. */
export const publishSandbox = async ({ id }: Deployment, sandboxId: string, more: object = {}) => {
  const answer = await call('POST', `/deployments/${id}/publish`, { source_sandbox_id: sandboxId, wait_seconds: 110, ...more });
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}\n${await linesOf(id)}`);
  return answer.data.version;
};

/** What the newest build of a deployment has said. */
export const linesOf = async (id: string): Promise<string> => {
  const { data } = await call('GET', `/deployments/${id}/builds`);
  const logs = await call('GET', `/deployments/${id}/builds/${data[0].id}/logs?lines=10000`);
  return logs.data.map(({ line }: { line: string }) => line).join('\n');
};
