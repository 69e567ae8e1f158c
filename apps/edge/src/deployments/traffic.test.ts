import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy, instanceOn } from '../testing/deployments.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.close());

it('reports requests, errors, durations and bytes of live deployments, and nothing twice or lost when the control plane is away', async () => {
  const { agent } = await platform.sandbox();
  await platform.app(agent, (req, res) => res.writeHead(req.url === '/bad' ? 500 : 200).end('x'.repeat(1000)), 3000);
  const { host, id } = deploy(platform, { kind: 'dynamic', instances: [instanceOn(agent)] });
  const { internal } = platform.control;
  for (const path of ['/', '/', '/bad']) await platform.get(host, path);
  internal.refuses = true;
  await platform.edge.traffic.flush();
  expect(platform.control.traffic).toEqual([]);
  await platform.get(host);
  internal.refuses = false;
  await platform.edge.traffic.flush();
  await platform.edge.traffic.flush();
  expect(platform.control.traffic).toHaveLength(1);
  const [report] = platform.control.traffic;
  const counts = report?.deployments[id];
  expect(counts).toMatchObject({ requests: 4, errors: 1 });
  expect(counts?.egress_bytes).toBeGreaterThan(4000);
  expect(counts?.egress_bytes).toBeLessThan(8000);
  expect(counts?.durations.reduce((sum, count) => sum + count)).toBe(4);
  expect(counts?.durations).toHaveLength((report?.bounds_ms.length ?? 0) + 1);
  expect(report?.until).toBeGreaterThan(report?.from ?? 0);
});
