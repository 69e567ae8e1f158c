import type { TestProject } from 'vitest/node';
import type { PlatformContext } from './context.ts';
import { startPlatform } from './platform.ts';

/** One platform for all files of the `platform` project; its stop is part of what is tested. */
const setup = async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  // Tests come from one address, faster than any visitor: the limiters have tests of their own.
  const platform = await startPlatform({ env: { MIOSA_EDGE_RATE: '0', MIOSA_CONTROL_PLANE_RATE_LIMITS: 'off' } });
  const { apiUrl, domain, httpPort, httpsPort, apiKey, ca, email, password, dataDir } = platform;
  const context: PlatformContext = { apiUrl, domain, httpPort, httpsPort, apiKey, ca, email, password, dataDir };
  provide('platform', context);
  return platform.stop;
};

export { setup };
