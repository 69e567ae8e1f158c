import { join } from 'node:path';
import { build } from 'vite';

/** One script of a page beside this file, as a builder would serve it. */
export const bundled = async (page: string): Promise<string> => {
  const result = await build({
    ...{ configFile: false, envFile: false, logLevel: 'silent' },
    build: {
      ...{ write: false, minify: false, modulePreload: false },
      rolldownOptions: { input: join(import.meta.dirname, page), output: { codeSplitting: false } },
    },
  });
  const [bundle] = [result].flat();
  const script = bundle !== undefined && 'output' in bundle ? bundle.output.find((file) => file.type === 'chunk') : undefined;
  return script?.code ?? '';
};
