/** A file as the tree shows it; `File` of the contract, in camelCase. */
export interface TreeFile {
  readonly path: string;
  readonly name: string;
  readonly type: 'file' | 'dir' | 'symlink';
  readonly sizeBytes: number;
}

export type ChangeType = 'created' | 'modified' | 'deleted' | 'renamed' | 'overflow';
export interface TreeChange {
  readonly type: ChangeType;
  readonly path: string;
  readonly oldPath?: string;
  readonly isDir: boolean;
  readonly sizeBytes: number;
}

export interface FilesPlace {
  readonly baseUrl: string;
  readonly token: string;
  readonly sandboxId: string;
}

/** Why the API gave no answer. `status` 0: there was none; `code` is the API's own. */
export class FilesError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(`MiosaFileTree: ${message}`);
    this.name = 'FilesError';
    this.status = status;
    this.code = code;
  }
}

/** Whatever is in the page belongs to the visitor: only browser tokens get in. The message never repeats the token. */
export const checkFilesToken = (token: string): void => {
  if (token.startsWith('msk_'))
    throw new Error('MiosaFileTree: an API key (msk_…) must never reach a browser. Mint a browser token on your server and pass that.');
  if (!token.startsWith('mbt_')) throw new Error('MiosaFileTree: token must be a browser token (mbt_…) with sandbox:files.');
};

const urlOf = ({ baseUrl, sandboxId }: FilesPlace, rest: string, query: Record<string, string>): string => {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new Error(`MiosaFileTree: baseUrl "${baseUrl}" is not an http(s) URL.`);
  return `${url.origin}/api/v1/sandboxes/${encodeURIComponent(sandboxId)}${rest}?${new URLSearchParams(query)}`;
};

const ask = async (place: FilesPlace, url: string, accept: string, signal: AbortSignal): Promise<Response> => {
  checkFilesToken(place.token);
  const answer = await fetch(url, {
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    headers: { authorization: `Bearer ${place.token}`, accept },
    signal,
  }).catch(() => {
    throw new FilesError(0, 'CONNECTION_LOST', 'the API did not answer.');
  });
  if (answer.ok) return answer;
  const body = (await answer.json().catch(() => undefined)) as { error?: { code?: string } } | undefined;
  throw new FilesError(answer.status, body?.error?.code ?? 'UNKNOWN', `the API refused this (${answer.status}).`);
};

/** A folder's entries. */
export const listFolder = async (place: FilesPlace, path: string, signal: AbortSignal): Promise<TreeFile[]> => {
  const answer = await ask(place, urlOf(place, '/files', { path }), 'application/json', signal);
  const { data } = (await answer.json()) as { data: { path: string; name: string; type: TreeFile['type']; size_bytes: number }[] };
  return data.map((file) => ({ path: file.path, name: file.name, type: file.type, sizeBytes: file.size_bytes }));
};

/** Heartbeats come every 15 s: three missed ones mean that the connection is dead. */
const SILENCE_MS = 45_000;

const STATUS: Readonly<Record<string, number>> = { UNAUTHORIZED: 401, FORBIDDEN: 403, NOT_FOUND: 404, SANDBOX_NOT_RUNNING: 409, GONE: 410 };

const changeOf = (frame: string): TreeChange | undefined => {
  const data = frame
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trimStart())
    .join('\n');
  if (data === '') return undefined; // a heartbeat
  const { type, path, old_path, is_dir, size_bytes, code } = JSON.parse(data);
  if (type === 'error') throw new FilesError(STATUS[code] ?? 500, code, 'the watch ended.');
  return { type, path, isDir: is_dir === true, sizeBytes: size_bytes ?? 0, ...(old_path === undefined ? {} : { oldPath: old_path }) };
};

/** Opens a watch. Resolves when everything is under watch; the changes end when the connection does. */
export const openWatch = async (place: FilesPlace, path: string, signal: AbortSignal): Promise<AsyncGenerator<TreeChange>> => {
  const answer = await ask(place, urlOf(place, '/files/watch', { path }), 'text/event-stream', signal);
  return read(answer.body?.getReader());
};

async function* read(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): AsyncGenerator<TreeChange> {
  if (reader === undefined) return;
  const decoder = new TextDecoder();
  let rest = '';
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  try {
    for (;;) {
      const timer = setTimeout(cancel, SILENCE_MS);
      const { value, done } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const frames = (rest + decoder.decode(value, { stream: true })).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) {
        const change = changeOf(frame);
        if (change !== undefined) yield change;
      }
    }
  } finally {
    cancel();
  }
}
