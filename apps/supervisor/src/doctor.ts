import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cgroups, disk, type Finding, fileSystems, kernel, kvm, memory, operatingSystem, userNamespaces } from './doctor/facts.ts';
import { tools } from './doctor/tools.ts';
import { layoutOf, type Options } from './options.ts';
import { holderOf } from './setup/lock.ts';
import { isFree } from './setup/ports.ts';

const SIGNS = { ok: 'ok  ', warn: 'note', bad: 'BAD ' } as const;

const ports = async (options: Options): Promise<Finding> => {
  const value = `${options.httpPort}, ${options.httpsPort}`;
  if (holderOf(layoutOf(options).lock) !== null) return { name: 'ports', state: 'ok', value: `${value} (the platform is running)` };
  const taken: number[] = [];
  for (const port of [options.httpPort, options.httpsPort]) if (!(await isFree(port))) taken.push(port);
  if (taken.length === 0) return { name: 'ports', state: 'ok', value: `${value} free` };
  return {
    name: 'ports',
    state: 'bad',
    value: `${taken.join(', ')} taken`,
    advice: 'stop the other program or choose with --http-port and --https-port',
  };
};

const template = ({ cache }: Options): Finding =>
  existsSync(join(cache, 'templates', 'miosa-sandbox', 'current', 'manifest.json'))
    ? { name: 'base template', state: 'ok', value: 'built' }
    : { name: 'base template', state: 'warn', value: 'not built', advice: "'./miosa up' builds it once (about a minute)" };

/** What this machine can do and what would be better. Exit code 1 when something is missing without which the platform cannot run. */
export const doctor = async (options: Options, args: readonly string[]): Promise<number> => {
  const findings: Finding[] = [
    operatingSystem(),
    kernel(),
    memory(),
    cgroups(),
    userNamespaces(),
    ...fileSystems(),
    ...tools(options.data),
    kvm(),
    disk('data disk', options.data, 2),
    disk('cache disk', options.cache, 2),
    await ports(options),
    template(options),
  ];
  const good = findings.every(({ state }) => state !== 'bad');
  if (args.includes('--json')) {
    console.log(JSON.stringify({ ok: good, findings }, null, 2));
    return good ? 0 : 1;
  }
  for (const { name, state, value, advice } of findings) {
    console.log(`${SIGNS[state]} ${name.padEnd(16)} ${value}`);
    if (advice !== undefined) console.log(`${' '.repeat(22)}${advice}`);
  }
  console.log(good ? '\nThis machine can run the platform.' : '\nThis machine cannot run the platform yet: see BAD above.');
  return good ? 0 : 1;
};
