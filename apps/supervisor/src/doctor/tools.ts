import { join } from 'node:path';
import { advisoriesFor, compareVersions } from './advisories.ts';
import { type Finding, output, read } from './facts.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholder.
const packaged = (name: string): string | null => output('dpkg-query', ['--show', '--showformat=${Version}', name]);

const runtime = (tool: 'crun' | 'runc', required: boolean): Finding => {
  const version = /version (\S+)/.exec(output(tool, ['--version']) ?? '')?.[1];
  if (version === undefined) {
    return required
      ? { name: tool, state: 'bad', value: 'absent', advice: `apt-get install ${tool}` }
      : { name: tool, state: 'ok', value: 'absent (not needed)' };
  }
  const build = packaged(tool);
  const known = advisoriesFor(tool, version, build);
  const value = `${version}${build === null ? '' : ` (package ${build})`}`;
  if (known.length === 0) return { name: tool, state: 'ok', value: `${value}, no advisory known to this program` };
  const text = known.map(({ id, what, fixed }) => `${id}: ${what}; fixed in ${fixed.join(', ')}`).join(' · ');
  return { name: tool, state: 'warn', value, advice: text };
};

interface Tiers {
  readonly offered: readonly string[];
  readonly absent: readonly { readonly isolation: string; readonly reason: string }[];
}

/** What the runner found out by starting a sandbox when it last started. */
const triedTiers = (dataDir: string): Tiers | null => {
  const text = read(join(dataDir, 'runner', 'tiers.json'));
  return text === '' ? null : (JSON.parse(text) as Tiers);
};

/** Of releases before 2023, seen with 20221219: they refuse a flag of stat calls. */
const OLD_GVISOR = 'before 2023, ls and stat of coreutils 9 (Debian 12) fail in it with EINVAL; gVisor releases every week with fixes';

const gvisor = (dataDir: string): Finding => {
  const name = 'gVisor';
  const version = /version (\S+)/.exec(output('runsc', ['--version']) ?? '')?.[1];
  if (version === undefined)
    return { name, state: 'warn', value: 'absent', advice: 'runsc gives the stronger isolation tier gvisor: apt-get install runsc' };
  const tiers = triedTiers(dataDir);
  const reason = tiers?.absent.find(({ isolation }) => isolation === 'gvisor')?.reason;
  if (reason !== undefined) return { name, state: 'warn', value: `runsc ${version}, tier gvisor cannot start`, advice: reason };
  const value = `runsc ${version}, tier gvisor ${tiers === null ? 'not tried yet: ./miosa up does' : 'starts'}`;
  const year = Number(/20\d\d/.exec(version)?.[0] ?? 0);
  return year !== 0 && year < 2023 ? { name, state: 'warn', value, advice: OLD_GVISOR } : { name, state: 'ok', value };
};

const firewall = (): Finding => {
  const works = output('nft', ['list', 'tables']) !== null;
  return works
    ? { name: 'nftables', state: 'ok', value: output('nft', ['--version']) ?? 'yes' }
    : {
        name: 'nftables',
        state: 'bad',
        value: 'absent or refused',
        advice: 'sandbox egress rules need nft and the kernel module nf_tables',
      };
};

const node = (): Finding => {
  const version = process.versions.node;
  return compareVersions(version, '24.0.0') >= 0
    ? { name: 'node', state: 'ok', value: version }
    : { name: 'node', state: 'bad', value: version, advice: 'Node 24 or newer runs the TypeScript sources directly' };
};

export const tools = (dataDir: string): Finding[] => [runtime('crun', true), runtime('runc', false), gvisor(dataDir), firewall(), node()];
