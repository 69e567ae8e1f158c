import { ConfigurationError, MiosaError } from '@miosa/sdk';

/** Exit codes of the contract, section 5.2. `exec` exits with the command's own code instead. */
export const EXIT = { ok: 0, user: 1, network: 2, authentication: 3, server: 4 } as const;

/** A mistake of the caller, with what to do about it. */
export class UserError extends Error {}

export const exitCodeOf = (error: unknown): number => {
  if (!(error instanceof MiosaError) || error instanceof ConfigurationError) return EXIT.user;
  if (error.status === 401 || error.code === 'FORBIDDEN') return EXIT.authentication;
  if (error.status === 0) return EXIT.network;
  return error.status >= 500 || error.status === 429 || error.code === 'BAD_RESPONSE' ? EXIT.server : EXIT.user;
};

const hintOf = (error: MiosaError): string | undefined => {
  // A wrong password is met in "miosa login" itself.
  if (error.status === 401 && !/password/i.test(error.message)) return 'Run "miosa login", or set MIOSA_API_KEY.';
  if (error.status === 429) return 'Too many requests: wait a minute, or ask for a higher limit.';
  if (error.code === 'CONNECTION_LOST') return 'Is the platform up, and are MIOSA_BASE_URL and MIOSA_CA right?';
  if (error.code === 'SETUP_REQUIRED') return 'An owner or admin gives the organization its permanent name: miosa tenants name "<name>"';
  if (error.code === 'NOT_EMPTY') return 'Add --force to delete what is inside too.';
  return undefined;
};

interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

export const explain = (error: unknown): string => {
  if (!(error instanceof MiosaError)) return `error: ${error instanceof Error ? error.message : String(error)}\n`;
  const lines = [`error: ${error.message}`];
  const fields = error.details?.fields;
  if (Array.isArray(fields)) for (const { path, message } of fields as FieldProblem[]) lines.push(`  ${path}: ${message}`);
  if (typeof error.details?.required_scope === 'string') lines.push(`  needed scope: ${error.details.required_scope}`);
  const hint = hintOf(error);
  if (hint !== undefined) lines.push(`hint: ${hint}`);
  if (error.requestId !== undefined) lines.push(`request id: ${error.requestId}`);
  return `${lines.join('\n')}\n`;
};
