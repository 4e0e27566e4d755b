import { beforeAll, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import { createReadyTask, createWorkspace, findRun, type ReadyTask, type Workspace } from '../../support/build-rows.ts';
import { callRow, callValue, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { startWaiting } from '../support/start-waiting.ts';
import { tellStory } from '../support/tell-story.ts';

describe('an external step', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
  });

  const completeAs = (userId: string, args: Readonly<Record<string, unknown>>) =>
    asUser(db.owner, userId, (client) => callValue<Record<string, unknown>>(client, 'durabase.complete_step', args));
  const complete = (args: Readonly<Record<string, unknown>>) => completeAs(acme.users.admin, args);
  const fail = (args: Readonly<Record<string, unknown>>) =>
    asUser(db.owner, acme.users.admin, (client) => callValue<Record<string, unknown>>(client, 'durabase.fail_step', args));

  it('is ended well by complete_step: output, event, change, wake, one audit row', async () => {
    const id = await startWaiting(story, task);
    const before = await findRun(db.owner, id);
    expect(await complete({ run: id, step: 'make', output: { made: true } })).toEqual({
      runId: id,
      stepId: 'make',
      iteration: 0,
      state: 'completed',
    });
    expect(await story.stepOf(id, 'make')).toMatchObject({ state: 'completed', output: { made: true }, error: null });
    const after = await findRun(db.owner, id);
    expect(after).toMatchObject({ state: 'running', reason: null, event_seq: String(Number(before.event_seq) + 1) });
    expect((await story.eventsOf(id)).at(-1)).toBe('step.completed');
    expect(await story.wishesOf(id)).toEqual(['wake']);
    expect(
      await readValue(db.owner, 'select count(*)::int from durabase_private.feed_inbox where run_id = $1 and version = $2', [
        id,
        after.version,
      ]),
    ).toBe(1);
    const { rows } = await db.owner.query(
      "select action, actor_user_id, details from durabase.audit_log where entity_id = $1 and action <> 'run.started'",
      [id],
    );
    expect(rows).toEqual([
      { action: 'step.completed', actor_user_id: acme.users.admin, details: { step: 'make', iteration: 0 } },
    ]);
  });

  it('is ended badly by fail_step, with the words that were given', async () => {
    const id = await startWaiting(story, task);
    expect(await fail({ run: id, step: 'make', message: 'the machine broke' })).toMatchObject({ state: 'failed' });
    expect(await story.stepOf(id, 'make')).toMatchObject({
      state: 'failed',
      output: null,
      error: { code: 'STEP_FAILED', message: 'the machine broke', stepId: 'make' },
    });
    expect((await story.eventsOf(id)).at(-1)).toBe('step.failed');
    expect((await story.auditOf(id)).slice(1)).toEqual(['step.failed by user']);
  });

  it('keeps at most 2,000 characters of the words, and finds some itself where there are none', async () => {
    const id = await startWaiting(story, task, { iterations: [0, 1] });
    await fail({ run: id, step: 'make', message: 'x'.repeat(5_000) });
    expect((await story.stepOf(id, 'make'))?.error?.message).toHaveLength(2_000);
    await fail({ run: id, step: 'make', message: null, iteration: 1 });
    expect((await story.stepOf(id, 'make', 1))?.error?.message).toBe('failed');
  });

  it.each([
    ['no output', undefined, null],
    ['null', null, null],
    ['false', false, false],
    ['a text', 'done', 'done'],
    ['zero', 0, 0],
  ])('takes %s for an output', async (_, output, stored) => {
    const id = await startWaiting(story, task);
    await complete({ run: id, step: 'make', ...(output === undefined ? {} : { output: JSON.stringify(output) }) });
    expect(await readValue(db.owner, 'select durabase_private.step_outputs($1, $2)', [id, ['make']])).toEqual({ make: stored });
  });

  it('puts a large output aside', async () => {
    const id = await startWaiting(story, task);
    const output = { text: 'x'.repeat(40_000) };
    await complete({ run: id, step: 'make', output });
    expect(await story.stepOf(id, 'make')).toMatchObject({
      output: null,
      output_ref: { payload: expect.any(String) as unknown },
    });
    expect(await readValue(db.owner, 'select durabase_private.step_outputs($1, $2)', [id, ['make']])).toEqual({ make: output });
  });

  it('puts the same large output aside once for several steps', async () => {
    const id = await startWaiting(story, task, { iterations: [0, 1] });
    const output = { text: 'y'.repeat(40_000) };
    for (const iteration of [0, 1]) await complete({ run: id, step: 'make', output, iteration });
    expect(await story.count('payloads', id)).toBe(1);
  });

  it('is ended in the iteration that is named', async () => {
    const id = await startWaiting(story, task, { iterations: [0, 1, 2] });
    await complete({ run: id, step: 'make', iteration: 1 });
    expect(await story.stepsOf(id)).toEqual(['make/0 waiting@1', 'make/1 completed@1', 'make/2 waiting@1']);
  });

  it('is ended once: of many at the same time one wins, and the others are told', async () => {
    const id = await startWaiting(story, task);
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        complete({ run: id, step: 'make', output: n }).then(
          () => n,
          async (error: unknown) => refusedAs(Promise.reject(error)),
        ),
      ),
    );
    const winners = outcomes.filter((outcome) => typeof outcome === 'number');
    expect(winners).toHaveLength(1);
    expect(new Set(outcomes.filter((outcome) => typeof outcome !== 'number'))).toEqual(new Set(['409 STEP_FINISHED']));
    expect((await story.stepOf(id, 'make'))?.output).toBe(winners[0]);
    expect((await story.auditOf(id)).filter((line) => line.startsWith('step.'))).toHaveLength(1);
  });

  it.each([
    ['a step that is not there', { step: 'other' }, '404 STEP_NOT_FOUND', 'step'],
    ['no step', { step: null }, '404 STEP_NOT_FOUND', 'step'],
    ['an iteration that is not there', { step: 'make', iteration: 7 }, '404 STEP_NOT_FOUND', 'step'],
    ['a step that something else ends', { step: 'nap' }, '404 STEP_NOT_FOUND', 'step'],
    ['a step that runs', { step: 'busy' }, '404 STEP_NOT_FOUND', 'step'],
    ['an output of more than 1 MiB', { step: 'make', output: { text: 'x'.repeat(1_048_576) } }, '413 BODY_TOO_LARGE', 'output'],
  ])('refuses %s', async (_, args, refusal, path) => {
    const id = await startWaiting(story, task);
    await story.nap(id, 'nap');
    await story.begin(id, 'busy');
    const call = () => complete({ run: id, ...args });
    expect(await refusedAs(call())).toBe(refusal);
    expect((await refusalOf(call())).path).toBe(path);
    expect(await story.wishesOf(id)).toEqual([]);
  });

  it('refuses one that has ended with its run, or by its time', async () => {
    const ended = await startWaiting(story, task);
    await story.finish(ended, { state: 'cancelled' });
    expect(await refusedAs(complete({ run: ended, step: 'make' }))).toBe('409 STEP_FINISHED');
    const late = await startWaiting(story, task);
    await story.end(late, 'make', { state: 'timed_out', error: { code: 'STEP_TIMED_OUT', message: 'late' } });
    const refusal = await refusalOf(complete({ run: late, step: 'make' }));
    expect(refusal).toMatchObject({ code: 'STEP_FINISHED', message: 'the step has already ended: timed_out' });
    expect(await refusedAs(complete({ run: '01890000-0000-7000-8000-000000000000', step: 'make' }))).toBe('404 RUN_NOT_FOUND');
  });

  it('is ended while its run is paused, and its run stays paused', async () => {
    const id = await startWaiting(story, task);
    await callRow(db.owner, 'durabase.pause_run', { run: id });
    await complete({ run: id, step: 'make' });
    expect((await findRun(db.owner, id)).state).toBe('paused');
  });
});
