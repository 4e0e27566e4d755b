import { describe, expect, it } from '@jest/globals';
import { temporal } from '@temporalio/proto';
import { toDescribed } from '../../../src/platform/temporal/read-execution.ts';
import { judgeStall } from '../../../src/reconciler/examine-open-runs.ts';

const SINCE = '2026-11-21T10:00:00.250Z';
const at = (seconds: number): number => Date.parse(SINCE) + seconds * 1_000;

/** A description as the server sends it. */
const described = (more: temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse) =>
  toDescribed(
    temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse.decode(
      temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse.encode(more).finish(),
    ),
  );
const task = (state: 'PENDING_WORKFLOW_TASK_STATE_SCHEDULED' | 'PENDING_WORKFLOW_TASK_STATE_STARTED', attempt = 1) => ({
  state: temporal.api.enums.v1.PendingWorkflowTaskState[state],
  scheduledTime: { seconds: Math.floor(at(0) / 1_000) as never, nanos: 250_000_000 },
  attempt,
});

describe('judgeStall', () => {
  it('sees nothing in an execution that waits for nobody', () => {
    expect(judgeStall(described({}), at(600))).toBeNull();
  });

  it('lets a workflow task wait for half a minute, then says that no worker takes it', () => {
    const waiting = described({ pendingWorkflowTask: task('PENDING_WORKFLOW_TASK_STATE_SCHEDULED') });
    expect(waiting.waitsForWorkerSince).toBe(SINCE);
    expect(judgeStall(waiting, at(30))).toBeNull();
    expect(judgeStall(waiting, at(31))).toBe('no worker takes it on');
  });

  it('names the build whose workers are gone, also where people have moved the run to it', () => {
    const pendingWorkflowTask = task('PENDING_WORKFLOW_TASK_STATE_SCHEDULED');
    const deploymentVersion = { deploymentName: 'shop', buildId: 'A' };
    const pinned = described({ pendingWorkflowTask, workflowExecutionInfo: { versioningInfo: { deploymentVersion } } });
    expect(judgeStall(pinned, at(31))).toBe('it belongs to the build shop:A, and no worker of that build takes it on');
    const versioningOverride = { pinned: { version: { deploymentName: 'shop', buildId: 'B' } } };
    const moved = described({
      pendingWorkflowTask,
      workflowExecutionInfo: { versioningInfo: { deploymentVersion, versioningOverride } },
    });
    expect(judgeStall(moved, at(31))).toContain('the build shop:B');
  });

  it('does not call it waiting while a worker has it, until it fails again and again', () => {
    const started = described({ pendingWorkflowTask: task('PENDING_WORKFLOW_TASK_STATE_STARTED') });
    expect(judgeStall(started, at(600))).toBeNull();
    const failing = described({ pendingWorkflowTask: task('PENDING_WORKFLOW_TASK_STATE_STARTED', 5) });
    expect(judgeStall(failing, at(1))).toBe('its workflow task has failed 4 times');
  });
});
