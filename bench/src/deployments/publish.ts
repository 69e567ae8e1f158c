import type { Deployment, Miosa, Sandbox } from '@miosa/sdk';
import { type Sample, timed } from '../stats.ts';
import { hostOf, untilSeen, visit } from './visit.ts';
import { startWrk } from './wrk.ts';

const FILES = 1000;
const CHANGED = 5;

const scriptOf = (index: number, round: string): string => `// ${index} ${round}\n${'export const value = 1;\n'.repeat(40 + (index % 40))}`;

const write = async (sandbox: Sandbox, round: string, indexes: readonly number[]): Promise<void> => {
  const files = indexes.map((index) => ({ path: `dist/assets/file${index}.js`, content: scriptOf(index, round) }));
  await sandbox.files.writeMany([...files.slice(0, FILES - 1), { path: 'dist/index.html', content: round }]);
};

const all = Array.from({ length: FILES - 1 }, (_, index) => index);

export interface PublishResults {
  readonly samples: readonly Sample[];
  readonly underLoad: { readonly changes: number; readonly requests: number; readonly failed: number };
}

/** First publishes of 1,000 new files, publishes with 5 of them changed until a visitor sees it, rollbacks, and all of it under load. */
export const benchPublish = async (
  miosa: Miosa,
  httpPort: number,
  count: number,
): Promise<PublishResults & { deployment: Deployment; sandbox: Sandbox }> => {
  const sandbox = await miosa.sandboxes.create({});
  const first: number[] = [];
  let deployment: Deployment | undefined;
  for (let round = 0; round < Math.max(3, count / 5); round++) {
    await write(sandbox, `first ${round}`, all);
    const { ms, value } = await timed(() => sandbox.deploy({ name: `Bench ${round}` }));
    first.push(ms);
    deployment = value.deployment;
  }
  if (deployment === undefined) throw new Error('nothing was published');
  const { id, publicUrl } = deployment;
  const host = hostOf(publicUrl);
  const live: number[] = [];
  for (let round = 0; round < count; round++) {
    await write(sandbox, `round ${round}`, all.slice(0, CHANGED));
    const { ms } = await timed(async () => {
      await miosa.deployments.publish(id, { sourceSandboxId: sandbox.id });
      await untilSeen(httpPort, host, `round ${round}`);
    });
    live.push(ms);
  }
  const back: number[] = [];
  const seen: number[] = [];
  for (let round = 0; round < count * 2; round++) {
    const text = `round ${round % 2 === 0 ? count - 2 : count - 1}`;
    const started = performance.now();
    await miosa.deployments.rollback(id);
    back.push(performance.now() - started);
    await untilSeen(httpPort, host, text);
    seen.push(performance.now() - started);
  }
  const wrk = startWrk({ port: httpPort, host, path: '/', seconds: 60, connections: 16 });
  for (let change = 0; change < 20; change++) {
    await write(sandbox, `load ${change}`, all.slice(0, CHANGED));
    await miosa.deployments.publish(id, { sourceSandboxId: sandbox.id });
    await miosa.deployments.rollback(id);
    await visit(httpPort, host);
  }
  const { requests, failed } = await wrk.stop();
  return {
    deployment,
    sandbox,
    samples: [
      { name: `first publish, ${FILES} new files`, ms: first },
      { name: `publish, ${CHANGED} of ${FILES} changed → live`, ms: live },
      { name: 'rollback', ms: back },
      { name: 'rollback → live', ms: seen },
    ],
    underLoad: { changes: 40, requests, failed },
  };
};

export const wakeFrom = async (httpPort: number, deployment: Deployment, rounds: number, sleepSec: number): Promise<Sample> => {
  const ms: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await asleep(sleepSec);
    const { ms: took, value } = await timed(() => visit(httpPort, hostOf(deployment.publicUrl)));
    if (value.status !== 200) throw new Error(`the wake-up answered ${value.status}`);
    ms.push(took);
  }
  return { name: 'wake from zero', ms };
};

/** Nobody tells a visitor that an app sleeps: its policy does, some seconds after the last visit. */
const asleep = async (sleepSec: number): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, (sleepSec + 4) * 1000));
};
