import { Gauge, Histogram, Registry } from 'prom-client';
import type { Figures, FiguresReader } from './figures.ts';
import type { Streams } from './streams/create-streams.ts';

export interface Observation {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface HttpMetrics {
  observe(observation: Observation): void;
  /** In the text format of Prometheus. */
  render(): Promise<{ readonly text: string; readonly contentType: string }>;
}

type Counted = { readonly [Name in keyof Figures]: { readonly name: string; readonly help: string; readonly scale?: number } };

const FIGURE_GAUGES: Counted = {
  queued: { name: 'durabase_runs_queued', help: 'Runs that are accepted and not open yet.' },
  blocked: { name: 'durabase_runs_blocked', help: 'Queued runs that wait for a permit.' },
  oldestReadyMs: {
    name: 'durabase_oldest_ready_run_seconds',
    help: 'Age of the run that could have started first.',
    scale: 1 / 1_000,
  },
  open: { name: 'durabase_runs_open', help: 'Runs that are being executed.' },
  permits: { name: 'durabase_permits_held', help: 'Permits that runs hold.' },
  inbox: { name: 'durabase_changes_waiting', help: 'Changes that have no number in their feed yet.' },
  driftUnmended: { name: 'durabase_drift_unmended', help: 'Differences between Temporal and the mirror that were not mended.' },
  workersPolling: { name: 'durabase_workers_polling', help: 'Workers that take work.' },
};
/** Methods are the caller's choice: what is not known must not make new series. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

interface MetricsOptions {
  readonly figures: FiguresReader;
  readonly streams: Pick<Streams, 'openCount'>;
}

/** Metrics of one app; a registry of its own, so that two apps in a process do not meet. */
export function createHttpMetrics({ figures, streams }: MetricsOptions): HttpMetrics {
  const registers = [new Registry()];
  const durations = new Histogram({
    name: 'durabase_http_request_duration_seconds',
    help: 'From the first look at a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const databaseUp = new Gauge({ name: 'durabase_database_up', help: '1: the database answers.', registers });
  const streamsOpen = new Gauge({ name: 'durabase_streams_open', help: 'Streams of this process that are open.', registers });
  const auditSeal = new Gauge({
    name: 'durabase_audit_seal',
    help: "Number of the newest seal of the audit's chain. Kept elsewhere, its hash shows later whether the log was changed.",
    labelNames: ['hash'],
    registers,
  });
  const gauges = Object.entries(FIGURE_GAUGES).map(([key, { name, help, scale = 1 }]) => ({
    key: key as keyof Figures,
    scale,
    gauge: new Gauge({ name, help, registers }),
  }));

  return {
    observe: ({ method, route, status, durationMs }) => {
      const labels = { method: KNOWN_METHODS.has(method) ? method : 'other', route, status };
      durations.observe(labels, durationMs / 1_000);
    },
    render: async () => {
      const read = await figures.read();
      databaseUp.set(read === undefined ? 0 : 1);
      streamsOpen.set(streams.openCount());
      for (const { key, scale, gauge } of gauges) gauge.set(read === undefined ? Number.NaN : (read.figures[key] ?? 0) * scale);
      auditSeal.reset(); // hashes of former seals are not series any more
      if (read?.auditHead) auditSeal.set({ hash: read.auditHead.hash }, read.auditHead.seal);
      const [registry = new Registry()] = registers;
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
}
