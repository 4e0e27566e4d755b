import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, findRun, type ReadyTask } from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

describe('close_loop', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let task: ReadyTask;

  beforeAll(async () => {
    task = await createReadyTask(db.owner, (await createWorkspace(db.owner)).id);
  });

  const openWith = async (count: number): Promise<string> => {
    const id = await story.startOpen(task);
    await story.openLoop(
      id,
      'each',
      Array.from({ length: count }, (_, n) => n),
    );
    return id;
  };
  const outputsOf = (runId: string) =>
    readValue<Record<string, unknown>>(db.owner, 'select durabase_private.step_outputs($1, $2)', [runId, ['each']]);

  it('gathers the outputs in the order of the items, null where there is none', async () => {
    const id = await openWith(12);
    for (const iteration of [11, 2, 10, 0]) await story.take(id, 'each', { iteration, output: { n: iteration } });
    await story.skip(id, 'each', { iteration: 1 });
    await story.begin(id, 'each', { iteration: 3 });
    expect(await story.closeLoop(id, 'each')).toMatchObject({ verdict: 'kept', state: 'completed' });
    const list = [{ n: 0 }, null, { n: 2 }, ...Array.from({ length: 7 }, () => null), { n: 10 }, { n: 11 }];
    expect((await story.stepOf(id, 'each', -1))?.output).toEqual(list);
    expect(await outputsOf(id)).toEqual({ each: list });
    expect((await story.eventsOf(id)).at(-1)).toBe('step.completed');
  });

  it('gives an empty list for one without items', async () => {
    const id = await openWith(0);
    await story.closeLoop(id, 'each');
    expect((await story.stepOf(id, 'each', -1))?.output).toEqual([]);
  });

  it('puts a large list aside, and reads iterations whose outputs were put aside themselves', async () => {
    const id = await openWith(2);
    const big = { text: 'x'.repeat(20_000) };
    await story.begin(id, 'each');
    await story.end(id, 'each', { payload: { sha256: 'abc', bytes: 20_011, body: big, preview: '{' } });
    await story.take(id, 'each', { iteration: 1, output: big });
    expect(await story.closeLoop(id, 'each')).toMatchObject({
      state: 'completed',
      outputRef: { payload: expect.any(String) as unknown, bytes: expect.any(Number) as unknown },
    });
    const row = await story.stepOf(id, 'each', -1);
    expect(row?.output).toBeNull();
    const { body, sha256, bytes } = await readValue<{ body: unknown; sha256: string; bytes: number }>(
      db.owner,
      `select jsonb_build_object('body', body, 'sha256', sha256, 'bytes', octet_length(body::text)) from durabase_private.payloads where id = $1`,
      [row?.output_ref?.payload],
    );
    expect(body).toEqual([big, big]);
    expect(row?.output_ref).toMatchObject({ sha256, bytes });
    expect(await outputsOf(id)).toEqual({ each: [big, big] });
  });

  it('fails when the list is larger than a single output may be', async () => {
    const id = await openWith(130);
    const output = 'x'.repeat(39_000);
    for (let iteration = 0; iteration < 130; iteration += 1) await story.take(id, 'each', { iteration, output });
    const answer = await story.closeLoop(id, 'each');
    expect(answer).toMatchObject({ verdict: 'kept', state: 'failed', error: { code: 'OUTPUT_TOO_LARGE' } });
    expect(answer.error?.message).toMatch(/^the outputs of the loop have 50\d{5} bytes together/);
    expect(await story.stepOf(id, 'each', -1)).toMatchObject({
      state: 'failed',
      error: { code: 'OUTPUT_TOO_LARGE' },
      output: null,
    });
  });

  it('fails as well when the list is larger than Postgres could build', async () => {
    const id = await openWith(60);
    await story.begin(id, 'each');
    await story.end(id, 'each', { payload: { sha256: 'big', bytes: 4_999_999, body: 'x'.repeat(4_999_990), preview: '"x' } });
    // the same stored value for the others: the list would have 300 MB
    await db.owner.query(
      `insert into durabase.run_steps (run_id, step_id, iteration, workspace_id, name, action, state, epoch, attempt, output_ref, finished_at)
       select run_id, step_id, n, workspace_id, name, action, state, epoch, attempt, output_ref, finished_at
       from durabase.run_steps, generate_series(1, 59) n where run_id = $1 and iteration = 0`,
      [id],
    );
    expect(await story.closeLoop(id, 'each')).toMatchObject({ state: 'failed', error: { code: 'OUTPUT_TOO_LARGE' } });
  });

  it('writes down why a loop failed', async () => {
    const id = await openWith(2);
    await story.take(id, 'each', { output: 1 });
    const error = { code: 'HTTP_STATUS', message: 'answered 500' };
    expect(await story.closeLoop(id, 'each', { state: 'failed', error })).toMatchObject({
      verdict: 'kept',
      state: 'failed',
      error,
    });
    expect(await story.stepOf(id, 'each', -1)).toMatchObject({ state: 'failed', error, output: null });
    expect(await outputsOf(id)).toEqual({});
  });

  it('keeps the first word', async () => {
    const id = await openWith(1);
    await story.take(id, 'each', { output: 1 });
    await story.closeLoop(id, 'each');
    expect(await story.closeLoop(id, 'each', { state: 'failed', error: { code: 'X', message: 'x' } })).toMatchObject({
      verdict: 'kept',
      state: 'completed',
    });
    expect((await story.stepOf(id, 'each', -1))?.output).toEqual([1]);
  });

  it('leaves out what an earlier, longer life of the loop has done', async () => {
    const id = await openWith(3);
    for (const iteration of [0, 1, 2]) await story.take(id, 'each', { iteration, output: 'old' });
    await story.openLoop(id, 'each', ['only'], { execution: 2 });
    await story.take(id, 'each', { iteration: 0, output: 'new', execution: 2 });
    await story.closeLoop(id, 'each', { execution: 2 });
    expect((await story.stepOf(id, 'each', -1))?.output).toEqual(['new']);
  });

  describe('after a reset into the middle of the loop', () => {
    // Its opening is in the history before the reset, so it is not opened again.
    const runInto = async (end: 'completed' | 'failed' | undefined): Promise<string> => {
      const id = await openWith(2);
      await story.take(id, 'each', { iteration: 0, output: 'first' });
      await story.take(id, 'each', { iteration: 1, output: 'stale' });
      if (end !== undefined) {
        await story.closeLoop(id, 'each', { state: end, ...(end === 'failed' ? { error: { code: 'X', message: 'x' } } : {}) });
        await story.finish(id, { state: 'failed' });
      }
      return id;
    };

    it.each([undefined, 'completed', 'failed'] as const)('gathers anew when it had ended as %s', async (end) => {
      const id = await runInto(end);
      await story.take(id, 'each', { iteration: 1, output: 'fresh', execution: 2 });
      expect(await story.stepOf(id, 'each', -1)).toMatchObject({ state: 'running', epoch: 2, output: null, error: null });
      expect(await story.closeLoop(id, 'each', { execution: 2 })).toMatchObject({ verdict: 'kept', state: 'completed' });
      expect(await story.stepOf(id, 'each', -1)).toMatchObject({ state: 'completed', epoch: 2, output: ['first', 'fresh'] });
    });

    it.each(['completed', 'failed'] as const)('gathers anew when nothing but its end (%s) lay behind the reset', async (end) => {
      const id = await runInto(end);
      expect(await story.closeLoop(id, 'each', { execution: 2 })).toMatchObject({ verdict: 'kept', state: 'completed' });
      expect(await story.stepOf(id, 'each', -1)).toMatchObject({ state: 'completed', epoch: 2, output: ['first', 'stale'] });
    });

    it('refuses the execution that was overtaken, and leaves the loop alone', async () => {
      const id = await runInto(undefined);
      await story.open(id, { execution: 2 });
      const before = await story.stepOf(id, 'each', -1);
      expect(await story.closeLoop(id, 'each')).toMatchObject({ verdict: 'stale' });
      expect(await story.stepOf(id, 'each', -1)).toEqual(before);
      await story.finish(id, { execution: 2 });
      expect(await story.closeLoop(id, 'each', { execution: 2 })).toMatchObject({ verdict: 'stale' });
      expect(await story.stepOf(id, 'each', -1)).toEqual(before);
    });
  });

  it('refuses a loop that was never opened, and runs that are not there', async () => {
    const id = await story.startOpen(task);
    expect(await story.closeLoop(id, 'each')).toMatchObject({ verdict: 'stale', reason: 'the step has not begun' });
    expect(await story.closeLoop('01890000-0000-7000-8000-000000000000', 'each')).toMatchObject({ verdict: 'stale' });
    expect((await findRun(db.owner, id)).state).toBe('running');
  });
});
