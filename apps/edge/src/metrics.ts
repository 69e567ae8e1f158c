import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface EdgeMetrics {
  readonly registry: Registry;
  readonly refused: Counter<'code'>;
  /** A request to a host of this kind has been answered. */
  answered(host: string, status: number, seconds: number): void;
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
  const requests = new Counter({ name: 'miosa_edge_requests_total', help: 'Requests answered', labelNames: ['host', 'status'], registers });
  const duration = new Histogram({
    name: 'miosa_edge_request_seconds',
    help: 'From request head to the end of the answer',
    labelNames: ['host'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  /** Looking a series up by its labels costs more than counting in it. */
  const series = new Map<string, { readonly counter: Counter.Internal; readonly histogram: Histogram.Internal<'host'> }>();
  const seriesOf = (host: string, status: number) => {
    const key = `${host} ${status}`;
    const known = series.get(key);
    if (known !== undefined) return known;
    const made = { counter: requests.labels(host, `${Math.floor(status / 100)}xx`), histogram: duration.labels(host) };
    series.set(key, made); // a few kinds times at most 900 statuses
    return made;
  };
  return {
    registry,
    answered: (host, status, seconds) => {
      const { counter, histogram } = seriesOf(host, status);
      counter.inc();
      histogram.observe(seconds);
    },
    refused: new Counter({
      name: 'miosa_edge_refused_total',
      help: 'Requests the edge answered with a refusal of its own',
      labelNames: ['code'],
      registers,
    }),
  };
};
