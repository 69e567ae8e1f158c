import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { problemIn } from './lines.ts';
import { openLogFile } from './log-file.ts';
import { createService, type Service } from './service.ts';

let folder: string;
let service: Service | undefined;
beforeEach(() => {
  folder = mkdtempSync('/tmp/service-test-');
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const node = (code: string) => async () => ({ file: process.execPath, args: ['-e', code], env: {} });
const until = async (condition: () => boolean) => {
  for (let tries = 0; tries < 500 && !condition(); tries++) await sleep(20);
  expect(condition()).toBe(true);
};

test('a process that is killed runs again under another id, and the console says so', async () => {
  const said: string[] = [];
  service = createService(
    { name: 'sleeper', command: node('setInterval(() => {}, 1000)'), ready: async () => true, graceMs: 2000 },
    folder,
    (text) => said.push(text),
  );
  await service.start();
  const first = service.pid ?? 0;
  process.kill(first, 'SIGKILL');
  await until(() => service?.pid !== undefined && service.pid !== first);
  expect(said.join('\n')).toContain('sleeper ended (SIGKILL)');
});

test('a process that keeps dying fails the start with its own words', async () => {
  const dying = createService(
    { name: 'dying', command: node('throw new Error("no database")'), ready: async () => false, graceMs: 1000 },
    folder,
    () => {},
  );
  await expect(dying.start()).rejects.toThrow('no database');
  await dying.stop();
});

test('stop ends a process that ignores SIGTERM, and nothing starts it again', async () => {
  service = createService(
    {
      name: 'stubborn',
      command: node('process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'),
      ready: async () => readFileSync(join(folder, 'stubborn.log'), 'utf8').includes('up'),
      graceMs: 200,
    },
    folder,
    () => {},
  );
  await service.start();
  const pid = service.pid ?? 0;
  await service.stop();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(service.pid).toBeUndefined();
  service = undefined;
});

/** Makes `mark` when it starts, as a runner mounts things; cleans up when asked, unless it is to fail. */
const leaving = (failures = 0) => {
  const mark = join(folder, 'mark');
  let asked = 0;
  const made = createService(
    {
      name: 'leaving',
      command: node(`require('node:fs').writeFileSync(${JSON.stringify(mark)}, ''); setInterval(() => {}, 1000)`),
      ready: async () => existsSync(mark),
      cleanUp: async (child) => {
        asked += 1;
        if (asked > failures) rmSync(mark);
        child.kill('SIGKILL');
        return asked > failures;
      },
      graceMs: 2000,
    },
    folder,
    () => {},
  );
  return { made, mark, asked: () => asked };
};

test('a stop that finds no process to clean up starts one for it', async () => {
  const { made, mark } = leaving();
  await made.start();
  process.kill(made.pid ?? 0, 'SIGKILL');
  await until(() => made.pid === undefined);
  await made.stop();
  expect(existsSync(mark)).toBe(false);
  expect(made.pid).toBeUndefined();
});

test('a clean-up that failed half-way is repeated by a new process', async () => {
  const { made, mark, asked } = leaving(1);
  await made.start();
  await made.stop();
  expect([existsSync(mark), asked(), made.pid]).toEqual([false, 2, undefined]);
});

test('a clean-up that never succeeds ends the process and says so', async () => {
  const { made, asked } = leaving(100);
  await made.start();
  await expect(made.stop()).rejects.toThrow('3 attempts to clean up failed');
  expect([asked(), made.pid]).toEqual([3, undefined]);
});

test('logs stay within three files of the bound', () => {
  const path = join(folder, 'x.log');
  const log = openLogFile(path, 1000);
  for (let line = 0; line < 1000; line++) log.write(`${'x'.repeat(99)}\n`);
  log.close();
  for (const name of [path, `${path}.1`, `${path}.2`]) expect(readFileSync(name).length).toBeLessThanOrEqual(1100);
  expect(() => readFileSync(`${path}.3`)).toThrow('ENOENT');
});

test('only errors and crashes reach the console', () => {
  expect(problemIn('{"level":30,"msg":"request"}')).toBeNull();
  expect(problemIn('{"level":50,"msg":"lost the database","err":{"message":"ECONNREFUSED"}}')).toBe('lost the database: ECONNREFUSED');
  expect(problemIn('{"level":"info","msg":"request"}')).toBeNull();
  expect(problemIn('{"level":"fatal","msg":"gone"}')).toBe('gone');
  expect(problemIn('TypeError: x is not a function')).toBe('TypeError: x is not a function');
  expect(problemIn('  ')).toBeNull();
});
