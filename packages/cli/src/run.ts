import { Command, CommanderError } from 'commander';
import { accountCommands } from './commands/account.ts';
import { apiCommand } from './commands/api.ts';
import { auditCommands } from './commands/audit.ts';
import { browserTokenCommands } from './commands/browser-tokens.ts';
import { bulkCommands } from './commands/bulk.ts';
import { copyCommand } from './commands/cp.ts';
import { deploymentCommands, publishCommands } from './commands/deployments.ts';
import { envCommands } from './commands/env.ts';
import { eventCommands, sandboxEventCommands } from './commands/events.ts';
import { execCommand, logsCommand } from './commands/exec.ts';
import { inviteCommands, memberInviteCommands } from './commands/invites.ts';
import { keyCommands } from './commands/keys.ts';
import { loginCommands } from './commands/login.ts';
import { memberCommands } from './commands/members.ts';
import { networkCommands } from './commands/network.ts';
import { organizationCommands } from './commands/organizations.ts';
import { previewCommands } from './commands/previews.ts';
import { processCommands } from './commands/processes.ts';
import { sandboxCommands } from './commands/sandboxes.ts';
import { snapshotCommands } from './commands/snapshots.ts';
import { templateCommands } from './commands/templates.ts';
import { projectCommands, workspaceCommands } from './commands/tenancy.ts';
import { connectCommand, forwardCommand, terminalsCommand } from './commands/terminal.ts';
import { addGlobalOptions } from './context.ts';
import { EXIT, exitCodeOf, explain } from './failure.ts';
import type { Io } from './io.ts';

/** Adds one or more commands below `parent`. */
export type Register = (parent: Command, io: Io, setExitCode: (code: number) => void) => void;

const group = (program: Command, names: readonly string[], summary: string): Command =>
  addGlobalOptions(
    program
      .command(names[0] ?? '')
      .aliases(names.slice(1))
      .description(summary)
      .enablePositionalOptions(),
  );

/** Runs one command line and returns its exit code. Never throws, never exits the process. */
export const run = async (args: readonly string[], io: Io): Promise<number> => {
  let exitCode: number = EXIT.ok;
  const setExitCode = (code: number): void => {
    exitCode = code;
  };
  const program = new Command('miosa')
    .description('The MIOSA command line. Set MIOSA_API_KEY and MIOSA_BASE_URL, or run "miosa login".')
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();
  const add = (parent: Command, ...registers: Register[]): void => {
    for (const register of registers) register(parent, io, setExitCode);
  };
  addGlobalOptions(program);
  add(program, eventCommands);
  add(program, loginCommands, accountCommands);
  add(group(program, ['tenants', 'tenant', 'organizations'], 'organizations you belong to'), organizationCommands);
  add(group(program, ['members', 'member'], 'who belongs to the organization, or to a workspace'), memberCommands, memberInviteCommands);
  add(group(program, ['invites', 'invite'], 'for those who were invited'), inviteCommands);
  add(group(program, ['keys', 'key', 'api-keys', 'apiKeys'], 'API keys'), keyCommands);
  add(group(program, ['browser-tokens', 'browser-token', 'browserTokens'], 'tokens for browsers'), browserTokenCommands);
  add(group(program, ['audit'], 'audit log: who did what'), auditCommands);
  add(group(program, ['workspaces', 'workspace'], 'workspaces: your customers'), workspaceCommands);
  add(group(program, ['projects', 'project'], 'projects: what is built for them'), projectCommands);
  const sandboxes = group(program, ['sandboxes', 'sandbox'], 'sandboxes: machines to build and show apps in');
  add(sandboxes, bulkCommands);
  add(
    sandboxes,
    sandboxCommands,
    processCommands,
    execCommand,
    copyCommand,
    logsCommand,
    previewCommands,
    networkCommands,
    envCommands,
    snapshotCommands,
    sandboxEventCommands,
  );
  add(sandboxes, connectCommand, forwardCommand, terminalsCommand);
  add(program, execCommand, copyCommand, logsCommand, connectCommand, forwardCommand, apiCommand);
  add(group(program, ['deployments', 'deployment'], 'deployments: what is published, and where'), deploymentCommands);
  add(program, publishCommands);
  add(group(program, ['templates', 'template'], 'templates: what sandboxes are made from'), templateCommands);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its own message by now.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.user;
    io.err(explain(error));
    return exitCodeOf(error);
  }
};
