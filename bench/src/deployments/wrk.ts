import { spawn } from 'node:child_process';

export interface WrkJob {
  readonly port: number;
  readonly host: string;
  readonly path: string;
  readonly seconds: number;
  readonly connections: number;
}

export interface WrkResult {
  readonly perSecond: number;
  readonly requests: number;
  /** Answers other than 2xx and 3xx, and connections that broke. */
  readonly failed: number;
}

const parse = (text: string): WrkResult => {
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1).map(Number) ?? [];
  return {
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    requests: number(/(\d+) requests in/),
    failed: number(/Non-2xx or 3xx responses: (\d+)/) + errors.reduce((sum, n) => sum + n, 0),
  };
};

/** `wrk` on one thread, so that one of two processors is left to what is measured. `stop` ends it early. */
export const startWrk = ({ port, host, path, seconds, connections }: WrkJob) => {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-H', `Host: ${host}`, `http://127.0.0.1:${port}${path}`];
  const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const result = new Promise<WrkResult>((resolve, reject) => {
    child.once('error', () => reject(new Error('wrk is needed for this measurement: apt-get install wrk')));
    child.once('close', () => resolve(parse(text)));
  });
  return {
    result,
    stop: (): Promise<WrkResult> => {
      child.kill('SIGINT');
      return result;
    },
  };
};

export const wrk = (job: WrkJob): Promise<WrkResult> => startWrk(job).result;
