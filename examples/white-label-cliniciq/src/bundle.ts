import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** The page as one script. It gets the API's address, which is public, and nothing else. */
export const bundlePage = async (baseUrl: string): Promise<string> => {
  const result = await build({
    configFile: false,
    envFile: false,
    logLevel: 'silent',
    define: { MIOSA_BASE_URL: JSON.stringify(baseUrl) },
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      rolldownOptions: { input: fileURLToPath(new URL('./page.tsx', import.meta.url)) },
    },
  });
  const [bundle] = [result].flat();
  const script = bundle !== undefined && 'output' in bundle ? bundle.output.find((file) => file.type === 'chunk') : undefined;
  if (script === undefined) throw new Error('The page could not be bundled.');
  return script.code;
};
