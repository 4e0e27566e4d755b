import { beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asUser } from '../../support/as-role.ts';
import {
  admitRun,
  createReadyTask,
  createUser,
  createWorkspace,
  executionOf,
  findRun,
  openRun,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { type Args, callRow, callRows, callValue, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('end users', () => {
  const db = useDatabase();
  let acme: Workspace;
  let open: ReadyTask;
  let closed: ReadyTask;
  let ann: string;
  let bob: string;

  beforeEach(async () => {
    await set({
      sign_up: 'run_only',
      end_user_max_open_runs: 10,
      end_user_max_starts_per_minute: 20,
      end_user_max_starts_per_day: 500,
    });
    acme = await createWorkspace(db.owner);
    open = await createReadyTask(db.owner, acme.id, { slug: `open-${crypto.randomUUID()}` });
    closed = await createReadyTask(db.owner, acme.id, { slug: `closed-${crypto.randomUUID()}` });
    await asUser(db.owner, acme.users.admin, (client) => callRow(client, 'durabase.publish_task', { task: open.id }));
    [ann, bob] = [await createUser(db.owner), await createUser(db.owner)];
  });

  const set = (settings: object) => callRow(db.owner, 'durabase.update_instance_settings', { settings });
  const call = <Row extends pg.QueryResultRow>(userId: string, name: string, args: Args = {}): Promise<Row[]> =>
    asUser(db.owner, userId, (client) => callRows<Row>(client, `durabase.${name}`, args));
  const start = async (userId: string, args: Args = {}): Promise<Run> => {
    const [run] = await call<Run>(userId, 'start_run', { task: open.slug, input: { by: userId }, ...args });
    if (run === undefined) throw new Error('start_run returned no row');
    return run;
  };
  const countAs = async (userId: string, table: string): Promise<number> =>
    asUser(db.owner, userId, async (client) => (await client.query(`select from durabase.${table}`)).rowCount ?? -1);
  const finish = (runId: string, output: unknown = { ok: true }) =>
    callValue(db.owner, 'durabase_private.finish_runs', { p_items: [{ ...executionOf(runId), state: 'completed', output }] });

  it('see of published tasks their names, what they are for and what they take', async () => {
    const rows = await call(ann, 'published_tasks');
    const found = rows.filter(({ workspace_id: id }) => id === acme.id);
    expect(found).toEqual([
      { id: open.id, workspace_id: acme.id, slug: open.slug, name: open.slug, description: null, input_schema: null },
    ]);
    expect(await countAs(ann, 'tasks')).toBe(0);
    expect(await countAs(ann, 'task_versions')).toBe(0);
  });

  it('start published tasks and no others, in their own name', async () => {
    const run = await start(ann);
    expect(run).toMatchObject({
      workspace_id: acme.id,
      actor_kind: 'user',
      actor_user_id: ann,
      state: 'queued',
      end_user_kind: 'run',
    });
    expect(await refusedAs(call(ann, 'start_run', { task: closed.slug }))).toBe('404 TASK_NOT_FOUND');
    expect(await refusedAs(call(ann, 'start_run', { task: closed.id }))).toBe('404 TASK_NOT_FOUND');
    expect(
      await readValue(db.owner, "select actor_user_id from durabase.audit_log where action = 'run.started' and entity_id = $1", [
        run.id,
      ]),
    ).toBe(ann);
  });

  it('are not those who have a right of their own', async () => {
    for (const role of ['runner', 'editor', 'owner'] as const)
      expect(await start(acme.users[role], { priority: 1 })).toMatchObject({ end_user_kind: null });
    expect(await start(acme.users.viewer)).toMatchObject({ end_user_kind: 'run' });
  });

  it.each(['deleted task', 'deleted workspace', 'closed task', 'setting'] as const)('start nothing after: %s', async (what) => {
    await start(ann);
    await callValue(db.owner, 'durabase.cancel_run', { run: (await call<Run>(ann, 'list_runs'))[0]?.id });
    if (what === 'deleted task') await callRow(db.owner, 'durabase.delete_task', { task: open.id });
    if (what === 'deleted workspace') await callRow(db.owner, 'durabase.delete_workspace', { workspace: acme.id });
    if (what === 'closed task') await callRow(db.owner, 'durabase.unpublish_task', { task: open.id });
    if (what === 'setting') await set({ sign_up: 'nothing' });
    expect(await refusedAs(start(ann))).toBe('404 TASK_NOT_FOUND');
    expect((await call(ann, 'published_tasks')).filter(({ id }) => id === open.id)).toEqual([]);
    // What he ran stays his, as long as there are end users and the workspace.
    expect(await countAs(ann, 'task_runs')).toBe(what === 'deleted workspace' || what === 'setting' ? 0 : 1);
  });

  describe('see', () => {
    let run: Run;
    beforeEach(async () => {
      run = await start(ann);
      await openRun(db.owner, run.id);
      await callValue(db.owner, 'durabase_private.write_steps', {
        p_items: [
          { ...executionOf(run.id), op: 'end', stepId: 'hello', attempt: 1, state: 'completed', output: { internal: 'yes' } },
        ],
      });
      await start(bob);
    });

    it('their own runs and nobody else’s', async () => {
      const rows = await asUser(db.owner, ann, (client) => client.query<Run>('select * from durabase.task_runs'));
      expect(rows.rows.map(({ id }) => id)).toEqual([run.id]);
      for (const args of [{}, { workspace: acme.id }, { task: open.id }])
        expect((await call(ann, 'list_runs', args)).map(({ id }) => id)).toEqual([run.id]);
      expect(await call(ann, 'list_runs', { task: closed.id })).toEqual([]);
      const bobs = await call<Run>(bob, 'list_runs');
      expect(bobs.map(({ actor_user_id }) => actor_user_id)).toEqual([bob]);
      expect(await refusedAs(call(ann, 'run_feed', { run: bobs[0]?.id }))).toBe('404 RUN_NOT_FOUND');
      expect(await refusedAs(call(ann, 'run_progress', { run: bobs[0]?.id }))).toBe('404 RUN_NOT_FOUND');
      expect(await call(ann, 'events_since', { run: bobs[0]?.id })).toEqual([]);
    });

    it('how far the steps are, without what those were given and made', async () => {
      expect(await call(ann, 'run_progress', { run: run.id })).toMatchObject([
        { step_id: 'hello', state: 'completed', attempt: 1 },
      ]);
      expect(Object.keys((await call(ann, 'run_progress', { run: run.id }))[0] ?? {})).toEqual([
        'step_id',
        'iteration',
        'name',
        'state',
        'attempt',
        'started_at',
        'finished_at',
      ]);
      expect([await countAs(ann, 'run_steps'), await countAs(ann, 'run_events')]).toEqual([0, 0]);
    });

    it('every event by its number, without what is internal', async () => {
      await callRow(db.owner, 'durabase.cancel_run', { run: run.id, reason: 'secret reason' });
      await finish(run.id, { answer: 42 });
      const events = await call<{ seq: string; kind: string; data: unknown }>(ann, 'events_since', { run: run.id });
      expect(events.map(({ seq }) => Number(seq))).toEqual(events.map((_, index) => index + 1));
      expect(events.map(({ kind }) => kind)).toEqual([
        'run.queued',
        'run.running',
        'step.started',
        'step.completed',
        'run.cancel-requested',
        'run.completed',
      ]);
      expect(JSON.stringify(events)).not.toMatch(/internal|secret reason|postgres/);
      const members = await call<{ data: unknown }>(acme.users.viewer, 'events_since', { run: run.id });
      expect([members.length, JSON.stringify(members).includes('secret reason')]).toEqual([events.length, true]);
      const [row] = await call<Run>(ann, 'list_runs');
      expect(row).toMatchObject({ state: 'completed', output: { answer: 42 } });
      expect((await call(ann, 'events_since', { run: run.id, after_seq: 4 })).length).toBe(2);
    });

    it('of stored values the output of the run alone', async () => {
      const store = (sha: string): Promise<string> =>
        readValue(
          db.owner,
          `insert into durabase_private.payloads (workspace_id, run_id, sha256, byte_count, body) values ($1, $2, $3, 1, '"large"') returning id`,
          [acme.id, run.id, sha],
        );
      const [ofStep, ofRun] = [await store('a'), await store('b')];
      await db.owner.query("update durabase.task_runs set output_ref = jsonb_build_object('payload', $2::text) where id = $1", [
        run.id,
        ofRun,
      ]);
      expect(await refusedAs(call(ann, 'get_payload', { payload: ofStep }))).toBe('404 PAYLOAD_NOT_FOUND');
      expect(await refusedAs(call(bob, 'get_payload', { payload: ofRun }))).toBe('404 PAYLOAD_NOT_FOUND');
      expect(await call(ann, 'get_payload', { payload: ofRun })).toEqual([{ get_payload: 'large' }]);
    });

    it('their own feed, numbered without a gap, and its topics', async () => {
      while ((await readValue<number>(db.owner, 'select durabase_private.sequence_changes(2000)')) > 0);
      const feeds = await call<{ feed: string; topic: string; moves_topic: string; last_seq: string }>(ann, 'feeds');
      expect(feeds.map(({ feed }) => feed)).toEqual([`own:${acme.id}`]);
      const changes = await call<{ seq: string; id: string }>(ann, 'changes_since', { feed: `own:${acme.id}` });
      expect(changes.map(({ seq }) => Number(seq))).toEqual(changes.map((_, index) => index + 1));
      expect(new Set(changes.map(({ id }) => id))).toEqual(new Set([run.id]));
      expect(Number(feeds[0]?.last_seq)).toBe(changes.length);
      const [{ topic, moves_topic: moves } = { topic: '', moves_topic: '' }] = feeds;
      const epoch = topic.split(':').at(-1) ?? '';
      const hears = async (userId: string, name: string): Promise<boolean> =>
        asUser(db.owner, userId, (client) => callValue<boolean>(client, 'durabase_private.may_listen', { p_topic: name }));
      const [bobs] = await call<Run>(bob, 'list_runs');
      const heard = await Promise.all(
        [
          topic,
          moves,
          `durabase:run:${run.id}:${epoch}`,
          `durabase:run:${bobs?.id}:${epoch}`,
          `durabase:workspace:${acme.id}:${epoch}`,
          `durabase:task:${open.id}:${epoch}`,
          `durabase:own:${acme.id}:${bob}:${epoch}`,
        ].map((name) => hears(ann, name)),
      );
      expect(heard).toEqual([true, true, true, false, false, false, false]);
      expect(await hears(bob, topic)).toBe(false);
      await set({ sign_up: 'nothing' });
      await readValue(db.owner, 'select durabase_private.sequence_changes(2000)');
      expect([await hears(ann, topic), await hears(ann, moves)]).toEqual([false, false]);
      expect(await call(ann, 'feeds')).toEqual([]);
    });

    it('nothing of what their runs start in turn, and nothing of former memberships', async () => {
      const row = await findRun(db.owner, run.id);
      const child = await readValue<string>(
        db.owner,
        `select durabase_private.start_child(r, 'hello', 0, jsonb_build_object('task', $2::text, 'isWaited', true)) from durabase.task_runs r where r.id = $1`,
        [row.id, closed.slug],
      );
      expect(await findRun(db.owner, child)).toMatchObject({ actor_user_id: ann, task_id: closed.id, end_user_kind: 'child' });
      expect((await call(ann, 'list_runs')).map(({ id }) => id)).toEqual([run.id]);
      expect(await refusedAs(call(ann, 'run_feed', { run: child }))).toBe('404 RUN_NOT_FOUND');
      await asUser(db.owner, acme.users.runner, (client) => callRow(client, 'durabase.start_run', { task: closed.id }));
      await callRow(db.owner, 'durabase.remove_member', { workspace: acme.id, user_id: acme.users.runner });
      const later = await start(acme.users.runner);
      expect((await call(acme.users.runner, 'list_runs')).map(({ id }) => id)).toEqual([later.id]);
      expect(await countAs(acme.users.runner, 'task_runs')).toBe(1);
      while ((await readValue<number>(db.owner, 'select durabase_private.sequence_changes(2000)')) > 0);
      const told = await call<{ id: string }>(ann, 'changes_since', { feed: `own:${acme.id}` });
      expect([...new Set(told.map(({ id }) => id))]).toEqual([run.id]);
    });
  });

  describe('cancel', () => {
    it('their own runs, whatever they wait for, and nobody else’s', async () => {
      const [mine, theirs] = [await start(ann), await start(bob)];
      expect(await refusedAs(call(ann, 'cancel_run', { run: theirs.id }))).toBe('404 RUN_NOT_FOUND');
      expect((await call<Run>(ann, 'cancel_run', { run: mine.id }))[0]).toMatchObject({ state: 'cancelled' });
      const running = await start(ann);
      await admitRun(db.owner, running.id);
      await openRun(db.owner, running.id);
      expect((await call<Run>(ann, 'cancel_run', { run: running.id }))[0]?.cancel_requested_at).not.toBeNull();
    });
  });

  describe('are held by limits of their own', () => {
    it('in how many runs are under way', async () => {
      await set({ end_user_max_open_runs: 2 });
      const first = await start(ann);
      await start(ann, { run_at: new Date(Date.now() + 3_600_000) });
      const refusal = await refusalOf(start(ann));
      expect(refusal).toMatchObject({ sqlstate: 'PT429', code: 'QUEUE_FULL' });
      expect((await start(bob)).state).toBe('queued');
      await call(ann, 'cancel_run', { run: first.id });
      expect((await start(ann)).state).toBe('queued');
    });

    it.each(['minute', 'day'] as const)('in how many they start in a %s', async (window) => {
      await set({ [`end_user_max_starts_per_${window}`]: 2 });
      const runs = [await start(ann), await start(ann)];
      expect(await refusedAs(start(ann))).toBe('429 RATE_LIMITED');
      expect(await countAs(ann, 'task_runs')).toBe(2);
      await db.owner.query(`update durabase.task_runs set created_at = created_at - interval '1 ${window}' where id = $1`, [
        runs[0]?.id,
      ]);
      expect((await start(ann)).state).toBe('queued');
    });

    it('also when they start many at once', async () => {
      await set({ end_user_max_open_runs: 3 });
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, () =>
          start(ann).then(
            () => 'fine',
            (error: unknown) => refusedAs(Promise.reject(error)),
          ),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'fine')).toHaveLength(3);
      expect(new Set(outcomes)).toEqual(new Set(['fine', '429 QUEUE_FULL']));
    });

    it('and those who have a right of their own are not', async () => {
      await set({ end_user_max_open_runs: 0, end_user_max_starts_per_minute: 0, end_user_max_starts_per_day: 0 });
      expect(await refusedAs(start(ann))).toBe('429 QUEUE_FULL');
      expect((await start(acme.users.runner)).state).toBe('queued');
    });

    it('but not for a start that is asked for again', async () => {
      await set({ end_user_max_open_runs: 1 });
      const first = await start(ann, { idempotency_key: 'once' });
      expect((await start(ann, { idempotency_key: 'once' })).id).toBe(first.id);
      expect(await refusedAs(start(ann, { idempotency_key: 'once', input: { other: true } }))).toBe('409 IDEMPOTENCY_CONFLICT');
      expect((await start(bob, { idempotency_key: 'once' })).id).not.toBe(first.id); // each has keys of his own
    });
  });
});
