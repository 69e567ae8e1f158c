import { Fault, invalid, type Op } from '@miosa/kernel';
import type { Static } from 'typebox';
import type { Core } from '../deps.ts';
import { sandboxOf } from '../render.ts';
import type { ExecResult, Sandbox } from '../schemas.ts';
import { type CreateRequest, createSandbox } from './create.ts';
import { destroySandbox, getSandbox } from './service.ts';

type Command = {
  readonly command: string | string[];
  readonly cwd?: string | undefined;
  readonly stdin?: string | undefined;
  readonly timeout?: number | undefined;
  readonly user?: 'sandbox' | 'root' | undefined;
};
export type RunRequest = CreateRequest & Command & { readonly keep?: boolean | undefined };

/** Create, then one command. `env` is the sandbox's, and so the command's. With `keep: false` nothing remains, however it ends. */
export const runOnce = async (
  op: Op,
  core: Core,
  request: RunRequest,
  exec: (id: string, command: Command) => Promise<Static<typeof ExecResult>>,
): Promise<{ sandbox: Static<typeof Sandbox>; result: Static<typeof ExecResult> }> => {
  if (request.wait === false) throw invalid('wait', 'a run waits for its command; use create for wait: false');
  const { command, cwd, stdin, timeout, user } = request;
  const { row, ownership } = await createSandbox(op, core, request);
  try {
    const result = await exec(row.id, { command, cwd, stdin, timeout, user });
    if (request.keep !== false) return { sandbox: sandboxOf(core, row, ownership, 0), result };
    await destroySandbox(op, core, row.id);
    return { sandbox: sandboxOf(core, await getSandbox(op, core, row.id), ownership, 0), result };
  } catch (error) {
    if (request.keep === false) await destroySandbox(op, core, row.id);
    throw error instanceof Fault ? withSandbox(error, row.id) : error;
  }
};

/** The caller must learn of the sandbox that exists although its command failed. */
const withSandbox = (fault: Fault, id: string): Fault =>
  new Fault(fault.code, fault.message, {
    cause: fault,
    details: { ...fault.details, sandbox_id: id },
    ...(fault.internal === undefined ? {} : { internal: fault.internal }),
  });
