import { beforeAll, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import { createReadyTask, createWorkspace, type ReadyTask, type Run, type Workspace } from '../../support/build-rows.ts';
import { callRow } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

const step = (id: string, needs: readonly string[] = [], more: object = {}) => ({ id, action: 'log', needs, ...more });
/** a → b → d → e, with c beside b. */
const STEPS = [step('a'), step('b', ['a']), step('c', ['a']), step('d', ['b']), step('e', ['c', 'd'])];

describe('a fork on the newest version', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let own: ReadyTask;
  let run: string;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    own = await createReadyTask(db.owner, acme.id, { plan: { steps: STEPS } });
    run = await story.startOpen(own);
    for (const stepId of ['a', 'b', 'c']) await story.take(run, stepId);
    await story.finish(run, { state: 'failed' });
  });

  const fork = (runId: string, fromStep: string, version?: string) =>
    asUser(db.owner, acme.users.editor, (client) =>
      callRow<Run>(client, 'durabase.fork_run', {
        run: runId,
        from_step: fromStep,
        ...(version === undefined ? {} : { version }),
      }),
    );
  /** Another ready version of the task. */
  const publish = async (of: ReadyTask, steps: readonly object[]): Promise<string> => {
    const version = await callRow<{ readonly id: string }>(db.owner, 'durabase.save_task', {
      definition: { slug: of.slug },
      workspace: acme.id,
    });
    await callRow(db.owner, 'durabase_private.publish_version', {
      p_version: version.id,
      p_plan: { mode: 'async', priority: 4, steps },
      p_problems: null,
    });
    return version.id;
  };

  it('takes its plan, and stays on the same one unless that is asked for', async () => {
    const version = await publish(
      own,
      STEPS.map((one) => ({ ...one, with: { changed: true } })),
    );
    expect((await fork(run, 'd', 'newest')).version_id).toBe(version);
    expect((await fork(run, 'd', 'same')).version_id).toBe(own.versionId);
    expect((await fork(run, 'd')).version_id).toBe(own.versionId);
  });

  it('works out what is kept by the new plan', async () => {
    // b no longer needs a, and d hangs on c
    await publish(own, [step('a'), step('b'), step('c', ['a']), step('d', ['c']), step('new', ['d'])]);
    expect(await story.stepsOf((await fork(run, 'c', 'newest')).id)).toEqual(['a/0 completed@0', 'b/0 completed@0']);
    expect(await story.stepsOf((await fork(run, 'c', 'newest')).id)).toHaveLength(2);
    expect(await refusedAs(fork(run, 'new', 'newest'))).toBe('409 STEP_NOT_KEPT'); // d failed
  });

  it.each([
    ['another action', [{ ...step('a'), action: 'sleep' }, step('d', ['a'])]],
    ['a loop now', [step('a', [], { forEach: { items: 'input.list', maxParallel: 2 } }), step('d', ['a'])]],
  ])('refuses to keep a step that is %s', async (_, steps) => {
    await publish(own, steps);
    expect(await refusalOf(fork(run, 'd', 'newest'))).toMatchObject({
      sqlstate: 'PT409',
      code: 'STEP_NOT_KEPT',
      path: 'version',
      message: 'the step "a" is another action in the newest version',
    });
    expect((await fork(run, 'a', 'newest')).state).toBe('queued'); // nothing of it is kept
    expect((await fork(run, 'd')).state).toBe('queued');
  });

  it('refuses a step that the new plan needs before and the run never had', async () => {
    await publish(own, [step('a'), step('between', ['a']), step('d', ['between'])]);
    expect(await refusalOf(fork(run, 'd', 'newest'))).toMatchObject({
      code: 'STEP_NOT_KEPT',
      message: 'the step "between" did not come to its end in that run',
    });
    expect(await refusedAs(fork(run, 'e', 'newest'))).toBe('404 STEP_NOT_FOUND');
  });

  it.each(['oldest', '', 'NEWEST'])('refuses the version %j', async (version) => {
    expect(await refusalOf(fork(run, 'd', version))).toMatchObject({
      sqlstate: 'PT422',
      code: 'INVALID_REQUEST',
      path: 'version',
    });
  });
});
