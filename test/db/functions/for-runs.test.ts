import { beforeEach, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import {
  createReadyTask,
  createRunIn,
  createWorkspace,
  findRun,
  startRun,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, callValue, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

interface BulkAnswer {
  readonly done: readonly { readonly runId: string; readonly newRunId?: string }[];
  readonly refused: readonly { readonly runId: string; readonly code: string; readonly message: string }[];
  readonly matchCount: number;
  readonly isMatchCountExact: boolean;
  readonly remainingCount: number;
  readonly hasMore: boolean;
  readonly lastRunId: string | null;
}

describe('for_runs', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;
  let other: ReadyTask;

  beforeEach(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id, { slug: 'task' });
    other = await createReadyTask(db.owner, acme.id, { slug: 'other' });
  });

  const act = (
    operation: string | null,
    filter: unknown,
    more: Readonly<Record<string, unknown>> = {},
    userId = acme.users.admin,
  ) => asUser(db.owner, userId, (client) => callValue<BulkAnswer>(client, 'durabase.for_runs', { operation, filter, ...more }));
  const inWorkspace = () => ({ workspace: acme.id });
  const states = async (ids: readonly string[]) => Promise.all(ids.map(async (id) => (await findRun(db.owner, id)).state));
  const startMany = async (count: number, of = task): Promise<string[]> => {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      ids.push((await startRun(db.owner, of)).id);
      await db.owner.query('select pg_sleep(0.002)'); // ids of one millisecond have no order
    }
    return ids;
  };

  describe('carries out', () => {
    it('pause, resume and cancel, each with its own event and audit row', async () => {
      const ids = await startMany(3);
      expect(await act('pause', inWorkspace(), { options: { reason: 'lunch' } })).toEqual({
        done: ids.map((runId) => ({ runId })),
        refused: [],
        matchCount: 3,
        isMatchCountExact: true,
        remainingCount: 0,
        hasMore: false,
        lastRunId: ids.at(-1),
      });
      expect((await findRun(db.owner, ids[0] ?? '')).reason?.message).toBe('paused: lunch');
      await act('resume', inWorkspace());
      expect(await states(ids)).toEqual(['queued', 'queued', 'queued']);
      await act('cancel', inWorkspace(), { options: { reason: 'enough' } });
      expect(await states(ids)).toEqual(['cancelled', 'cancelled', 'cancelled']);
      for (const id of ids) {
        expect((await findRun(db.owner, id)).error?.message).toBe('enough');
        expect(await story.auditOf(id)).toEqual([
          'run.started by sql_role',
          'run.paused by user',
          'run.resumed by user',
          'run.cancelled by user',
        ]);
      }
    });

    it('retry, rerun and fork, naming each new run', async () => {
      const { id } = await createRunIn(db.owner, task, 'failed');
      for (const [operation, options] of [
        ['retry', {}],
        ['rerun', { version: 'same' }],
        ['fork', { fromStep: 'hello', version: 'newest' }],
      ] as const) {
        const { done } = await act(operation, { runIds: [id] }, { options });
        expect(done).toEqual([{ runId: id, newRunId: expect.any(String) as unknown }]);
        expect(await readValue(db.owner, 'select kind from durabase.run_links where run_id = $1', [done[0]?.newRunId])).toBe(
          operation,
        );
      }
    });

    it('500 forks in one call, and admission lets in no more than their limit', async () => {
      const narrow = await createReadyTask(db.owner, acme.id, { slug: 'narrow', plan: { mode: 'sync' } });
      await db.owner.query(
        `insert into durabase.task_runs (workspace_id, task_id, version_id, state, mode, priority, input, source, actor_kind, actor_name, workflow_id, run_at, finished_at)
         select $1, $2, $3, 'completed', 'sync', 3, '{}', 'call', 'service', 'x', 'run', now(), now() from generate_series(1, 500)`,
        [acme.id, narrow.id, narrow.versionId],
      );
      const answer = await act('fork', { task: 'narrow' }, { options: { fromStep: 'hello' }, max_runs: 500 });
      expect([answer.done.length, answer.refused, answer.hasMore]).toEqual([500, [], false]);
      const admitted = await callValue<{ runs: { workspaceId: string }[] }>(db.engine, 'durabase_private.admit', {
        p_limit: 1000,
        p_claim_ms: 1000,
      });
      expect(admitted.runs.filter(({ workspaceId }) => workspaceId === acme.id)).toHaveLength(1);
    });
  });

  describe('refuses single runs, each by itself, and goes on', () => {
    it('names code and sentence', async () => {
      const [open] = await startMany(1);
      const { id: ended } = await createRunIn(db.owner, task, 'completed');
      const [last] = await startMany(1);
      const answer = await act('cancel', inWorkspace());
      expect(answer.done.map(({ runId }) => runId)).toEqual([open, last]);
      expect(answer.refused).toEqual([{ runId: ended, code: 'RUN_FINISHED', message: 'the run has already ended: completed' }]);
      expect(await states([open ?? '', ended, last ?? ''])).toEqual(['cancelled', 'completed', 'cancelled']);
    });

    it('leaves nothing of a refused one behind', async () => {
      const { id } = await createRunIn(db.owner, task, 'completed');
      const before = await readValue<number>(db.owner, 'select count(*)::int from durabase.task_runs where workspace_id = $1', [
        acme.id,
      ]);
      for (const [operation, options, code] of [
        ['retry', {}, 'RUN_FINISHED'],
        ['fork', {}, 'INVALID_REQUEST'],
        ['fork', { fromStep: 'nothing' }, 'STEP_NOT_FOUND'],
        ['rerun', { version: 'oldest' }, 'INVALID_REQUEST'],
        ['pause', { reason: 'x'.repeat(1_001) }, 'INVALID_REQUEST'],
      ] as const) {
        const answer = await act(operation, { runIds: [id] }, { options });
        expect([answer.done, answer.refused.map((refusal) => refusal.code)]).toEqual([[], [code]]);
      }
      expect(await readValue(db.owner, 'select count(*)::int from durabase.task_runs where workspace_id = $1', [acme.id])).toBe(
        before,
      );
      expect(await story.auditOf(id)).toHaveLength(1);
    });

    it('does not hide what is no refusal', async () => {
      const [id] = await startMany(1);
      await db.owner.query(
        `create function public.break_on_purpose() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
         create trigger break before update on durabase.task_runs for each row when (old.id = '${id}') execute function public.break_on_purpose()`,
      );
      await expect(act('pause', inWorkspace())).rejects.toThrow('broken');
      await db.owner.query('drop trigger break on durabase.task_runs; drop function public.break_on_purpose()');
    });
  });

  describe('filters', () => {
    const found = async (filter: unknown) => (await act('resume', filter, { max_runs: 1000 })).done.map(({ runId }) => runId);

    it('by workspace, task (slug or id), states, ids and times, all of which must fit', async () => {
      const [one, two] = await startMany(2);
      const [theirs] = await startMany(1, other);
      const { id: later } = await startRun(db.owner, task, { run_at: new Date(Date.now() + 3_600_000) });
      const all = [one, two, theirs, later];
      expect(await found({ workspace: acme.id })).toEqual(all);
      expect(await found({ task: 'other' })).toContain(theirs);
      expect(await found({ task: other.id })).toEqual([theirs]);
      expect(await found({ workspace: acme.id, states: ['scheduled'] })).toEqual([later]);
      expect(await found({ workspace: acme.id, states: ['scheduled', 'queued'] })).toEqual(all);
      expect(await found({ workspace: acme.id, states: [] })).toEqual([]);
      expect(await found({ runIds: [two, one] })).toEqual([one, two]);
      expect(await found({ runIds: [one], task: 'other' })).toEqual([]);
      const middle = await readValue<string>(db.owner, 'select created_at::text from durabase.task_runs where id = $1', [two]);
      expect(await found({ workspace: acme.id, createdAfter: middle })).toEqual([theirs, later]);
      expect(await found({ workspace: acme.id, createdBefore: middle })).toEqual([one]);
      expect(await found({ workspace: acme.id, afterRunId: two })).toEqual([theirs, later]);
    });

    it('what the caller sees', async () => {
      const mine = await asUser(db.owner, acme.users.runner, (client) =>
        callRow<Run>(client, 'durabase.start_run', { task: task.id }),
      );
      const [theirs] = await startMany(1);
      const answer = await act('pause', { runIds: [mine.id, theirs] }, {}, acme.users.runner);
      expect([answer.done.map(({ runId }) => runId), answer.refused]).toEqual([[mine.id], []]);
      const stranger = await createWorkspace(db.owner, 'stranger');
      expect(await act('cancel', { runIds: [mine.id, theirs] }, {}, stranger.users.owner)).toEqual({
        done: [],
        refused: [],
        matchCount: 0,
        isMatchCountExact: true,
        remainingCount: 0,
        hasMore: false,
        lastRunId: null,
      });
      const seen = await act('cancel', { runIds: [mine.id, theirs] }, {}, acme.users.viewer);
      expect(seen.refused.map(({ code }) => code)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
      expect(await states([mine.id, theirs ?? ''])).toEqual(['paused', 'queued']);
    });
  });

  describe('in parts', () => {
    it('takes at most as many as it is told, says that there are more, and goes on behind them', async () => {
      const ids = await startMany(5);
      const first = await act('pause', inWorkspace(), { max_runs: 2 });
      expect([first.done.map(({ runId }) => runId), first.hasMore, first.lastRunId]).toEqual([ids.slice(0, 2), true, ids[1]]);
      const second = await act('pause', { ...inWorkspace(), afterRunId: first.lastRunId }, { max_runs: 2 });
      expect([second.done.map(({ runId }) => runId), second.hasMore]).toEqual([ids.slice(2, 4), true]);
      const third = await act('pause', { ...inWorkspace(), afterRunId: second.lastRunId }, { max_runs: 2 });
      expect([third.done.map(({ runId }) => runId), third.hasMore]).toEqual([ids.slice(4), false]);
    });

    it('says how many there are, and how many it has not looked at', async () => {
      const ids = await startMany(5);
      const counted = await act('cancel', inWorkspace(), { max_runs: 0 });
      expect(counted).toEqual({
        done: [],
        refused: [],
        matchCount: 5,
        isMatchCountExact: true,
        remainingCount: 5,
        hasMore: true,
        lastRunId: null,
      });
      expect(await states(ids)).toEqual(ids.map(() => 'queued'));
      expect(await act('pause', inWorkspace(), { max_runs: 3 })).toMatchObject({ matchCount: 5, remainingCount: 2 });
      expect(await act('pause', { ...inWorkspace(), afterRunId: ids[2] }, { max_runs: 3 })).toMatchObject({
        matchCount: 2,
        remainingCount: 0,
      });
    });

    it('counts to 10,000', async () => {
      await db.owner.query(
        `insert into durabase.task_runs (workspace_id, task_id, version_id, state, mode, priority, input, source, actor_kind, actor_name, workflow_id, run_at, finished_at)
         select $1, $2, $3, 'completed', 'async', 3, '{}', 'call', 'service', 'x', 'run', now(), now() from generate_series(1, 10001)`,
        [acme.id, task.id, task.versionId],
      );
      expect(await act('retry', inWorkspace(), { max_runs: 1 })).toMatchObject({
        matchCount: 10_000,
        isMatchCountExact: false,
        remainingCount: 9_999,
        hasMore: true,
      });
    });

    it.each([
      [null, 100],
      [-5, 0],
      [1_000_000, 1_000],
    ])('reads a limit of %p as %p', async (limit, expected) => {
      await db.owner.query(
        `insert into durabase.task_runs (workspace_id, task_id, version_id, state, mode, priority, input, source, actor_kind, actor_name, workflow_id, run_at, finished_at)
         select $1, $2, $3, 'completed', 'async', 3, '{}', 'call', 'service', 'x', 'run', now(), now() from generate_series(1, 1001)`,
        [acme.id, task.id, task.versionId],
      );
      const answer = await act('resume', inWorkspace(), { max_runs: limit });
      expect([answer.refused.length, answer.hasMore]).toEqual([expected, true]);
    });
  });

  it.each([
    ['another operation', 'delete', { states: [] }, {}, 'operation'],
    ['no operation', null, { states: [] }, {}, 'operation'],
    ['no filter', 'cancel', null, {}, 'filter'],
    ['an empty filter', 'cancel', {}, {}, 'filter'],
    ['a filter that only says where to go on', 'cancel', { afterRunId: '01890000-0000-7000-8000-000000000000' }, {}, 'filter'],
    [
      'to go on behind a run that is not there',
      'cancel',
      { states: [], afterRunId: '01890000-0000-7000-8000-000000000000' },
      {},
      'filter.afterRunId',
    ],
    ['a filter that is a list', 'cancel', [], {}, 'filter'],
    ['a field that is not known', 'cancel', { state: 'failed' }, {}, 'filter'],
    ['states that are no list', 'cancel', { states: 'failed' }, {}, 'filter'],
    ['ids that are no list', 'cancel', { runIds: 'x' }, {}, 'filter'],
    ['ids that are none', 'cancel', { runIds: ['x'] }, {}, 'filter'],
    ['a workspace that is no id', 'cancel', { workspace: 'acme' }, {}, 'filter'],
    ['a time that is none', 'cancel', { createdAfter: 'soon' }, {}, 'filter'],
    ['an option that is not known', 'fork', { states: [] }, { from_step: 'hello' }, 'options'],
    ['options that are a list', 'fork', { states: [] }, ['x', 1], 'options'],
  ])('refuses %s', async (_, operation, filter, options, path) => {
    const call = () => act(operation, Array.isArray(filter) ? '[]' : filter, { options });
    expect(await refusedAs(call())).toBe('422 INVALID_REQUEST');
    expect((await refusalOf(call())).path).toBe(path);
  });
});
