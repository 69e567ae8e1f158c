import { answer, type FakeCall } from './call.ts';

interface FakeProcess {
  readonly id: string;
  readonly command: string | readonly string[];
  readonly name?: string;
  readonly autostart?: boolean;
  readonly restart?: string;
  readonly startedAt: string;
}

let count = 0;

const view = ({ id, command, name = '', autostart = false, restart = 'never', startedAt }: FakeProcess) => ({
  id,
  pid: 1,
  name,
  command,
  autostart,
  restart,
  restarts: 0,
  stateReason: null,
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
    const start = ({ command, name, autostart, restart }: Omit<FakeProcess, 'id' | 'startedAt'>): FakeProcess => {
      count += 1;
      const given = JSON.parse(JSON.stringify({ name, autostart, restart }));
      const made = { ...given, id: `prc_${String(count).padStart(26, '0')}`, command, startedAt: new Date().toISOString() };
      known.set(made.id, made);
      return made;
    };
    if (id === '' && method === 'POST') return done(view(start(JSON.parse(body.toString('utf8')))));
    if (id === 'boot') {
      const { start: wanted } = JSON.parse(body.toString('utf8'));
      if (wanted !== undefined && ![...known.values()].some(({ name }) => name === 'start')) start({ ...wanted, name: 'start' });
      return done({ processes: [...known.values()].map(view) });
    }
    if (process === undefined) {
      answer(response, 404, { code: 'NOT_FOUND', message: 'There is no such process.' });
      return true;
    }
    if (method === 'DELETE') known.delete(id);
    if (action === 'readiness') return done({ id, probed: false, ready: true, over: false, message: 'it runs' });
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
