import { buildAndPublish } from './run.ts';

const { MIOSA_API_KEY, MIOSA_BASE_URL, MIOSA_API_URL, MIOSA_CA, NODE_EXTRA_CA_CERTS, OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL } =
  process.env;
const baseUrl = MIOSA_BASE_URL ?? MIOSA_API_URL;
if (MIOSA_API_KEY === undefined || baseUrl === undefined) {
  console.error('Set MIOSA_API_KEY and MIOSA_BASE_URL; "./miosa demo" does, with a platform of its own.');
  process.exit(1);
}
const usesModel = OPENAI_API_KEY !== undefined || OPENAI_BASE_URL !== undefined;
const endpoint = usesModel
  ? { baseUrl: OPENAI_BASE_URL ?? 'https://api.openai.com/v1', apiKey: OPENAI_API_KEY ?? '', model: OPENAI_MODEL ?? 'gpt-4o-mini' }
  : undefined;

try {
  console.log(
    usesModel ? `An agent with the model ${endpoint?.model} builds a site` : 'An agent builds a site (a script stands for the model)',
  );
  const url = await buildAndPublish({
    ...{ apiKey: MIOSA_API_KEY, baseUrl, ca: MIOSA_CA ?? NODE_EXTRA_CA_CERTS, endpoint },
    task: process.argv.slice(2).join(' ') || undefined,
    onText: (text) => console.log(`  ${text}`),
  });
  console.log(`\nLive: ${url}`);
} catch (error) {
  console.error(`\nThe agent failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
