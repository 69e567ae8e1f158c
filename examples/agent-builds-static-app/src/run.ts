import { readFileSync } from 'node:fs';
import { Miosa } from '@miosa/sdk';
import { createRemoteModel, type Endpoint, type Model } from './model.ts';
import { createScriptedModel } from './script.ts';
import { createToolbox } from './tools.ts';

export interface AgentOptions {
  /** `msk_live_…`; stays in this process. */
  readonly apiKey: string;
  readonly baseUrl: string;
  /** File with the certificate authority of a local installation. */
  readonly ca?: string | undefined;
  /** Without one, a script stands for the model. */
  readonly endpoint?: Endpoint | undefined;
  readonly task?: string | undefined;
  /** Told what the agent says and does. */
  readonly onText?: (text: string) => void;
}

const SYSTEM = `You build small static web sites in a Linux sandbox with Node.js 24 and no packages from outside. Work in /workspace with the given tools:
write files, run commands, look at the preview, correct what is wrong, and publish the finished folder once. Then say in one sentence what you made.`;
const TASK =
  'Make a one-page lead magnet for Dr. Smith Clinic: a free guide "Five habits for healthy teeth", with a thank-you page at /thanks. Publish it.';
/** A model that goes in circles ends here. */
const MAX_TURNS = 30;

/** One customer's agent: builds in a sandbox of the customer's own workspace, and publishes. Resolves with the public address. */
export const buildAndPublish = async (options: AgentOptions): Promise<string> => {
  const { onText = () => {}, endpoint, task = TASK } = options;
  const ca = options.ca === undefined ? undefined : readFileSync(options.ca, 'utf8');
  const miosa = new Miosa({ apiKey: options.apiKey, baseUrl: options.baseUrl, ...(ca === undefined ? {} : { ca }) });
  // The sandbox goes at the end of this function; what was published stays.
  await using sandbox = await miosa.sandboxes.create({
    externalWorkspaceId: 'clinic_123',
    workspaceName: 'Dr. Smith Clinic',
    projectSlug: 'healthy-teeth',
  });
  const toolbox = createToolbox(miosa, sandbox, ca);
  const model: Model = endpoint === undefined ? createScriptedModel() : createRemoteModel(endpoint, SYSTEM, task);
  let turn = await model([]);
  for (let turns = 1; turn.calls.length > 0; turns++) {
    if (turns > MAX_TURNS) throw new Error(`The model was not done after ${MAX_TURNS} turns.`);
    onText(turn.text);
    const answers = [];
    for (const call of turn.calls) {
      const result = await toolbox.call(call.name, call.args);
      onText(`  ${call.name} → ${result.trim().split('\n').slice(-1)[0]?.slice(0, 120) ?? ''}`);
      answers.push({ call, result });
    }
    turn = await model(answers);
  }
  onText(turn.text);
  if (toolbox.liveUrl === undefined) throw new Error('The agent ended without publishing anything.');
  return toolbox.liveUrl;
};
