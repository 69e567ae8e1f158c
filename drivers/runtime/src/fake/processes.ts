import { answer, type FakeCall } from './call.ts';

interface FakeProcess {
  readonly id: string;
  readonly command: string | readonly string[];
  readonly startedAt: string;
}

let count = 0;

const view = ({ id, command, startedAt }: FakeProcess) => ({
  id,
  pid: 1,
  command,
  cwd: '/workspace',
  state: 'running',
  startedAt,
  logBytes: 0,
  logTruncated: false,
});

/** Background processes as records: nothing runs. Answers whether the call was one of theirs. */
export const createFakeProcesses = () => {
  const known = new Map<string, FakeProcess>();
  return ({ method, url, body, response }: FakeCall): boolean => {
    const [root, id = '', action = ''] = url.pathname.slice(1).split('/');
    if (root !== 'processes') return false;
    const process = known.get(id);
    const done = (value: unknown = {}): true => {
      answer(response, 200, value);
      return true;
    };
    if (id === '' && method === 'GET') return done({ processes: [...known.values()].map(view) });
    if (id === '' && method === 'POST') {
      count += 1;
      const { command } = JSON.parse(body.toString('utf8'));
      const made = { id: `prc_${String(count).padStart(26, '0')}`, command, startedAt: new Date().toISOString() };
      known.set(made.id, made);
      return done(view(made));
    }
    if (process === undefined) {
      answer(response, 404, { code: 'NOT_FOUND', message: 'There is no such process.' });
      return true;
    }
    if (method === 'DELETE') known.delete(id);
    if (action === 'logs') return done({ stdout: '', stderr: '', truncated: false });
    if (action === 'stream') {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      const exit = { type: 'exit', exitCode: 0, durationMs: 1, timedOut: false };
      response.end(`${JSON.stringify({ type: 'started', processId: id, pid: 1 })}\n${JSON.stringify(exit)}\n`);
      return true;
    }
    return done(action === '' && method === 'GET' ? view(process) : {});
  };
};
