import type { TestProject } from 'vitest/node';
import type { PlatformContext } from './context.ts';
import { startPlatform } from './platform.ts';

/** One platform for all files of the `platform` project; its stop is part of what is tested. */
const setup = async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  // Tests come from one address, faster than any visitor: the limiter has tests of its own.
  const platform = await startPlatform({ env: { MIOSA_EDGE_RATE: '0' } });
  const { apiUrl, domain, httpPort, httpsPort, apiKey, ca, email, password, dataDir } = platform;
  const context: PlatformContext = { apiUrl, domain, httpPort, httpsPort, apiKey, ca, email, password, dataDir };
  provide('platform', context);
  return platform.stop;
};

export { setup };
