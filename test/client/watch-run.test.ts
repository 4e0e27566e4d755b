import { describe, expect, it } from '@jest/globals';
import type { Connection, RunEvent } from '../../packages/client/src/index.ts';
import { eventually } from '../support/eventually.ts';
import { countEvents, createRunningRun, finishRun, writeLines } from './support/writers.ts';
import { useLive } from './support/use-live.ts';

const oneTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);
const seqsOf = (events: readonly RunEvent[]): readonly number[] => events.map(({ seq }) => seq);
const isUnreachable = ({ state, reason = '' }: Connection): boolean =>
  state === 'reconnecting' && reason.startsWith('Supabase cannot be reached');

describe('watching a run', () => {
  const live = useLive();

  it('gives everybody 1…500 in order: steady, cut off in the middle, and late', async () => {
    const { db, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    const network = await live.network();
    const steady = live.person(workspace.users.editor);
    const unlucky = live.person(workspace.users.viewer, { url: network.url });
    const steadyEvents: RunEvent[] = [];
    const unluckyEvents: RunEvent[] = [];
    const said: Connection[] = [];
    const steadyWatch = steady.durabase.watch(runId, { onEvent: (event) => steadyEvents.push(event) });
    const unluckyWatch = unlucky.durabase.watch(runId, {
      onEvent: (event) => unluckyEvents.push(event),
      onConnection: (connection: Connection) => said.push(connection),
    });
    await eventually(() => expect([steadyWatch.connection.state, unluckyWatch.connection.state]).toEqual(['live', 'live']));

    await writeLines(db.owner, [runId], 200);
    await eventually(() => expect(unluckyEvents.length).toBeGreaterThan(150));
    await network.cut();
    await writeLines(db.owner, [runId], 200);
    // Long enough that calls fail as well, and are tried again.
    await eventually(() => expect(said.filter(isUnreachable).length).toBeGreaterThan(1));
    await eventually(() => expect(steadyEvents.length).toBeGreaterThan(400));
    expect(unluckyEvents.length).toBeLessThan(400);
    await network.restore();
    await eventually(() => expect(unluckyWatch.connection.state).toBe('live'), { timeoutMs: 20_000 });
    await writeLines(db.owner, [runId], 499 - (await countEvents(db.owner, runId)));
    await finishRun(db.owner, runId);
    await Promise.all([steadyWatch.done, unluckyWatch.done]);

    const late: RunEvent[] = [];
    for await (const event of unlucky.durabase.watch(runId)) late.push(event);
    for (const events of [steadyEvents, unluckyEvents, late]) expect(seqsOf(events)).toEqual(oneTo(500));
    expect(late.at(-1)).toMatchObject({ kind: 'run.completed', state: 'completed' });
    expect(late).toEqual(steadyEvents);
    for (const { nextTryAt } of said.filter(isUnreachable)) expect(nextTryAt).toBeInstanceOf(Date);
  }, 60_000);
});
