import { beforeAll, describe, expect, it } from '@jest/globals';
import { asRole, asUser, claimsOf } from '../../support/as-role.ts';
import {
  addMember,
  admitRun,
  createReadyTask,
  createUser,
  createWorkspace,
  findRun,
  shareTask,
  startRun,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

describe('start_child', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let parentTask: ReadyTask;
  let childTask: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    parentTask = await createReadyTask(db.owner, acme.id, { slug: 'parent' });
    childTask = await createReadyTask(db.owner, acme.id, { slug: 'child' });
  });

  const wait = { kind: 'child', task: 'child', input: { a: 1 }, isWaited: true };
  const openAs = async (userId: string, task = parentTask): Promise<string> => {
    const { id } = await asUser(db.owner, userId, (client) => callRow<Run>(client, 'durabase.start_run', { task: task.id }));
    await admitRun(db.owner, id);
    await story.open(id);
    return id;
  };
  const linkOf = async (runId: string) =>
    (
      await db.owner.query(
        'select parent_run_id, kind, step_id, iteration, is_waited, depth from durabase.run_links where run_id = $1',
        [runId],
      )
    ).rows[0];

  it('says that it was a key where a key began the parent', async () => {
    const parent = await openAs(acme.users.admin);
    await db.owner.query("update durabase.task_runs set actor_kind = 'api_key', actor_name = 'ci (dbk_…)' where id = $1", [
      parent,
    ]);
    await story.wait(parent, 'run', wait);
    const [child] = await story.childrenOf(parent);
    const told = { actor_kind: 'api_key', actor_user_id: acme.users.admin, actor_name: 'ci (dbk_…)' };
    expect(child).toMatchObject(told);
    const { rows } = await db.owner.query('select * from durabase.audit_log where entity_id = $1', [child?.id]);
    expect(rows).toEqual([expect.objectContaining({ action: 'run.started', ...told })]);
  });

  it('starts a run like any other: row, event, queue, audit, of the actor of its parent, with a link', async () => {
    const parent = await openAs(acme.users.runner);
    await story.wait(parent, 'run', { ...wait, priority: 1 }, { iteration: 3 });
    const [child] = await story.childrenOf(parent);
    expect(child).toMatchObject({
      state: 'queued',
      task_id: childTask.id,
      priority: 1,
      actor_kind: 'user',
      actor_user_id: acme.users.runner,
      actor_name: `${acme.users.runner}@example.test`,
      workflow_id: `run-${child?.id}`,
    });
    expect(await story.count('run_queue', child?.id ?? '')).toBe(1);
    expect(await story.eventsOf(child?.id ?? '')).toEqual(['run.queued']);
    expect(await story.auditOf(child?.id ?? '')).toEqual(['run.started by user']);
    expect(await linkOf(child?.id ?? '')).toEqual({
      parent_run_id: parent,
      kind: 'child',
      step_id: 'run',
      iteration: 3,
      is_waited: true,
      depth: 1,
    });
  });

  it('takes the id of the task for its name, and no input for an empty one', async () => {
    const parent = await openAs(acme.users.runner);
    await story.wait(parent, 'run', { ...wait, task: childTask.id, input: undefined });
    expect((await story.childrenOf(parent))[0]).toMatchObject({ input: {}, priority: 3 });
  });

  describe('asked twice', () => {
    const start = (parent: string, iteration = 0) =>
      readValue<string>(
        db.owner,
        'select durabase_private.start_child(r, $2, $3, $4) from durabase.task_runs r where r.id = $1',
        [parent, 'run', iteration, wait],
      );

    it('finds the run that it started while that is open or has ended well', async () => {
      const parent = await openAs(acme.users.runner);
      const child = await start(parent);
      expect(await start(parent)).toBe(child);
      await admitRun(db.owner, child);
      await story.open(child);
      expect(await start(parent)).toBe(child);
      await story.finish(child);
      expect(await start(parent)).toBe(child);
      expect(await start(parent, 1)).not.toBe(child);
    });

    it('starts another one when that has failed, or is about to end', async () => {
      const parent = await openAs(acme.users.runner);
      const first = await start(parent);
      await admitRun(db.owner, first);
      await story.open(first);
      await callRow(db.owner, 'durabase.cancel_run', { run: first });
      const second = await start(parent);
      expect(second).not.toBe(first);
      await admitRun(db.owner, second);
      await story.open(second);
      await story.finish(second, { state: 'failed' });
      const third = await start(parent);
      expect([third === first, third === second]).toEqual([false, false]);
      expect(await start(parent)).toBe(third);
    });
  });

  describe('with the rights of this moment', () => {
    it('refuses when its actor has lost them since the run began', async () => {
      const runner = await addMember(db.owner, { workspaceId: acme.id, role: 'runner' });
      const parent = await openAs(runner);
      await db.owner.query("update durabase.workspace_members set role = 'viewer' where user_id = $1", [runner]);
      expect(await refusedAs(story.wait(parent, 'run', wait))).toBe('403 FORBIDDEN');
      await db.owner.query('delete from durabase.workspace_members where user_id = $1', [runner]);
      expect(await refusedAs(story.wait(parent, 'run', wait))).toBe('404 TASK_NOT_FOUND');
      await addMember(db.owner, { workspaceId: acme.id, role: 'runner', userId: runner });
      expect(await story.wait(parent, 'run', wait)).toMatchObject({ verdict: 'go' });
    });

    it('refuses when its actor is gone', async () => {
      const runner = await addMember(db.owner, { workspaceId: acme.id, role: 'runner' });
      const parent = await openAs(runner);
      await db.owner.query('delete from auth.users where id = $1', [runner]);
      expect(await refusedAs(story.wait(parent, 'run', wait))).toBe('404 TASK_NOT_FOUND');
    });

    it('starts for somebody with whom both tasks are shared, and nothing else', async () => {
      const guest = await createUser(db.owner);
      await shareTask(db.owner, { taskId: parentTask.id, userId: guest, canRun: true });
      const parent = await openAs(guest);
      expect(await refusedAs(story.wait(parent, 'run', wait))).toBe('404 TASK_NOT_FOUND');
      await shareTask(db.owner, { taskId: childTask.id, userId: guest });
      expect(await refusedAs(story.wait(parent, 'run', wait))).toBe('403 FORBIDDEN');
      await db.owner.query('update durabase.task_permissions set can_run = true where task_id = $1 and user_id = $2', [
        childTask.id,
        guest,
      ]);
      expect(await story.wait(parent, 'run', wait)).toMatchObject({ verdict: 'go' });
    });

    it('does not look at who asks: the run speaks for itself', async () => {
      const parent = await openAs(acme.users.runner);
      const child = await asRole(db.owner, { role: 'none', claims: claimsOf(acme.users.owner) }, (client) =>
        readValue<string>(
          client,
          "select durabase_private.start_child(r, 'run', 0, $2) from durabase.task_runs r where r.id = $1",
          [parent, wait],
        ),
      );
      expect((await findRun(db.owner, child)).actor_user_id).toBe(acme.users.runner);
    });

    it('starts for services, SQL roles and operators, who answer for it', async () => {
      const { id } = await asRole(
        db.owner,
        { role: 'service_role', claims: { role: 'service_role', durabase_actor: 'billing' } },
        (client) => callRow<Run>(client, 'durabase.start_run', { task: parentTask.id }),
      );
      await admitRun(db.owner, id);
      await story.open(id);
      await story.wait(id, 'run', wait);
      expect((await story.childrenOf(id))[0]).toMatchObject({ actor_kind: 'service', actor_name: 'billing' });
    });

    it('knows tasks of its own workspace only, whatever else its actor may run', async () => {
      const other = await createWorkspace(db.owner, 'other');
      const foreign = await createReadyTask(db.owner, other.id, { slug: 'foreign' });
      await addMember(db.owner, { workspaceId: other.id, role: 'owner', userId: acme.users.runner });
      const parent = await openAs(acme.users.runner);
      for (const task of ['foreign', foreign.id])
        expect(await refusedAs(story.wait(parent, 'run', { ...wait, task }))).toBe('404 TASK_NOT_FOUND');
    });
  });

  it('refuses a task without a ready version, and an input that is too large', async () => {
    await callRow(db.owner, 'durabase.save_task', { definition: { slug: 'draft' }, workspace: acme.id });
    const parent = await openAs(acme.users.runner);
    expect(await refusedAs(story.wait(parent, 'run', { ...wait, task: 'draft' }))).toBe('409 TASK_NOT_READY');
    const big = story.wait(parent, 'run', { ...wait, input: { text: 'x'.repeat(1_048_576) } });
    expect(await refusalOf(big)).toMatchObject({ sqlstate: 'PT413', code: 'BODY_TOO_LARGE', path: 'input' });
    expect(await story.childrenOf(parent)).toEqual([]);
  });

  it('nests 16 levels deep and no deeper, also where nobody waits', async () => {
    let parent = await story.startOpen(parentTask);
    for (let depth = 1; depth <= 16; depth += 1) {
      await story.wait(parent, 'run', { ...wait, isWaited: depth % 2 === 0 });
      const [child] = await story.childrenOf(parent);
      expect(await linkOf(child?.id ?? '')).toMatchObject({ depth });
      parent = child?.id ?? '';
      await admitRun(db.owner, parent);
      await story.open(parent);
    }
    const refusal = await refusalOf(story.wait(parent, 'run', wait));
    expect(refusal).toMatchObject({ sqlstate: 'PT422', code: 'STEP_INPUT_INVALID', path: 'task' });
    expect(refusal.message).toContain('at most 16 levels');
  });

  it('begins anew with what is made from a nested run', async () => {
    const parent = await story.startOpen(parentTask);
    await story.wait(parent, 'run', wait);
    const [child] = await story.childrenOf(parent);
    await admitRun(db.owner, child?.id ?? '');
    await story.open(child?.id ?? '');
    await story.finish(child?.id ?? '', { state: 'failed' });
    const again = await callRow<Run>(db.owner, 'durabase.retry_run', { run: child?.id });
    expect(await linkOf(again.id)).toMatchObject({ kind: 'retry', is_waited: false });
    // the parent hears of its own child only
    await admitRun(db.owner, again.id);
    await story.open(again.id);
    await story.finish(again.id);
    await story.doDeeds();
    expect((await story.stepOf(parent, 'run'))?.state).toBe('failed');
  });

  it('is held by the limits of its task', async () => {
    const limited = await createReadyTask(db.owner, acme.id, { slug: 'limited', plan: { mode: 'sync' } });
    const holder = await startRun(db.owner, limited);
    await admitRun(db.owner, holder.id);
    await story.open(holder.id);
    const parent = await story.startOpen(parentTask);
    await story.wait(parent, 'run', { ...wait, task: 'limited' });
    const [child] = await story.childrenOf(parent);
    await readValue(db.engine, 'select durabase_private.admit(1000, 60000)');
    expect(await findRun(db.owner, child?.id ?? '')).toMatchObject({ state: 'queued', reason: { code: 'LIMIT_REACHED' } });
    await story.finish(holder.id);
    await admitRun(db.owner, child?.id ?? '');
    expect(await story.count('permits', child?.id ?? '')).toBe(1);
  });
});
