import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import {
  createReadyTask,
  createRunIn,
  createUser,
  createWorkspace,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, callRows } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

interface Link {
  readonly relation: string;
  readonly run_id: string;
  readonly created_at: string;
}

describe('what is read about runs made of runs', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
  });

  const links =
    (run: string, more: Readonly<Record<string, unknown>> = {}) =>
    (client: pg.ClientBase) =>
      callRows<Link>(client, 'durabase.list_links', { run, ...more });
  const short = (rows: readonly Link[]) => rows.map(({ relation, run_id }) => `${relation} ${run_id}`);

  it('list_links answers each caller as he sees both runs', async () => {
    const { id } = await createRunIn(db.owner, task, 'failed');
    await db.owner.query('update durabase.task_runs set actor_user_id = $2 where id = $1', [id, acme.users.runner]);
    const own = await asUser(db.owner, acme.users.runner, (client) => callRow<Run>(client, 'durabase.retry_run', { run: id }));
    const other = await asUser(db.owner, acme.users.editor, (client) => callRow<Run>(client, 'durabase.rerun', { run: id }));
    const all = [`retry ${own.id}`, `rerun ${other.id}`];
    for (const role of ['owner', 'admin', 'editor', 'viewer'] as const) {
      expect(short(await asUser(db.owner, acme.users[role], links(id)))).toEqual(all);
    }
    expect(short(await asService(db.owner, links(id)))).toEqual(all);
    expect(short(await asUser(db.owner, acme.users.runner, links(id)))).toEqual(all.slice(0, 1));
    expect(short(await asUser(db.owner, acme.users.runner, links(own.id)))).toEqual([`retried_from ${id}`]);
    expect(await refusedAs(asUser(db.owner, acme.users.runner, links(other.id)))).toBe('404 RUN_NOT_FOUND');
    expect(await refusedAs(asUser(db.owner, await createUser(db.owner), links(id)))).toBe('404 RUN_NOT_FOUND');
    expect(await refusedAs(asAnonymous(db.owner, links(id)))).toBe('42501');
  });

  it('list_links goes through many, page by page, each once', async () => {
    const id = await story.startOpen(task);
    await db.owner.query(
      `with made as (
         insert into durabase.task_runs (workspace_id, task_id, version_id, state, mode, priority, input, source, actor_kind, actor_name, workflow_id, run_at)
         select $2, $3, $4, 'queued', 'async', 3, '{}', 'call', 'service', 'x', 'run', now() from generate_series(1, 25) returning id)
       insert into durabase.run_links (run_id, parent_run_id, workspace_id, kind, step_id, iteration) select id, $1, $2, 'child', 's', 0 from made`,
      [id, acme.id, task.id, task.versionId],
    );
    const seen: string[] = [];
    let after: Link | undefined;
    for (;;) {
      const page: readonly Link[] = await asUser(db.owner, acme.users.viewer, async (client) => {
        const { rows } = await client.query<{ link: Link }>(
          'select to_jsonb(l) as link from durabase.list_links($1, $2, $3, 10) l', // as JSON: times to the microsecond
          [id, after?.created_at, after?.run_id],
        );
        return rows.map(({ link }) => link);
      });
      seen.push(...page.map(({ run_id }) => run_id));
      after = page.at(-1);
      if (page.length < 10) break;
    }
    expect([seen.length, new Set(seen).size]).toEqual([25, 25]);
  });

  it('loop_progress counts what has ended since the loop was opened, for those who see the run', async () => {
    const id = await story.startOpen(task);
    await story.openLoop(id, 'each', ['a', 'b', 'c', 'd']);
    await story.take(id, 'each', { iteration: 0 });
    await story.skip(id, 'each', { iteration: 1 });
    await story.begin(id, 'each', { iteration: 2 });
    await story.end(id, 'each', { iteration: 2, attempt: 1, state: 'failed', error: { code: 'STEP_FAILED', message: 'no' } });
    await story.take(id, 'plain');
    const progress = (userId: string) =>
      asUser(db.owner, userId, (client) => callRows(client, 'durabase.loop_progress', { run: id }));
    expect(await progress(acme.users.viewer)).toEqual([{ step_id: 'each', total: 4, done: 2, failed: 1 }]);
    expect(await progress(acme.users.runner)).toEqual([]);
    expect(await progress(await createUser(db.owner))).toEqual([]);
  });

  it('a skipped step keeps its reason in its row until it is taken after all', async () => {
    const id = await story.startOpen(task);
    await story.skip(id, 'maybe', { reason: 'its condition is false' });
    const reasonOf = async () =>
      (await db.owner.query<{ skip_reason: string }>('select skip_reason from durabase.run_steps where run_id = $1', [id]))
        .rows[0]?.skip_reason;
    expect(await reasonOf()).toBe('its condition is false');
    await story.begin(id, 'maybe', { execution: 2 });
    expect(await reasonOf()).toBeNull();
  });
});
