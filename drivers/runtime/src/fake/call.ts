import type { ServerResponse } from 'node:http';

export interface FakeCall {
  readonly method: string;
  readonly url: URL;
  readonly body: Buffer;
  readonly response: ServerResponse;
}

export const answer = (response: ServerResponse, status: number, body?: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body === undefined ? '' : JSON.stringify(body));
};
