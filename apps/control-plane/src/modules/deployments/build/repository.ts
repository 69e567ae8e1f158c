import { Fault, invalid, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import type { Source } from '../types.ts';
import type { BuildLog } from './log.ts';
import { ask, type Command, failed, runLogged } from './steps.ts';
import { setCommit } from './store.ts';

type Repository = Extract<Source, { type: 'repo' }>;

export const TOKEN_VARIABLE = 'GIT_TOKEN';

/** What git itself takes for a branch or tag (git-check-ref-format(1)), less what is an option or a pattern. */
const BRANCH = /^(?![-/.])(?!.*(?:\.\.|\/\/|\/\.|@\{|\.lock(?:\/|$)))[\w./@+#%=,-]{1,255}(?<![/.])$/;
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** Only https, here and wherever a redirect or a submodule leads; nothing of the repository runs while it is fetched. */
const SAFE = [
  '-c',
  'protocol.allow=never',
  '-c',
  'protocol.https.allow=always',
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'init.defaultBranch=main',
];

/**
 * The token is answered by a helper that reads it from the environment of this one command, to this host only: it stands in no argument, no file
 * and no address.
 */
const withToken = (url: URL): readonly string[] => {
  const helper = `!f() { test "$1" = get && echo username=x-access-token && echo "password=$${TOKEN_VARIABLE}"; }; f`;
  return ['-c', 'credential.helper=', '-c', `credential.${url.origin}.helper=${helper}`];
};

const checked = (source: Repository): URL => {
  const url = URL.canParse(source.url) ? new URL(source.url) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '')
    throw invalid('repo_url', 'an https URL without user and password; put a token into the environment as GIT_TOKEN');
  if (source.branch !== null && !BRANCH.test(source.branch)) throw invalid('branch', 'is not the name of a branch');
  if (source.commit !== undefined && !COMMIT.test(source.commit)) throw invalid('commit', 'is not the hash of a commit');
  return url;
};

const fetchFault = (log: BuildLog, exit: Parameters<typeof failed>[2], hasToken: boolean): Fault => {
  const { message } = failed(log, 'source', exit);
  const hint = hasToken
    ? `Check repo_url and branch, and that ${TOKEN_VARIABLE} may read the repository.`
    : `Check repo_url and branch. For a private repository, put a token into the deployment's env as ${TOKEN_VARIABLE}.`;
  return new Fault('CONFLICT', `The repository could not be fetched. ${hint}\n${message}`, { details: { reason: 'fetch_failed' } });
};

interface Cloning {
  readonly machineId: string;
  readonly buildId: string;
  readonly source: Repository;
  readonly token: string | undefined;
  readonly log: BuildLog;
}

/** Puts the newest files of the branch, or those of the commit, into an empty /workspace, without history. */
export const fetchRepository = async (op: Op, core: Core, { machineId, buildId, source, token, log }: Cloning): Promise<void> => {
  const url = checked(source);
  const git = (...args: string[]): Command => ({
    command: ['git', ...SAFE, ...(token === undefined ? [] : withToken(url)), ...args],
    env: { GIT_TERMINAL_PROMPT: '0', ...(token === undefined ? {} : { [TOKEN_VARIABLE]: token }) },
  });
  const run = (command: Command) => runLogged(op, core, machineId, log, command);
  const must = async (command: Command): Promise<void> => {
    const exit = await run(command);
    if (exit.exitCode !== 0) throw fetchFault(log, exit, token !== undefined);
  };
  const fetch = (ref: string): Command => git('fetch', '--quiet', '--depth', '1', '--no-tags', '--', url.href, ref);
  const branch = source.branch ?? 'HEAD';
  log.say(`Fetching ${url.href} ${source.commit ?? branch}`);
  await must(git('init', '--quiet', '.'));
  const byCommit = source.commit === undefined ? undefined : await run(fetch(source.commit));
  if (byCommit !== undefined && byCommit.exitCode !== 0)
    log.say(`This server does not give single commits: the newest of ${branch} is built`);
  if (byCommit?.exitCode !== 0) await must(fetch(branch));
  await must(git('checkout', '--quiet', '--force', 'FETCH_HEAD'));
  if ((await ask(op, core, machineId, { command: ['test', '-f', '.gitmodules'] })).exitCode === 0)
    await must(git('submodule', '--quiet', 'update', '--init', '--recursive', '--depth', '1'));
  const { text } = await ask(op, core, machineId, git('log', '-1', '--format=%H%n%s'));
  const [sha = '', message = ''] = text.split('\n');
  if (!COMMIT.test(sha)) throw new Fault('CONFLICT', 'The repository has no commit to publish.');
  log.say(`Commit ${sha.slice(0, 12)} ${message}`);
  await setCommit(core.db.read, buildId, { sha, message: message.replaceAll('\0', '').slice(0, 500) });
};
