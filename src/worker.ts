import { DefaultLogger, Runtime } from '@temporalio/worker';
import { readConfig } from './config.ts';
import { createWorker } from './create-worker.ts';
import { startHealthServer } from './platform/health-server.ts';
import { createLog } from './platform/log/create-log.ts';
import { onStop } from './platform/stop-signals.ts';

const config = readConfig(process.env);
const log = createLog({ level: config.DURABASE_LOG_LEVEL, format: config.DURABASE_LOG_FORMAT, program: 'worker' });
/** Failed attempts and runs are the business of tasks; the wrapper logs them with their run. */
const SAID_ELSEWHERE = new Set(['Activity failed', 'Workflow failed']);
Runtime.install({
  shutdownSignals: [], // ours come first: the dispatcher stops before the worker
  logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
    if (SAID_ELSEWHERE.has(message)) return;
    log[level === 'ERROR' ? 'error' : 'warn']('temporal.sdk', { message, reason: String(meta?.['error'] ?? '') });
  }),
});

const worker = await createWorker({ config, log, workflowBundle: config.DURABASE_WORKFLOW_BUNDLE });
const health = await startHealthServer({
  host: config.DURABASE_HOST,
  port: config.DURABASE_HEALTH_PORT,
  readiness: worker.readiness,
});
log.info('worker.started', { healthPort: health.port });
onStop(log, async () => {
  await worker.stop();
  await health.close();
});
