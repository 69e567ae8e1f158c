import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Archive lines for one Debian suite, in apt's two formats; each goes to mmdebstrap as a file of its own. */
export interface AptSources {
  readonly deb822: string;
  readonly oneLine: string;
}

const isOfSuite = (suite: string, name: string) =>
  name.replace(/\/$/, '') === suite || [`${suite}-updates`, `${suite}-security`, `${suite}/updates`].includes(name);

const field = (stanza: string, name: string): string[] => {
  const match = new RegExp(`^${name}:[ \t]*(.*(?:\n[ \t].*)*)`, 'im').exec(stanza);
  return (match?.[1] ?? '').split(/\s+/).filter((word) => word !== '');
};

/** Stanzas of a `.sources` file that belong to the suite; third-party archives do not name a Debian suite with component `main`. */
const stanzasOf = (text: string, suite: string): string[] =>
  text
    .split(/\n\s*\n/)
    .map((stanza) => stanza.replace(/^#.*\n?/gm, '').trim())
    .filter((stanza) => {
      const suites = field(stanza, 'Suites');
      const enabled = field(stanza, 'Enabled')[0] !== 'no';
      return (
        enabled &&
        suites.length > 0 &&
        suites.every((name) => isOfSuite(suite, name)) &&
        field(stanza, 'Components').includes('main') &&
        field(stanza, 'Types').includes('deb')
      );
    });

const linesOf = (text: string, suite: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => {
      const words = line.replace(/\[[^\]]*\]/, ' ').split(/\s+/);
      return words[0] === 'deb' && isOfSuite(suite, words[2] ?? '') && words.slice(3).includes('main');
    });

/**
 * The host's own archives for `suite`. The repository names no mirror: whoever runs the build has already chosen one, and behind a company
 * proxy it is the only one that answers.
 */
export const hostSources = (suite: string, etcApt = '/etc/apt'): AptSources => {
  const parts = readdirSync(join(etcApt, 'sources.list.d')).sort();
  const read = (name: string) => {
    try {
      return readFileSync(join(etcApt, name), 'utf8');
    } catch {
      return '';
    }
  };
  const part = (ending: string) => parts.filter((name) => name.endsWith(ending)).map((name) => read(join('sources.list.d', name)));
  return {
    deb822: part('.sources')
      .flatMap((text) => stanzasOf(text, suite))
      .map((stanza) => `${stanza}\n`)
      .join('\n'),
    oneLine: [read('sources.list'), ...part('.list')]
      .flatMap((text) => linesOf(text, suite))
      .map((line) => `${line}\n`)
      .join(''),
  };
};
