import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { asService, asUser } from '../../support/as-role.ts';
import {
  createReadyTask,
  createRunIn,
  createUser,
  createWorkspace,
  openRun,
  executionOf,
  startRun,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, callRows, callValue, readValue, type Args } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { indexRuns } from '../support/index-runs.ts';

describe('index_runs', () => {
  const db = useDatabase();
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id, { slug: 'send-invoice' });
    await db.owner.query("update durabase.tasks set name = 'Send an invoice', tags = '{finance,month-end}' where id = $1", [
      task.id,
    ]);
  });

  const find = async (q: string, args: Args = {}, userId = acme.users.viewer): Promise<string[]> =>
    (await asUser(db.owner, userId, (client) => callRows<Run>(client, 'durabase.search_runs', { q, ...args }))).map(
      ({ id }) => id,
    );
  const start = (input: unknown): Promise<Run> => startRun(db.owner, task, { input });

  it('makes a run findable by its task, tags, id, and the keys and values that went in', async () => {
    const { id } = await start({
      customer: { email: 'ann@shop.example.test', notes: ['Zürich\n"second line"', 'a<b>bold</b>'] },
      orderNumber: 10_044,
      reference: '7f3a1c52-9d1e-4e0b-8a77-0242ac120002',
      path: 'exports/2026/november.csv',
    });
    expect(await find('invoice')).toEqual([]);
    await indexRuns(db.engine);
    for (const q of [
      'invoice', 'send-invoice', 'SEND', 'finance', 'month-end', id, `run-${id}`, id.slice(-8), 'ann@shop.example.test', 'shop ann', 'zürich',
      '"second line"', '"line second"', 'bold', 'orderNumber', '10044', '7f3a1c52-9d1e-4e0b-8a77-0242ac120002', 'november', 'exports/2026/november.csv',
      'nothing or november', 'november -december',
    ]) expect([q, await find(q)]).toEqual([q, [id]]); // prettier-ignore
    for (const q of ['nothing', 'november -ann', 'nsecond', crypto.randomUUID(), `b${1}`, ' b1', `t${task.id}`])
      expect([q, await find(q)]).toEqual([q, []]);
  });

  it('finds an error after the end, and the state in which it ended', async () => {
    const { id } = await start({ word: 'xylophone' });
    await indexRuns(db.engine);
    expect(await find('xylophone', { states: ['queued'] })).toEqual([id]);
    await openRun(db.owner, id);
    await callValue(db.owner, 'durabase_private.finish_runs', {
      p_items: [{ ...executionOf(id), state: 'failed', error: { code: 'STEP_FAILED', message: 'the printer is on fire' } }],
    });
    expect(await find('printer fire')).toEqual([]);
    await indexRuns(db.engine);
    expect(await find('printer fire')).toEqual([id]);
    expect(await find('step_failed xylophone')).toEqual([id]);
    expect(await find('xylophone', { states: ['failed', 'queued'], error_code: 'STEP_FAILED' })).toEqual([id]);
    expect(await find('xylophone', { error_code: 'OTHER' })).toEqual([]);
    expect(await find('xylophone', { states: ['queued', 'completed'] })).toEqual([]);
    expect(await find('xylophone', { since: new Date(Date.now() + 60_000) })).toEqual([]);
  });

  it('misses nothing that commits late', async () => {
    const client = new pg.Client({ connectionString: db.urls.ownerUrl });
    await client.connect();
    try {
      await client.query('begin');
      const late = await callRow<Run>(client, 'durabase.start_run', { task: task.id, input: { word: 'latecomer' } });
      const early = await start({ word: 'latecomer' });
      await indexRuns(db.engine);
      expect(await find('latecomer')).toEqual([early.id]);
      await client.query('commit');
      await indexRuns(db.engine);
      expect(new Set(await find('latecomer'))).toEqual(new Set([early.id, late.id]));
    } finally {
      await client.end();
    }
  });

  it('does a pass again that was killed, and once', async () => {
    const { id } = await start({ word: 'phoenix' });
    await readValue(db.engine, 'select durabase_private.sequence_changes(2000)');
    const client = new pg.Client({ connectionString: db.urls.engineUrl });
    client.on('error', () => {});
    await client.connect();
    const pid = await readValue<number>(client, 'select pg_backend_pid()');
    await client.query('begin');
    expect(await readValue<number>(client, 'select durabase_private.index_runs(500)')).toBeGreaterThan(0);
    expect(await readValue<number>(db.engine, 'select durabase_private.index_runs(500)')).toBe(-1); // another one is at it
    await db.owner.query('select pg_terminate_backend($1)', [pid]);
    await eventually(async () => {
      if ((await readValue<number>(db.engine, 'select durabase_private.index_runs(500)')) === -1) throw new Error('not dead yet');
    });
    await indexRuns(db.engine);
    expect(await find('phoenix')).toEqual([id]);
    const [counted, there] = await Promise.all([
      readValue<string>(db.owner, 'select sum(run_count) from durabase_private.run_text_blocks'),
      readValue<string>(db.owner, 'select count(*) from durabase_private.run_texts'),
    ]);
    expect(counted).toBe(there);
  });

  it('begins anew with runs whose changes were forgotten before', async () => {
    const { id } = await start({ word: 'forgotten' });
    await readValue(db.engine, 'select durabase_private.sequence_changes(2000)');
    await readValue(db.owner, "select durabase_private.prune_changes('0 seconds', 1000000)");
    await indexRuns(db.engine, 3);
    expect(await find('forgotten')).toEqual([id]);
    await indexRuns(db.engine);
    expect(await readValue(db.owner, 'select backfill_after from durabase_private.run_text_progress')).toBeNull();
  });

  it('indexes what was there before, in batches', async () => {
    const { id } = await start({ word: 'ancient' });
    await db.owner.query('delete from durabase_private.feed_inbox');
    await db.owner.query('select durabase_private.begin_run_texts()');
    expect(await find('ancient')).toEqual([]);
    await indexRuns(db.engine, 2);
    expect(await find('ancient')).toEqual([id]);
    expect(await readValue(db.owner, 'select count(*) from durabase.task_runs')).toBe(
      await readValue(db.owner, 'select count(*) from durabase_private.run_texts'),
    );
  });

  it('opens a block behind a full one, and a span behind four blocks', async () => {
    const { id: workspaceId, users } = await createWorkspace(db.owner);
    const long = await createReadyTask(db.owner, workspaceId, { slug: 'long' });
    const spansOf = async (): Promise<readonly number[]> =>
      (
        await db.owner.query<{ size: number }>(
          'select count(*)::int as size from durabase_private.run_text_blocks where workspace_id = $1 group by span order by span',
          [workspaceId],
        )
      ).rows.map(({ size }) => size);
    const made: string[] = [];
    for (let block = 1; block <= 6; block += 1) {
      made.push((await startRun(db.owner, long, { input: { word: 'brick' } })).id);
      await indexRuns(db.engine);
      expect(await spansOf()).toEqual(block > 4 ? [4, block - 4] : [block]);
      await db.owner.query('update durabase_private.run_text_blocks set run_count = 4096 where workspace_id = $1', [workspaceId]);
      await startRun(db.owner, long, { input: { word: 'mortar' } });
      await indexRuns(db.engine); // the full one takes this, and what comes later goes behind it
    }
    // 300 more, so that none of these is among the newest
    for (let n = 0; n < 300; n += 1) await startRun(db.owner, long, { input: {} });
    await indexRuns(db.engine);
    expect(await find('brick', {}, users.viewer)).toEqual(made.toReversed());
    expect(await find('brick mortar', {}, users.viewer)).toEqual([]);
  });

  it('forgets deleted runs', async () => {
    const { id } = await start({ word: 'ephemeral' });
    await indexRuns(db.engine);
    expect(await find('ephemeral')).toEqual([id]);
    await db.owner.query('delete from durabase.task_runs where id = $1', [id]);
    expect(await find('ephemeral')).toEqual([]);
    expect(await readValue(db.owner, 'select count(*)::int from durabase_private.run_texts where run_id = $1', [id])).toBe(0);
  });

  it('takes whatever can be an input, and an error', async () => {
    const inputs: unknown[] = [
      {}, { '': '' }, { word: randomBytes(1_000).toString('hex'), longer: randomBytes(4_000).toString('hex') }, { text: 'x'.repeat(900_000) }, { list: Array.from({ length: 20_000 }, (_, index) => `w${index}`) },
      { text: `'"\\ ${'\u0001'} <script> & | ! ( ) : * \u{1f600} ${'é'.repeat(3_000)}` }, { deep: JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) },
    ]; // prettier-ignore
    const started: string[] = [];
    for (const input of inputs) started.push((await start(input)).id);
    const failed = await createRunIn(db.owner, task, 'failed');
    await db.owner.query(
      "update durabase.task_runs set error = to_jsonb('no object'::text), version = version + 1 where id = $1",
      [failed.id],
    );
    await db.owner.query('select durabase_private.tell_feeds(r) from durabase.task_runs r where id = $1', [failed.id]);
    await indexRuns(db.engine);
    const { rows } = await db.owner.query<{ size: number }>(
      'select pg_column_size(words) as size from durabase_private.run_texts where run_id = any ($1)', [[...started, failed.id]]); // prettier-ignore
    expect(rows).toHaveLength(started.length + 1);
    expect(Math.max(...rows.map(({ size }) => size))).toBeLessThan(64_000);
    expect(await find('w17')).toHaveLength(1);
  });

  it.each(['', ' ', '!!!', '& | ! ( ) :*', "'", '"', '"""', '\\', '-', 'or', 'or or or', '-or', "'; drop table x; --", '%', '<', "' b1'", '😀', 'a:*', 'é̀'])(
    'answers %j without an error', async (q) => {
      await expect(find(q)).resolves.toBeInstanceOf(Array);
    },
  ); // prettier-ignore

  it('refuses what is too long, and a search for nothing', async () => {
    expect(await refusedAs(find('zz '.repeat(67)))).toBe('422 INVALID_REQUEST');
    expect(await refusedAs(find('zz '.repeat(21)))).toBe('422 INVALID_REQUEST');
    expect(await refusedAs(asUser(db.owner, acme.users.viewer, (client) => callRows(client, 'durabase.search_runs')))).toBe(
      '422 INVALID_REQUEST',
    );
    await expect(find('zz '.repeat(20))).resolves.toEqual([]);
  });

  it('finds tags for members only', async () => {
    await db.owner.query("update durabase.instance_settings set sign_up = 'run_only'");
    await callRow(db.owner, 'durabase.publish_task', { task: task.id });
    const endUser = await createUser(db.owner);
    const { id } = await asUser(db.owner, endUser, (client) =>
      callRow<Run>(client, 'durabase.start_run', { task: task.id, input: { word: 'mine' } }),
    );
    await indexRuns(db.engine);
    expect(await find('mine invoice', {}, endUser)).toEqual([id]);
    expect(await find('finance', {}, endUser)).toEqual([]);
    expect(await find('-finance', {}, endUser)).toEqual([id]);
    expect(await find('mine finance')).toEqual([id]);
  });

  it('is open to the engine only', async () => {
    for (const sql of ['select durabase_private.index_runs()', 'table durabase_private.run_texts']) {
      expect(await refusedAs(asUser(db.owner, acme.users.owner, (client) => client.query(sql)))).toBe('42501');
      expect(await refusedAs(asService(db.owner, (client) => client.query(sql)))).toBe('42501');
    }
  });
});
