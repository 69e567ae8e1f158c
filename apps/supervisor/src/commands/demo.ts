import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { layoutOf, type Options, REPOSITORY, SetupError } from '../options.ts';
import { startPlatform } from '../platform.ts';
import { untilAsked } from './signals.ts';

const EXAMPLES = join(REPOSITORY, 'examples');
const AGENT = join(EXAMPLES, 'agent-builds-static-app', 'src', 'main.ts');
/** The last one: with `--stay` it keeps everything until Ctrl-C. */
const CLINIC = join(EXAMPLES, 'white-label-cliniciq', 'src', 'demo.ts');

/** Runs an example like a customer's own program: it gets the API's address, a key and the authority, nothing else. */
const runExample = (
  program: string,
  options: Options,
  apiUrl: string,
  apiKey: string,
  stay: boolean,
  abort: AbortSignal,
): Promise<number> => {
  const layout = layoutOf(options);
  const child = spawn(layout.node, [program], {
    cwd: dirname(dirname(program)),
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      MIOSA_API_URL: apiUrl,
      MIOSA_API_KEY: apiKey,
      MIOSA_DOMAIN: options.domain,
      MIOSA_APPS_DOMAIN: options.appsDomain,
      NODE_EXTRA_CA_CERTS: join(layout.tls, 'ca.pem'),
      ...(stay ? { MIOSA_DEMO_STAY: '1' } : {}),
    },
  });
  abort.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
};

/** Platform up, both examples run against it, everything down again; with `--stay` the last waits for Ctrl-C, and the links keep working. */
export const demo = async (options: Options, args: readonly string[]): Promise<number> => {
  const missing = [AGENT, CLINIC].find((program) => !existsSync(program));
  if (missing !== undefined) throw new SetupError(`the example is not there (${missing}).`);
  const asked = untilAsked();
  // Contract 2.3: whoever tries it out may make accounts; an installation invites.
  process.env.MIOSA_CONTROL_PLANE_REGISTRATION ??= 'open';
  console.log(`starting the platform in ${options.data}`);
  const platform = await startPlatform(options, (text) => console.log(`  ${text}`), asked.signal);
  try {
    const credentials = platform.credentials;
    if (credentials === null || credentials.api_key === null)
      throw new SetupError(`no API key is known for ${options.data}; run the demo with a fresh --data folder.`);
    const { api_url: apiUrl, api_key: apiKey } = credentials;
    const agent = await runExample(AGENT, options, apiUrl, apiKey, false, asked.signal);
    const code = agent === 0 ? await runExample(CLINIC, options, apiUrl, apiKey, args.includes('--stay'), asked.signal) : agent;
    return asked.signal.aborted && code !== 0 ? 130 : code;
  } finally {
    console.log('stopping');
    await platform.stop();
  }
};
