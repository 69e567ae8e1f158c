import { expect, test } from 'vitest';
import type { AgentProcess } from '../agent/protocol.ts';
import { changesBetween, type Look } from './changes.ts';

const process = (id: string, state: 'running' | 'exited', startedAt = 't1'): AgentProcess => ({
  ...{ id, pid: 7, command: 'x', cwd: '/', state, startedAt, logBytes: 0, logTruncated: false },
});
const port = (number: number, address = '0.0.0.0') => ({ port: number, address });
const told = (before: Look, after: Look): string[] =>
  changesBetween(before, after).map((change) =>
    'process' in change ? `${change.type} ${change.process.id}` : `${change.type} ${change.port.port}`,
  );

test('a command that began and ended between two looks is told of as both, in this order; one that was there is not', () => {
  const before = { processes: [process('old', 'exited'), process('goes', 'running')], ports: undefined };
  const after = { processes: [process('old', 'exited'), process('goes', 'exited'), process('new', 'exited')], ports: undefined };
  expect(told(before, after)).toEqual(['exec.completed goes', 'exec.started new', 'exec.completed new']);
  expect(told(after, after)).toEqual([]);
});

test('a service that runs again under its id has started again', () => {
  const before = { processes: [process('web', 'running')], ports: undefined };
  expect(told(before, { processes: [process('web', 'running', 't2')], ports: undefined })).toEqual(['exec.started web']);
});

test('a port is told of once however many addresses it has, and not while nobody looked', () => {
  const none = { processes: [], ports: [] };
  const some = { processes: [], ports: [port(80), port(80, '::'), port(5173)] };
  expect(told(none, some)).toEqual(['port.opened 80', 'port.opened 5173']);
  expect(told(some, { processes: [], ports: [port(80, '::')] })).toEqual(['port.closed 5173']);
  expect(told(some, { processes: [], ports: undefined })).toEqual([]);
});
