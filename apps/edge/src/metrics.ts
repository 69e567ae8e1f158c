import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface EdgeMetrics {
  readonly registry: Registry;
  readonly requests: Counter<'host' | 'status'>;
  readonly refused: Counter<'code'>;
  readonly duration: Histogram<'host'>;
}

/** What `/metrics` of the edge shows. Labels are closed sets: nothing a visitor controls can make a new series. */
export const createMetrics = (read: { readonly openConnections: () => number; readonly sandboxesKnown: () => number }): EdgeMetrics => {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(value());
      },
    });
  };
  gauge('miosa_edge_open_previews', 'Preview requests and sockets under way', read.openConnections);
  gauge('miosa_edge_sandboxes_known', 'Sandboxes in the route memory', read.sandboxesKnown);
  return {
    registry,
    requests: new Counter({ name: 'miosa_edge_requests_total', help: 'Requests answered', labelNames: ['host', 'status'], registers }),
    refused: new Counter({ name: 'miosa_edge_refused_total', help: 'Preview requests the edge refused', labelNames: ['code'], registers }),
    duration: new Histogram({
      name: 'miosa_edge_request_seconds',
      help: 'From request head to the end of the answer',
      labelNames: ['host'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2, 10, 60],
      registers,
    }),
  };
};
