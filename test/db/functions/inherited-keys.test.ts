import { beforeEach, describe, expect, it } from '@jest/globals';
import { admitRun, createReadyTask, createWorkspace, findRun, startRun, type ReadyTask } from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

describe('permits of children', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let sync: ReadyTask;

  beforeEach(async () => {
    const { id } = await createWorkspace(db.owner);
    await createReadyTask(db.owner, id, { slug: 'plain' });
    sync = await createReadyTask(db.owner, id, { slug: 'sync', plan: { mode: 'sync' } });
  });

  const admit = async (): Promise<readonly string[]> =>
    (await readValue<{ runs: { runId: string }[] }>(db.engine, 'select durabase_private.admit(1000, 60000)')).runs.map(
      ({ runId }) => runId,
    );
  const bear = async (parent: string, task: string, isWaited = true): Promise<string> => {
    await story.wait(parent, `run-${task}`, { kind: 'child', task, input: {}, isWaited });
    return (await story.childrenOf(parent)).at(-1)?.id ?? '';
  };
  const begin = (runId: string) => story.begin(runId, 'hello');

  it('let the child of a sync run go on under the permit of its parent', async () => {
    const parent = await story.startOpen(sync);
    const child = await bear(parent, 'sync');
    const other = (await startRun(db.owner, sync)).id;
    expect(await admit()).toEqual([child]);
    expect((await story.open(child)).verdict).toBe('go');
    expect((await begin(child)).verdict).toBe('go');
    expect([await story.count('permits', parent), await story.count('permits', child)]).toEqual([1, 0]);
    expect((await findRun(db.owner, other)).reason).toMatchObject({ code: 'LIMIT_REACHED' });

    await story.finish(child);
    expect(await admit()).toEqual([]); // the parent still holds it
    await story.doDeeds();
    await story.finish(parent);
    expect(await admit()).toEqual([other]);
  });

  it('reach over generations, also through one that needs none', async () => {
    const parent = await story.startOpen(sync);
    const between = await bear(parent, 'plain');
    await admit();
    await story.open(between);
    const child = await bear(between, 'sync');
    expect(await admit()).toEqual([child]);
    expect((await story.open(child)).verdict).toBe('go');
  });

  it('are not inherited where the parent does not wait', async () => {
    const parent = await story.startOpen(sync);
    const child = await bear(parent, 'sync', false);
    expect(await admit()).toEqual([]);
    expect((await findRun(db.owner, child)).reason).toMatchObject({ code: 'LIMIT_REACHED' });
    await story.finish(parent);
    expect(await admit()).toEqual([child]);
    await story.open(child);
    expect(await story.count('permits', child)).toBe(1);
  });

  it('are not inherited by runs that were made from the parent', async () => {
    const parent = await story.startOpen(sync);
    await story.finish(parent, { state: 'failed' });
    const holder = await story.startOpen(sync);
    const retry = await readValue<string>(db.owner, 'select (durabase.retry_run($1)).id', [parent]);
    expect(await admit()).toEqual([]);
    await story.finish(holder);
    expect(await admit()).toEqual([retry]);
  });

  it('are taken for the keys that no ancestor holds', async () => {
    const limits = [
      { key: `sync:${sync.workspaceId}`, limit: 1, label: 'sync' },
      { key: `own:${sync.workspaceId}`, limit: 1, label: 'own' },
    ];
    const parent = await story.startOpen(sync);
    const child = await bear(parent, 'plain');
    await db.owner.query('update durabase_private.run_queue set limits = $2 where run_id = $1', [child, JSON.stringify(limits)]);
    expect(await admit()).toEqual([child]);
    expect(await readValue(db.owner, 'select array_agg(key) from durabase_private.permits where run_id = $1', [child])).toEqual([
      limits[1]?.key,
    ]);
  });

  it('are the child’s own affair when the parent no longer holds them', async () => {
    const parent = await story.startOpen(sync);
    const child = await bear(parent, 'sync');
    await admit();
    await story.open(child);
    await story.finish(parent); // the wish to cancel the child is not carried yet
    const other = (await startRun(db.owner, sync)).id;
    await admitRun(db.owner, other);
    expect((await begin(child)).verdict).toBe('wait');
    await story.finish(other, {});
    await story.open(other);
    await story.finish(other);
    expect((await begin(child)).verdict).toBe('go');
    expect(await story.count('permits', child)).toBe(1);
  });
});
