import type { DeploymentRow } from '../../types.ts';

/** What of a push event matters. */
export interface Push {
  readonly branch: string;
  readonly commit: string;
  readonly message: string;
}

const COMMIT = /^(?!0+$)[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const HEADS = 'refs/heads/';
const MESSAGE_MAX = 500;

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Git hosts name the event in a header of their own. */
export const eventOf = (headers: Readonly<Record<string, string | undefined>>): string =>
  headers['x-github-event'] ?? headers['x-gitea-event'] ?? headers['x-forgejo-event'] ?? headers['x-gogs-event'] ?? 'push';

/** The push that asks for a build of this deployment, else why it asks for none. */
export const pushFor = (
  deployment: Pick<DeploymentRow, 'branch' | 'auto_deploy' | 'source_type'>,
  event: string,
  bytes: Buffer,
): { readonly push: Push } | { readonly ignored: string } => {
  if (event !== 'push') return { ignored: `the event is ${event.slice(0, 64)}, not push` };
  let body: Record<string, unknown>;
  try {
    body = record(JSON.parse(bytes.toString('utf8')));
  } catch {
    return { ignored: 'the body is not JSON; set the content type of the hook to application/json' };
  }
  const ref = text(body.ref);
  const commit = text(body.after);
  if (!ref.startsWith(HEADS)) return { ignored: 'no branch was pushed' };
  const branch = ref.slice(HEADS.length);
  const wanted = deployment.branch ?? text(record(body.repository).default_branch);
  if (branch !== wanted) return { ignored: 'another branch was pushed' };
  if (!COMMIT.test(commit)) return { ignored: 'the branch was deleted' };
  if (!deployment.auto_deploy || deployment.source_type !== 'repo') return { ignored: 'auto_deploy is off' };
  const message = text(record(body.head_commit).message).split('\n')[0] ?? '';
  return { push: { branch, commit, message: message.replaceAll('\0', '').slice(0, MESSAGE_MAX) } };
};
