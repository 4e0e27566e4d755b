import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Histories that do not replay are the business of the tests, not of the log. */
export function installQuietRuntime(): void {
  const silent = new DefaultLogger('ERROR', () => undefined);
  Runtime.install({ shutdownSignals: [], logger: silent, telemetryOptions: { logging: { forward: {}, filter: 'OFF' } } });
}
