import { createServer, type RequestListener, type Server } from 'node:http';
import { listenOn } from '../ops.ts';

export interface TrafficReport {
  readonly from: number;
  readonly until: number;
  readonly bounds_ms: number[];
  readonly deployments: Readonly<Record<string, { requests: number; errors: number; egress_bytes: number; durations: number[] }>>;
}

export interface FakeControl {
  readonly wakes: string[];
  readonly activity: Record<string, number>;
  readonly traffic: TrafficReport[];
  /** Calls to the internal socket fail while set. */
  readonly internal: { refuses: boolean };
  /** What a wake call does (of a sandbox, a machine, a version); answers with its status. */
  onWake: (id: string) => Promise<number>;
  /** Certificates asked for, by organization. */
  readonly certificates: string[];
  /** What a call for a certificate does; throws when it cannot. */
  onCertificate: (organization: string) => Promise<object>;
  api: RequestListener;
  readonly publicServer: Server;
  close(): Promise<void>;
}

/** Both sockets of a control plane. */
export const startFakeControl = async (controlSocket: string, internalSocket: string): Promise<FakeControl> => {
  const publicServer = createServer((req, res) => control.api(req, res));
  const internal = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk) => {
      text += chunk;
    });
    req.on('end', () => {
      if (control.internal.refuses) return void res.writeHead(500).end('{}');
      if (req.url === '/internal/activity') {
        Object.assign(control.activity, (JSON.parse(text) as { sandboxes: Record<string, number> }).sandboxes);
        return void res.end('{}');
      }
      if (req.url === '/internal/certificates') {
        const { organization } = JSON.parse(text) as { organization: string };
        control.certificates.push(organization);
        return void control.onCertificate(organization).then(
          (data) => res.end(JSON.stringify({ data })),
          () => res.writeHead(500).end(),
        );
      }
      if (req.url === '/internal/deployments/traffic') {
        control.traffic.push(JSON.parse(text) as TrafficReport);
        return void res.end('{}');
      }
      const id = /^\/internal\/(?:sandboxes|deployments\/versions)\/([^/]+)\/wake$/.exec(req.url ?? '')?.[1] ?? '';
      control.wakes.push(id);
      void control.onWake(id).then((status) => res.writeHead(status).end('{}'));
    });
  });
  const control: FakeControl = {
    wakes: [],
    activity: {},
    traffic: [],
    internal: { refuses: false },
    certificates: [],
    onCertificate: () => Promise.reject(new Error('no issuer')),
    onWake: async () => 200,
    api: (_req, res) => void res.end('api'),
    publicServer,
    close: async () => {
      for (const server of [publicServer, internal]) {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
    },
  };
  await listenOn(publicServer, controlSocket);
  await listenOn(internal, internalSocket);
  return control;
};
