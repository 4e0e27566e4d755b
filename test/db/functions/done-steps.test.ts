import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, type ReadyTask } from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

describe('done_steps', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let task: ReadyTask;

  const step = (id: string, needs: readonly string[] = []) => ({ id, action: 'log', needs });

  beforeAll(async () => {
    const { id } = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, id, {
      // a → b → c, and d beside them
      plan: { steps: [step('a'), step('b', ['a']), step('c', ['b']), step('d')] },
    });
  });

  const done = (runId: string, base = 1) =>
    readValue<Record<string, string>>(db.owner, 'select durabase_private.done_steps($1, $2)', [runId, base]);

  it('names what has ended well, and nothing else', async () => {
    const id = await story.startOpen(task);
    expect(await done(id)).toEqual({});
    await story.take(id, 'a');
    await story.skip(id, 'b');
    await story.begin(id, 'c');
    await story.begin(id, 'd');
    await story.end(id, 'd', { state: 'failed', error: { code: 'X', message: 'x' } });
    expect(await done(id)).toEqual({ a: 'completed', b: 'skipped' });
  });

  it('counts a loop by its own row, not by its first iteration', async () => {
    const id = await story.startOpen(task);
    await story.openLoop(id, 'a', [1]);
    await story.take(id, 'a', { iteration: 0 });
    expect(await done(id)).toEqual({});
    await story.closeLoop(id, 'a');
    expect(await done(id)).toEqual({ a: 'completed' });
    await story.openLoop(id, 'd', [1]);
    await story.take(id, 'd', { iteration: 0 });
    await story.closeLoop(id, 'd', { state: 'failed', error: { code: 'X', message: 'x' } });
    expect(await done(id)).toEqual({ a: 'completed' });
  });

  it('counts from an epoch on, and what was kept from another run always', async () => {
    const id = await story.startOpen(task);
    await story.take(id, 'a');
    await story.leave(id);
    await story.open(id, { execution: 2 });
    await story.take(id, 'b', { execution: 2 });
    await story.take(id, 'd', { execution: 2 });
    await db.owner.query("update durabase.run_steps set epoch = 0 where run_id = $1 and step_id = 'd'", [id]);
    expect(await done(id, 1)).toEqual({ a: 'completed', b: 'completed', d: 'completed' });
    expect(await done(id, 2)).toEqual({ b: 'completed', d: 'completed' });
    expect(await done(id, 3)).toEqual({ d: 'completed' });
  });

  it('leaves out what was done before something that it needs was begun again, over any number of steps', async () => {
    const id = await story.startOpen(task);
    for (const stepId of ['a', 'b', 'c', 'd']) await story.take(id, stepId);
    await story.begin(id, 'a', { execution: 2 }); // reset behind the opening, to before a
    expect(await done(id)).toEqual({ d: 'completed' });
    await story.end(id, 'a', { execution: 2 });
    expect(await done(id)).toEqual({ a: 'completed', d: 'completed' });
    await story.take(id, 'b', { execution: 2 });
    expect(await done(id)).toEqual({ a: 'completed', b: 'completed', d: 'completed' });
    await story.leave(id, 2);
    expect((await story.open(id, { execution: 3 })).done).toEqual({ a: 'completed', b: 'completed', d: 'completed' });
  });

  it('leaves out what was done with a loop that is under way again', async () => {
    const id = await story.startOpen(task);
    await story.openLoop(id, 'a', [1, 2]);
    await story.take(id, 'a', { iteration: 0 });
    await story.take(id, 'a', { iteration: 1 });
    await story.closeLoop(id, 'a');
    await story.take(id, 'b');
    expect(await done(id)).toEqual({ a: 'completed', b: 'completed' });
    await story.begin(id, 'a', { iteration: 1, execution: 2 }); // reset into the middle of the loop
    expect(await done(id)).toEqual({});
    await story.end(id, 'a', { iteration: 1, execution: 2 });
    await story.closeLoop(id, 'a', { execution: 2 });
    expect(await done(id)).toEqual({ a: 'completed' });
  });
});
