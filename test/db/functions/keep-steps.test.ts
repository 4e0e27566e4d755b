import { beforeAll, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import {
  admitRun,
  createReadyTask,
  createWorkspace,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, callValue, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

const step = (id: string, needs: readonly string[] = []) => ({ id, action: 'log', needs });
/** a → b → d → e, with c beside b. */
const STEPS = [step('a'), step('b', ['a']), step('c', ['a']), step('d', ['b']), step('e', ['c', 'd'])];

describe('what a fork keeps', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id, { plan: { steps: STEPS } });
  });

  const fork = (run: string, fromStep: string) =>
    asUser(db.owner, acme.users.editor, (client) => callRow<Run>(client, 'durabase.fork_run', { run, from_step: fromStep }));

  describe('with large outputs', () => {
    const body = { text: 'x'.repeat(40_000) };
    const runWithPayloads = async (): Promise<string> => {
      const id = await story.startOpen(task);
      for (const stepId of ['a', 'b', 'c', 'd']) {
        await story.begin(id, stepId);
        const sha256 = stepId === 'c' ? 'hash of c' : 'hash';
        await story.end(id, stepId, { payload: { sha256, bytes: 40_011, body: { ...body, sha256 }, preview: '{' } });
      }
      await story.begin(id, 'e');
      await story.finish(id, { state: 'failed' });
      return id;
    };

    it('copies them, once each, so that they outlive the run they come from', async () => {
      const id = await runWithPayloads();
      const made = await fork(id, 'd');
      expect(await story.count('payloads', made.id)).toBe(2);
      await db.owner.query('delete from durabase.task_runs where id = $1', [id]);
      expect(await readValue(db.owner, 'select durabase_private.step_outputs($1, $2)', [made.id, ['a', 'b', 'c']])).toEqual({
        a: { ...body, sha256: 'hash' },
        b: { ...body, sha256: 'hash' },
        c: { ...body, sha256: 'hash of c' },
      });
      const ref = (await story.stepOf(made.id, 'a'))?.output_ref;
      expect(ref).toMatchObject({ sha256: 'hash', bytes: 40_011, preview: '{' });
      expect(
        await asUser(db.owner, acme.users.viewer, (client) =>
          callValue(client, 'durabase.get_payload', { payload: ref?.payload }),
        ),
      ).toMatchObject(body);
    });

    it('copies no more than is kept', async () => {
      const made = await fork(await runWithPayloads(), 'b');
      expect([await story.stepsOf(made.id), await story.count('payloads', made.id)]).toEqual([
        ['a/0 completed@0', 'c/0 completed@0'],
        2,
      ]);
      const first = await fork(await runWithPayloads(), 'a');
      expect(await story.count('payloads', first.id)).toBe(0);
    });

    it('refuses to keep one that is no longer stored', async () => {
      const id = await runWithPayloads();
      await db.owner.query("delete from durabase_private.payloads where run_id = $1 and sha256 = 'hash of c'", [id]);
      expect(await refusalOf(fork(id, 'd'))).toMatchObject({
        sqlstate: 'PT409',
        code: 'STEP_NOT_KEPT',
        path: 'from_step',
        message: 'the output of the step "c" is no longer stored',
      });
      expect((await fork(id, 'a')).state).toBe('queued');
    });
  });

  describe('of a loop', () => {
    const runLoop = async (): Promise<string> => {
      const id = await story.startOpen(task);
      await story.openLoop(id, 'a', [1, 2]);
      for (const iteration of [0, 1]) {
        await story.begin(id, 'a', { iteration });
        await story.end(id, 'a', { iteration, payload: { sha256: `of ${iteration}`, bytes: 9, body: iteration, preview: '' } });
      }
      return id;
    };

    it('keeps the whole of it by its own row, and nothing of its iterations', async () => {
      const id = await runLoop();
      await story.closeLoop(id, 'a');
      await story.begin(id, 'b');
      await story.begin(id, 'c');
      await story.end(id, 'c');
      await story.finish(id, { state: 'failed' });
      const made = await fork(id, 'b');
      expect(await story.stepsOf(made.id)).toEqual(['a/-1 completed@0', 'c/0 completed@0']);
      expect((await story.stepOf(made.id, 'a', -1))?.output).toEqual([0, 1]);
      expect(await story.count('payloads', made.id)).toBe(0);
      await admitRun(db.owner, made.id);
      expect((await story.open(made.id)).done).toEqual({ a: 'completed', c: 'completed' });
    });

    it('refuses to keep it when it did not come to its end, whatever its iterations did', async () => {
      const id = await runLoop();
      await story.finish(id, { state: 'failed' });
      expect(await refusedAs(fork(id, 'b'))).toBe('409 STEP_NOT_KEPT');
      expect(await story.stepsOf((await fork(id, 'a')).id)).toEqual([]);
    });
  });
});
