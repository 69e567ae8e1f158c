import { TOOLS } from './tools.ts';

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a model says: words, and tools it wants to be called. Without any it is done. */
export interface Turn {
  readonly text: string;
  readonly calls: readonly ToolCall[];
}

export interface Answer {
  readonly call: ToolCall;
  readonly result: string;
}

/** Anything that goes on from what its last calls gave. */
export type Model = (answers: readonly Answer[]) => Promise<Turn>;

interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string | null;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly type: 'function';
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
  readonly tool_call_id?: string;
}

export interface Endpoint {
  /** Up to and with `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
}

/** Any endpoint that speaks OpenAI's chat completions with tools. */
export const createRemoteModel = ({ baseUrl, apiKey, model }: Endpoint, system: string, task: string): Model => {
  const messages: Message[] = [
    { role: 'system', content: system },
    { role: 'user', content: task },
  ];
  return async (answers) => {
    for (const { call, result } of answers) messages.push({ role: 'tool', tool_call_id: call.id, content: result.slice(0, 20_000) });
    const response = await fetch(`${baseUrl.replace(/\/$/, '')}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model, messages, tools: TOOLS }),
    });
    if (!response.ok) throw new Error(`The model answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
    const { choices } = (await response.json()) as { choices: readonly { readonly message: Message }[] };
    const message = choices[0]?.message;
    if (message === undefined) throw new Error('The model gave no answer.');
    messages.push(message);
    const calls = (message.tool_calls ?? []).map(({ id, function: { name, arguments: text } }) => ({ id, name, args: JSON.parse(text) }));
    return { text: message.content ?? '', calls };
  };
};
