import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  started(): void;
  finished(operation: string, status: number, seconds: number): void;
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Own registry: prom-client's global one would be shared by every server of a test process. */
export const createMetrics = (): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'miosa_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['operation', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
    registers: [registry],
  });
  const inFlight = new Gauge({ name: 'miosa_http_requests_in_flight', help: 'Requests begun and not ended.', registers: [registry] });
  return {
    started: () => inFlight.inc(),
    finished: (operation, status, seconds) => {
      inFlight.dec();
      duration.labels(operation, `${Math.floor(status / 100)}xx`).observe(seconds);
    },
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
};
