import { describe, expect, it } from '@jest/globals';
import { readValue } from '../support/call.ts';
import { eventually } from '../support/eventually.ts';
import { useEngine } from '../support/use-engine.ts';

describe('the sequencer of a worker', () => {
  const engine = useEngine();
  const inbox = () => readValue<number>(engine.db.owner, 'select count(*)::int from durabase_private.feed_inbox');
  const seqs = async () =>
    (
      await engine.db.owner.query<{ seq: number; id: string; version: number }>(
        `select c.seq::int, c.entity_id as id, c.version::int from durabase_private.changes c
         join durabase_private.feed_counters k on k.id = c.feed_id and k.feed = $1 order by c.seq`,
        [`workspace:${engine.workspaceId}`],
      )
    ).rows;

  it('numbers what runs of two workers do, each change once, and seals the audit log', async () => {
    await engine.startWorker();
    await engine.startWorker();
    await engine.saveTask({ slug: 'quick', action: 'http', with: { url: engine.target.url } });
    const runs = await Promise.all(Array.from({ length: 20 }, () => engine.startRun('quick')));
    for (const run of runs) await engine.finished(run);
    await eventually(async () => expect(await inbox()).toBe(0));
    const changes = await seqs();
    expect(changes.map(({ seq }) => seq)).toEqual(changes.map((_, index) => index + 1));
    for (const run of runs) {
      const { version } = await readValue<{ version: number }>(
        engine.db.owner,
        "select jsonb_build_object('version', version) from durabase.task_runs where id = $1",
        [run],
      );
      const versions = changes.filter(({ id }) => id === run).map((change) => change.version);
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
      expect(versions.at(-1)).toBe(version);
    }
    await eventually(async () => {
      const verdict = await readValue<{ isIntact: boolean; rows: number; unsealed: number }>(
        engine.db.owner,
        'select durabase.verify_audit()',
      );
      expect(verdict).toMatchObject({ isIntact: true, unsealed: 0 });
      expect(verdict.rows).toBeGreaterThanOrEqual(21);
    });
  });

  it('leaves nothing untold when the last worker stops', async () => {
    const worker = await engine.startWorker();
    await engine.finished(await engine.startRun('quick'));
    await worker.stop();
    await eventually(async () => expect(await inbox()).toBe(0));
  });
});
