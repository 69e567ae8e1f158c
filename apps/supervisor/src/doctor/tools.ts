import { advisoriesFor, compareVersions } from './advisories.ts';
import { type Finding, output } from './facts.ts';

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

const gvisor = (): Finding => {
  const version = /version (\S+)/.exec(output('runsc', ['--version']) ?? '')?.[1];
  if (version === undefined)
    return { name: 'gVisor', state: 'warn', value: 'absent', advice: 'runsc gives the stronger isolation tier gvisor' };
  const year = Number(/20\d\d/.exec(version)?.[0] ?? 0);
  const old = year !== 0 && year < 2025;
  return {
    name: 'gVisor',
    state: old ? 'warn' : 'ok',
    value: `runsc ${version}`,
    ...(old ? { advice: 'gVisor releases every week with fixes; a newer runsc is better' } : {}),
  };
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

export const tools = (): Finding[] => [runtime('crun', true), runtime('runc', false), gvisor(), firewall(), node()];
