import type { AppLine, AppProcess, ProbeAnswer } from '../../sandboxes/index.ts';

/** Of the log, in a reason. */
const LINES = 5;
const LINE_MAX = 200;

export interface Unready {
  readonly port: number;
  readonly path: string;
  readonly withinSec: number;
  /** Of the last request. */
  readonly answer: ProbeAnswer | null;
  /** Undefined: not known. */
  readonly app: AppProcess | null | undefined;
  /** That listen in the machine. */
  readonly ports: readonly number[];
  readonly lines: readonly AppLine[];
}

const list = (ports: readonly number[]): string => ports.slice(0, 5).join(', ');

const whatHappened = ({ port, path, withinSec, answer, app, ports }: Unready): string => {
  const others = ports.filter((one) => one !== port);
  if (app === null) return 'Its run command was not started.';
  if (app !== undefined && (app.state === 'exited' || app.resting || app.restarts > 0)) {
    const times = app.restarts > 0 ? `, ${app.restarts + 1} times in a row` : '';
    return `Its run command ended${app.exitCode === null ? '' : ` with exit code ${app.exitCode}`}${times}. Run it in a sandbox to see what it needs.`;
  }
  if (answer !== null && 'status' in answer)
    return `GET ${path} was answered with ${answer.status} for ${withinSec} s; below 500 is healthy. Set health_check_path to a path that needs nothing else, or correct the app.`;
  if (answer !== null && answer.failure === 'no_answer')
    return `The app took connections on port ${port} but did not answer GET ${path} within ${withinSec} s.`;
  if (answer !== null && answer.failure === 'not_http') return `What listens on port ${port} does not speak HTTP/1.1.`;
  if (others.length > 0)
    return `Nothing listened on port ${port} within ${withinSec} s; the app listens on ${list(others)}. Set port to ${others[0]}, or let it listen on the port in $PORT.`;
  return `Nothing listened on port ${port} within ${withinSec} s. Let the app listen on the port in $PORT, on 127.0.0.1 or all addresses.`;
};

/** Why an instance never became healthy, and what to do about it, with the end of what it wrote. */
export const whyUnready = (seen: Unready): string => {
  const said = seen.lines
    .filter(({ line }) => line.trim() !== '')
    .slice(-LINES)
    .map(({ line }) => line.slice(0, LINE_MAX));
  return said.length === 0 ? whatHappened(seen) : `${whatHappened(seen)} Its last lines: ${said.join(' | ')}`;
};
