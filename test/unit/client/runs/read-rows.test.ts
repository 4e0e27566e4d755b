import { describe, expect, it } from '@jest/globals';
import { run, runEvent } from '../../../../packages/contracts/src/api/run.ts';
import { readEvent, readRun, rowsOf, textOf, type Row } from '../../../../packages/client/src/runs/read-rows.ts';
import { unescapeResult } from '../../../../packages/client/src/runs/unescape.ts';
import { type RunRow, toRun } from '../../../../src/api/mappers/run.ts';
import { type RunEventRow, toRunEvent } from '../../../../src/api/mappers/run-event.ts';
import { escapeUnstorable } from '../../../../src/domain/unstorable.ts';

const ODD = { 'k\u0000ey': ['nul \u0000, lone \ud800, mark \uE0FF', 1, null, { deep: '\udc00' }] };
const AT = '2026-11-21T06:53:27.311142+00:00';
const ID = '01a1fcdd-87ab-7e1d-b6d9-4a895376a615';

const RUN_ROW = {
  id: ID,
  workspace_id: ID,
  task_id: ID,
  version_id: ID,
  state: 'failed',
  reason: null,
  mode: 'async',
  priority: 3,
  input: { created_at: 'not a time' },
  output: escapeUnstorable(ODD),
  output_ref: null,
  error: { code: 'STEP_FAILED', message: 'it did not work' },
  source: 'call',
  actor_kind: 'user',
  actor_user_id: ID,
  actor_name: 'anna@example.com',
  idempotency_key: null,
  workflow_id: `run-${ID}`,
  temporal_run_id: null,
  run_at: AT,
  expires_at: null,
  started_at: AT,
  deadline_at: null,
  finished_at: AT,
  cancel_requested_at: null,
  cancel_reason: null,
  pause_requested_at: '2026-11-21T07:00:04.25+00:00',
  pause_reason: 'lunch',
  stalled_at: null,
  stalled_reason: null,
  archived_at: null,
  epoch: 1,
  authority: 0,
  event_seq: 9,
  version: 7,
  created_at: AT,
  updated_at: AT,
} satisfies Row;

const EVENT_ROW = {
  run_id: ID,
  workspace_id: ID,
  seq: 4,
  at: AT,
  kind: 'step.failed',
  state: 'running',
  step_id: 'call',
  iteration: 0,
  attempt: 2,
  data: escapeUnstorable(ODD),
} satisfies Row;

describe('rows', () => {
  it('of runs become what the API gives for the same row', () => {
    const read = readRun(RUN_ROW);
    expect(read).toEqual(toRun(RUN_ROW as unknown as RunRow));
    expect(run.parse(read)).toEqual(read);
    expect(read).toMatchObject({ lastEventSeq: 9, output: ODD, createdAt: '2026-11-21T06:53:27.311Z', input: RUN_ROW.input });
  });
  it('of events become what the API gives for the same row', () => {
    const read = readEvent(EVENT_ROW);
    expect(read).toEqual(toRunEvent(EVENT_ROW as unknown as RunEventRow));
    expect(runEvent.parse(read)).toEqual(read);
  });
  it('are found in an answer, alone or in a list', () => {
    expect([rowsOf([{ a: 1 }, null, 3]), rowsOf({ a: 1 }), rowsOf(null), rowsOf(undefined)]).toEqual([
      [{ a: 1 }],
      [{ a: 1 }],
      [],
      [],
    ]);
    expect([textOf({ a: 'x' }, 'a'), textOf({ a: 1 }, 'a'), textOf({}, 'a')]).toEqual(['x', '', '']);
  });
});

describe('results', () => {
  it('come back as the action gave them', () => {
    for (const value of [ODD, 'plain', 7, null, [], ['\u0000'], { a: '\uE0FF0000' }])
      expect(unescapeResult(escapeUnstorable(value))).toEqual(value);
  });
});
