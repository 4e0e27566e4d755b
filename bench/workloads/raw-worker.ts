// A plain Temporal worker: what the product is measured against. It starts its workflows itself, eagerly.
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { answerCalls } from './calls.ts';
import { type Measured, oneAtATime, timeAll } from './timing.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const address = process.env['BENCH_TEMPORAL_ADDRESS'] ?? '';
const namespace = process.env['BENCH_TEMPORAL_NAMESPACE'] ?? 'default';
const taskQueue = `raw-${process.pid}`;
const connection = await NativeConnection.connect({ address });
const client = new Client({ connection, namespace });
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue,
  workflowsPath: join(import.meta.dirname, 'raw-workflows.ts'),
  activities: { step: () => Promise.resolve(1) },
  maxCachedWorkflows: 500,
});
const running = worker.run();
let count = 0;
const run = (workflow: 'one' | 'ten') => async (): Promise<void> => {
  count += 1;
  await client.workflow.execute(workflow, { taskQueue, workflowId: `${taskQueue}-${count}`, requestEagerStart: true });
};

answerCalls({
  many: ({ workflow, total, inFlight }: { workflow: 'one' | 'ten'; total: number; inFlight: number }): Promise<number> =>
    timeAll({ total, inFlight }, run(workflow)),
  single: ({ workflow, total }: { workflow: 'one' | 'ten'; total: number }): Promise<Measured> =>
    oneAtATime(total, run(workflow)),
});
process.on('disconnect', () => {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  void running.finally(() => process.exit(0));
});
