// The product's worker with one action more, which does nothing.
import { defineAction } from '@durabase/contracts';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { z } from 'zod';
import { readConfig } from '../../src/config.ts';
import { createWorker } from '../../src/create-worker.ts';
import { startHealthServer } from '../../src/platform/health-server.ts';
import { createLog } from '../../src/platform/log/create-log.ts';
import { onStop } from '../../src/platform/stop-signals.ts';

const config = readConfig(process.env);
const log = createLog({ level: 'warn', format: 'text', program: 'worker' });
Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') });
const contract = defineAction({
  type: 'noop',
  summary: 'Do nothing.',
  input: z.strictObject({}),
  output: z.int(),
  effectOf: () => 'none',
});
const worker = await createWorker({ config, log, actions: [{ contract, handler: () => Promise.resolve(1) }] });
const health = await startHealthServer({
  host: config.DURABASE_HOST,
  port: config.DURABASE_HEALTH_PORT,
  readiness: worker.readiness,
});
onStop(log, async () => {
  await worker.stop();
  await health.close();
});
