import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type pg from 'pg';
import { findRun, type Run } from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { describeHistory, joinLines } from '../support/describe-event.ts';
import type { History } from '../support/history.ts';

/** The machine may be busy. */
export const WITHIN = { timeoutMs: 60_000 };

/** An execution; without a run id, the newest one of its workflow. */
export interface Execution {
  readonly workflow_id: string;
  readonly temporal_run_id?: string | null | undefined;
}

/** Waits for what runs come to. */
export interface RunWatch {
  inState(runId: string, state: string): Promise<Run>;
  /** The run as soon as another execution has taken it over so often. */
  inEpoch(runId: string, epoch: number): Promise<Run>;
  stepInState(runId: string, stepId: string, state: string): Promise<void>;
  /** The run when it has ended, in Temporal as well. */
  ended(runId: string, state: string): Promise<Run>;
  /** Its history so far. */
  readHistory(execution: Execution): Promise<History>;
  /** Waits until the history says this so many times. */
  historySays(execution: Execution, line: string, times?: number): Promise<void>;
}

/** @see RunWatch */
export function watchRuns({ owner, temporal }: { readonly owner: pg.Pool; readonly temporal: Client }): RunWatch {
  const runWhere = (runId: string, isSo: (run: Run) => boolean): Promise<Run> =>
    eventually(async () => {
      const run = await findRun(owner, runId);
      if (!isSo(run)) throw new Error(`the run is ${run.state}, epoch ${run.epoch}: ${JSON.stringify(run.error ?? run.reason)}`);
      return run;
    }, WITHIN);
  const inState: RunWatch['inState'] = (runId, state) => runWhere(runId, (run) => run.state === state);
  const readHistory: RunWatch['readHistory'] = async ({ workflow_id: workflowId, temporal_run_id: runId }) => {
    const json: unknown = historyToJSON(await temporal.workflow.getHandle(workflowId, runId ?? undefined).fetchHistory());
    return JSON.parse(String(json)) as History;
  };
  return {
    inState,
    inEpoch: (runId, epoch) => runWhere(runId, (run) => run.epoch >= epoch),
    stepInState: async (runId, stepId, state) => {
      const query = 'select state from durabase.run_steps where run_id = $1 and step_id = $2 and iteration <= 0';
      await eventually(async () => {
        const found = await readValue(owner, query, [runId, stepId]);
        if (found !== state) throw new Error(`the step ${stepId} is ${String(found)} instead of ${state}`);
      }, WITHIN);
    },
    ended: async (runId, state) => {
      const run = await inState(runId, state);
      await eventually(async () => {
        const { status } = await temporal.workflow.getHandle(run.workflow_id).describe();
        if (status.name === 'RUNNING') throw new Error('the workflow is still open');
      }, WITHIN);
      return run;
    },
    readHistory,
    historySays: async (execution, line, times = 1) => {
      await eventually(async () => {
        const lines = describeHistory(await readHistory(execution));
        if (lines.filter((found) => found === line).length < times) throw new Error(`so far: ${joinLines(lines)}`);
      }, WITHIN);
    },
  };
}
