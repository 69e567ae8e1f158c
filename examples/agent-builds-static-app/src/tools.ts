import { setTimeout as sleep } from 'node:timers/promises';
import type { Miosa, Sandbox } from '@miosa/sdk';
import { createFetch } from '@miosa/sdk/node';

/** What the agent may do, as a model is told of it (OpenAI's function tools). */
export const TOOLS = [
  tool('write_files', 'Write files of the project, whole.', {
    files: { type: 'object', description: 'text by path', additionalProperties: { type: 'string' } },
  }),
  tool('run', 'Run a shell command in the project; answers with its output and exit code.', { command: { type: 'string' } }),
  tool('preview', 'Serve a folder of the project and look at a page as a visitor would.', {
    folder: { type: 'string' },
    path: { type: 'string' },
  }),
  tool('publish', 'Publish a folder of the project; answers with the public address.', {
    name: { type: 'string' },
    folder: { type: 'string' },
  }),
];

function tool(name: string, description: string, properties: object) {
  const parameters = { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
  return { type: 'function' as const, function: { name, description, parameters } };
}

export type Arguments = Readonly<Record<string, unknown>>;

/** A server of a few lines, inside the sandbox: a preview needs something that answers on a port. */
const SERVE = `const { createServer } = require('node:http'); const { readFile } = require('node:fs/promises'); const { join, normalize } = require('node:path');
createServer(async (q, s) => { const p = normalize(new URL(q.url, 'http://x').pathname); try { s.end(await readFile(join(process.argv[1], p.endsWith('/') ? p + 'index.html' : p))) }
catch { s.writeHead(404).end('There is no ' + p) } }).listen(4173)`;
const PORT = 4173;

export interface Toolbox {
  call(name: string, args: Arguments): Promise<string>;
  /** Set by `publish`. */
  readonly liveUrl: string | undefined;
}

/** The tools, working in one sandbox. Whatever goes wrong is an answer for the model, not the end. */
export const createToolbox = (miosa: Miosa, sandbox: Sandbox, ca: string | undefined): Toolbox => {
  const visit = createFetch(ca === undefined ? {} : { ca });
  let liveUrl: string | undefined;
  /** The process that serves the preview. */
  let server: string | undefined;

  const open = async (url: string, headers: Record<string, string> = {}): Promise<string> => {
    const response = await visit(url, { method: 'GET', headers });
    return `${response.status}\n${await response.text()}`;
  };

  const tools: Readonly<Record<string, (args: Arguments) => Promise<string>>> = {
    write_files: async ({ files }) => {
      const entries = Object.entries(files as Record<string, string>).map(([path, content]) => ({ path, content }));
      const { written, failed } = await sandbox.files.writeMany(entries);
      return [`wrote ${written.length} files`, ...failed.map(({ path, message }) => `${path}: ${message}`)].join('\n');
    },
    run: async ({ command }) => {
      const { stdout, stderr, exitCode } = await sandbox.exec(String(command));
      return `${stdout}${stderr}exit code ${exitCode}`;
    },
    preview: async ({ folder, path }) => {
      if (server !== undefined) await sandbox.processes.delete(server);
      server = (await sandbox.processes.start(['node', '-e', SERVE, `/workspace/${String(folder)}`])).id;
      await sandbox.expose(PORT, { visibility: 'private' });
      // Private: a token opens it, here in a header; a customer's iframe would carry it in its address.
      const { token, url } = await sandbox.previewToken({ port: PORT });
      const page = new URL(String(path), url.split('?')[0]).href;
      for (let tries = 0; ; tries++) {
        const answer = await open(page, { 'x-miosa-preview-token': token });
        if (!answer.startsWith('502') || tries === 50) return answer;
        await sleep(100); // nothing listens yet
      }
    },
    publish: async ({ name, folder }) => {
      const { deployment, version } = await miosa.sandboxes.deploy(sandbox.id, { name: String(name), outputPath: String(folder) });
      liveUrl = deployment.publicUrl;
      return `version ${version.versionNumber} is live at ${liveUrl}\n${await open(liveUrl)}`;
    },
  };

  return {
    call: (name, args) =>
      (tools[name]?.(args) ?? Promise.reject(new Error(`there is no tool ${name}`))).catch(
        (error: unknown) => `error: ${(error as Error).message}`,
      ),
    get liveUrl() {
      return liveUrl;
    },
  };
};
