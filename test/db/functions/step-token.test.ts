import { beforeAll, describe, expect, it } from '@jest/globals';
import { asAnonymous, asUser } from '../../support/as-role.ts';
import { createReadyTask, createUser, createWorkspace, type ReadyTask, type Workspace } from '../../support/build-rows.ts';
import { callValue, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { startWaiting } from '../support/start-waiting.ts';
import { tellStory } from '../support/tell-story.ts';

describe('the token of a step', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
  });

  const give = (run: string, more: Readonly<Record<string, unknown>> = {}) =>
    asUser(db.owner, acme.users.admin, (client) =>
      callValue<string>(client, 'durabase.step_token', { run, step: 'make', ...more }),
    );
  const end = (token: string | null, more: Readonly<Record<string, unknown>> = {}) =>
    asAnonymous(db.owner, (client) =>
      callValue<Record<string, unknown>>(client, 'durabase.end_step_by_token', { token, ...more }),
    );

  it('ends the step for whoever has it, and the audit says that it was the bearer', async () => {
    const id = await startWaiting(story, task);
    const token = await give(id);
    expect(token).toMatch(/^dbt_[A-Za-z0-9_-]{43}$/);
    expect(await end(token, { output: { by: 'token' } })).toMatchObject({ runId: id, stepId: 'make', state: 'completed' });
    expect(await story.stepOf(id, 'make')).toMatchObject({ state: 'completed', output: { by: 'token' } });
    expect((await story.auditOf(id)).slice(1)).toEqual(['step.token-given by user', 'step.completed by token']);
    expect(await story.wishesOf(id)).toEqual(['wake']);
  });

  it('ends it badly with an error', async () => {
    const id = await startWaiting(story, task);
    await end(await give(id), { error: 'no paper', output: { ignored: true } });
    expect(await story.stepOf(id, 'make')).toMatchObject({
      state: 'failed',
      error: { code: 'STEP_FAILED', message: 'no paper' },
      output: null,
    });
  });

  it('is stored as a hash only, and stands in no row that anybody reads', async () => {
    const id = await startWaiting(story, task);
    const token = await give(id);
    expect(
      await readValue(db.owner, 'select hash = sha256($2::bytea) from durabase_private.input_tokens where run_id = $1', [
        id,
        token,
      ]),
    ).toBe(true);
    for (const table of ['durabase.audit_log', 'durabase.run_events', 'durabase.run_steps', 'durabase_private.input_tokens'])
      expect(await readValue(db.owner, `select count(*)::int from ${table} t where t::text like '%' || $1 || '%'`, [token])).toBe(
        0,
      );
  });

  it('works once, as do all tokens of the step', async () => {
    const id = await startWaiting(story, task);
    const [first, second] = [await give(id), await give(id)];
    expect(first).not.toBe(second);
    await end(first);
    for (const token of [first, second])
      expect(await refusalOf(end(token))).toMatchObject({ sqlstate: 'PT404', code: 'STEP_NOT_FOUND', path: 'token' });
    expect(await story.count('input_tokens', id)).toBe(0);
  });

  it('works once when it is used many times at the same time', async () => {
    const id = await startWaiting(story, task);
    const token = await give(id);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => end(token)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await story.eventsOf(id)).filter((kind) => kind === 'step.completed')).toHaveLength(1);
  });

  it('is for its iteration and no other', async () => {
    const id = await startWaiting(story, task, { iterations: [0, 1] });
    await end(await give(id, { iteration: 1 }));
    expect(await story.stepsOf(id)).toEqual(['make/0 waiting@1', 'make/1 completed@1']);
    const { rows } = await db.owner.query(
      "select details from durabase.audit_log where entity_id = $1 and action = 'step.token-given'",
      [id],
    );
    expect(rows).toEqual([{ details: { step: 'make', iteration: 1 } }]);
  });

  it('is worth nothing after the end of the run', async () => {
    const id = await startWaiting(story, task);
    const token = await give(id);
    await story.finish(id, { state: 'cancelled' });
    expect(await refusedAs(end(token))).toBe('404 STEP_NOT_FOUND');
  });

  it('says nothing of a step that its time has ended', async () => {
    const id = await startWaiting(story, task);
    const token = await give(id);
    await story.end(id, 'make', { state: 'timed_out', error: { code: 'STEP_TIMED_OUT', message: 'late' } });
    const [late, wrong] = [await refusalOf(end(token)), await refusalOf(end('dbt_nothing'))];
    expect(late).toEqual(wrong);
    expect(late.code).toBe('STEP_NOT_FOUND');
  });

  it.each([null, '', 'dbt_', 'dbt_nothing', 'x'.repeat(100_000)])('is not any text (%.20s)', async (token) => {
    await give(await startWaiting(story, task));
    expect(await refusedAs(end(token))).toBe('404 STEP_NOT_FOUND');
  });

  it('is given out for external steps that wait', async () => {
    const id = await startWaiting(story, task);
    await story.nap(id, 'nap');
    for (const more of [{ step: 'nap' }, { step: 'never' }, { step: null }, { iteration: 3 }])
      expect(await refusedAs(give(id, more))).toBe('404 STEP_NOT_FOUND');
    await end(await give(id));
    expect(await refusedAs(give(id))).toBe('404 STEP_NOT_FOUND');
    const stranger = await createUser(db.owner);
    expect(
      await refusedAs(
        asUser(db.owner, stranger, (client) => callValue(client, 'durabase.step_token', { run: id, step: 'make' })),
      ),
    ).toBe('404 RUN_NOT_FOUND');
  });

  it('refuses an output that is too large, and is still good then', async () => {
    const id = await startWaiting(story, task);
    const token = await give(id);
    expect(await refusedAs(end(token, { output: { text: 'x'.repeat(1_048_576) } }))).toBe('413 BODY_TOO_LARGE');
    await end(token);
    expect((await story.stepOf(id, 'make'))?.state).toBe('completed');
  });
});
