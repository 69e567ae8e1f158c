const WORKSPACE = '/workspace';

/** Where projects keep the programs they have installed. */
const BIN_FOLDERS = [`${WORKSPACE}/.venv/bin`, `${WORKSPACE}/node_modules/.bin`];

/** What the shell of a build or an instance runs for a command of the customer: programs that the project installed come first, as in its own scripts. */
export const shellLine = (command: string): string => `export PATH="${BIN_FOLDERS.join(':')}:$PATH"\n${command}`;

/** What every server finds in its environment besides PORT, unless the deployment's own says otherwise: frameworks look at these. */
export const RUN_DEFAULTS: Readonly<Record<string, string>> = {
  NODE_ENV: 'production',
  HOST: '0.0.0.0',
  HOSTNAME: '0.0.0.0',
  PYTHONUNBUFFERED: '1',
};
