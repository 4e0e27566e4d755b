import type { Json } from '@durabase/contracts';
import type { Compiled } from '../domain/plan/compile-task.ts';
import { createLoop, type Loop } from '../loop/create-loop.ts';
import type { Log } from '../ports/log.ts';
import type { AdmittedRun, Admission, CheckedRun, QueuePort, UncheckedRun } from '../ports/queue.ts';
import type { TemporalPort } from '../ports/temporal.ts';

/** What the dispatcher asks for. */
export interface DispatcherPorts {
  readonly queue: QueuePort;
  /** `undefined` while Temporal is away: runs stay queued. */
  readonly temporal: () => TemporalPort | undefined;
  readonly check: (runs: readonly UncheckedRun[]) => Promise<readonly CheckedRun[]>;
  readonly compile: (definition: Json, context: { readonly workspaceId: string }) => Promise<Compiled>;
  readonly log: Log;
  /** Longest time between two looks at the queue, in milliseconds. @default 250 */
  readonly pollMs?: number;
}

/** Carries accepted runs, and wishes about them, to Temporal. */
export type Dispatcher = Loop;

const MAX_DEEDS = 100;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function startRuns(
  runs: readonly AdmittedRun[],
  temporal: TemporalPort,
  { queue, log }: DispatcherPorts,
): Promise<boolean> {
  const failed: string[] = [];
  await Promise.all(
    runs.map(async (run) => {
      try {
        if (run.signal && (await temporal.signalAdmitted(run.workflowId))) return;
        await temporal.start(run);
      } catch (error) {
        failed.push(run.runId);
        log.warn('run.not-started', { runId: run.runId, reason: reasonOf(error) });
      }
    }),
  );
  if (failed.length > 0) await queue.unclaim(failed);
  return failed.length === 0;
}

async function carryWishes(temporal: TemporalPort, { queue, log }: DispatcherPorts): Promise<void> {
  const wishes = await queue.claimWishes();
  await Promise.all(
    wishes.map(async ({ kind, workflowId, runId }) => {
      if (kind === 'wake') await temporal.wake(workflowId);
      else log.info('run.cancel-carried', { runId, isOpen: await temporal.cancel(workflowId) });
    }),
  );
  const wakes = wishes.filter(({ kind }) => kind === 'wake');
  if (wakes.length > 0) await queue.forgetWakes(wakes);
}

/** What runs have to do to each other; whatever comes of it is found by the next pass. */
async function doDeeds({ queue }: DispatcherPorts): Promise<void> {
  for (let count = 0; count < MAX_DEEDS; count += 1) if (!(await queue.doDeed())) return;
}

async function compileDrafts({ queue, compile, log }: DispatcherPorts): Promise<void> {
  for (const { versionId, workspaceId, definition } of await queue.listDrafts()) {
    const compiled = await compile(definition, { workspaceId });
    await queue.publishVersion(
      compiled.ok
        ? { versionId, plan: compiled.plan as unknown as Json }
        : { versionId, problems: compiled.problems as unknown as Json },
    );
    log.info('version.compiled', { versionId, isReady: compiled.ok });
  }
}

/** One look at the queue. Returns whether there may be more to do at once. */
async function pass(ports: DispatcherPorts): Promise<boolean> {
  const temporal = ports.temporal();
  if (temporal === undefined) {
    await compileDrafts(ports);
    return false;
  }
  let admission: Admission = await ports.queue.admit();
  const hasDeeds = admission.deeds;
  if (hasDeeds) await doDeeds(ports);
  if (admission.drafts) await compileDrafts(ports);
  const started = await startRuns(admission.runs, temporal, ports);
  const foundPlain = admission.runs.length > 0;
  if (admission.unchecked) {
    admission = await ports.queue.checkAndAdmit(ports.check);
    await startRuns(admission.runs, temporal, ports);
  }
  if (admission.wishes) await carryWishes(temporal, ports);
  return started && (foundPlain || hasDeeds || admission.runs.length > 0);
}

/** Runs until it is stopped; every worker has one. */
export function createDispatcher(ports: DispatcherPorts): Dispatcher {
  const { log, pollMs = 250 } = ports;
  return createLoop({ name: 'dispatcher', log, pass: async () => ({ ms: (await pass(ports)) ? 0 : pollMs }) });
}
