import { expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { asUser } from '../../support/as-role.ts';
import { addMember } from '../../support/build-rows.ts';
import { callRow, callRows } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { leaveChannels, listen, makeTopic, refusalToListen, type Listener } from '../support/listen.ts';
import type { SignedIn } from '../support/use-supabase.ts';
import type { MatrixContext } from './matrix-context.ts';
import { readTopics, sequence } from './topics.ts';

const PRIVATE = { config: { private: true } } as const;
const ABOUT = ['workspace acme', 'run ownerShared', 'moves acme'] as const;
const events = ({ broadcasts }: Listener): readonly string[] => broadcasts.map(({ event }) => event);

/** Somebody is removed while he listens to everything. */
export const describeRemoval = (context: MatrixContext): void => {
  const { supabase } = context;
  const { owner, prefix } = supabase;

  const followAll = async ({ client }: SignedIn, topics: ReadonlyMap<string, string>): Promise<readonly Listener[]> => {
    const followed: Listener[] = [];
    for (const about of ABOUT) followed.push(await listen(client, topics.get(about) ?? '', PRIVATE));
    return followed;
  };
  const watchRuns = ({ client }: SignedIn): Promise<Listener> =>
    listen(client, makeTopic(prefix), { changes: [{ schema: 'durabase', table: 'task_runs' }, { table: `${prefix}_end` }] });
  /** A change of the workspace, and of a run in it. */
  const change = async (): Promise<void> => {
    await owner.query("update durabase.tasks set description = description || '!' where id = $1", [context.world.idOf('shared')]);
    await owner.query('update durabase.task_runs set version = version + 1 where id = $1', [context.world.idOf('ownerShared')]);
    await owner.query('select durabase_private.tell_feeds(r) from durabase.task_runs r where r.id = $1', [
      context.world.idOf('ownerShared'),
    ]);
  };
  const endAll = async (topics: ReadonlyMap<string, string>, id: number): Promise<void> => {
    for (const about of ABOUT) await owner.query("select realtime.send('{}', 'end', $1, true)", [topics.get(about)]);
    await owner.query(`insert into public.${prefix}_end values ($1)`, [id]);
  };
  const haveEnded = async (listeners: readonly Listener[], watching: Listener, count: number): Promise<void> => {
    for (const listener of listeners)
      await eventually(() => expect(events(listener).filter((event) => event === 'end')).toHaveLength(count));
    await eventually(() => expect(watching.changes[1]).toHaveLength(count));
  };

  it('he hears that something moved, and nothing of what changes later', async () => {
    const workspaceId = context.world.idOf('acme');
    const leaver = await supabase.createUser();
    await addMember(owner, { workspaceId, role: 'viewer', userId: leaver.id });
    await sequence(owner);
    const before = await readTopics(owner, context.world);
    const [his, watching] = [await followAll(leaver, before), await watchRuns(leaver)];
    await change();
    await sequence(owner);
    await endAll(before, 101);
    await haveEnded(his, watching, 1);
    // What an earlier pass has told may still arrive behind the join.
    const earlier = his.map(events);
    expect(earlier.map((heardThere) => [...new Set(heardThere)])).toEqual([['changes', 'end'], ['events', 'end'], ['end']]);
    const heard = watching.changes[0]?.length;
    expect(heard).toBeGreaterThan(0);

    await owner.query('delete from durabase.workspace_members where workspace_id = $1 and user_id = $2', [
      workspaceId,
      leaver.id,
    ]);
    await change(); // in the same pass of the sequencer as the removal
    await sequence(owner);
    await change();
    await sequence(owner);
    await endAll(before, 102);
    await haveEnded(his, watching, 2);
    const [ofWorkspace = [], ofRun = [], ofMoves = []] = earlier;
    expect(his.map(events)).toEqual([
      [...ofWorkspace, 'end'],
      [...ofRun, 'end'],
      [...ofMoves, 'moved', 'end'],
    ]);
    expect(watching.changes[0]).toHaveLength(heard ?? -1);
    await leaveChannels(leaver.client);

    const after = await readTopics(owner, context.world);
    for (const topics of [before, after])
      for (const about of ABOUT)
        expect(await refusalToListen(leaver.client, topics.get(about) ?? '', PRIVATE)).toMatch(/^Unauthorized: /);
    const asLeaver = (name: string, args = {}) => asUser(owner, leaver.id, (client) => callRows(client, name, args));
    expect(await asLeaver('durabase.feeds', { workspace: workspaceId })).toEqual([]);
    expect(await refusedAs(asLeaver('durabase.changes_since', { feed: `workspace:${workspaceId}` }))).toBe('404 FEED_NOT_FOUND');
    expect(await refusedAs(asLeaver('durabase.run_feed', { run: context.world.idOf('ownerShared') }))).toBe('404 RUN_NOT_FOUND');
  }, 60_000);

  it('the others find the topics anew, and miss nothing', async () => {
    const { users, idOf } = context.world;
    const leaver = await supabase.createUser();
    await addMember(owner, { workspaceId: idOf('acme'), role: 'viewer', userId: leaver.id });
    await sequence(owner);
    const before = await readTopics(owner, context.world);
    const feed = `workspace:${idOf('acme')}`;
    const asViewer = <Row extends Record<string, unknown>>(name: string, args: Readonly<Record<string, unknown>>) =>
      asUser(owner, users.viewer.id, (client) => callRows<Row>(client, name, args));
    const { last_seq: known } = await asUser(owner, users.viewer.id, (client) =>
      callRow<{ last_seq: string }>(client, 'durabase.feeds', { workspace: idOf('acme') }),
    );
    const moves = await listen(users.viewer.client, before.get('moves acme') ?? '', PRIVATE);
    await owner.query('delete from durabase.workspace_members where user_id = $1', [leaver.id]);
    await change();
    await sequence(owner);
    await eventually(() => expect(events(moves)).toEqual(['moved']));
    const [found] = await asViewer<{ topic: string }>('durabase.feeds', { workspace: idOf('acme') });
    expect(found?.topic).not.toBe(before.get('workspace acme'));
    const again = await listen(users.viewer.client, found?.topic ?? '', PRIVATE);
    await change();
    await sequence(owner);
    await eventually(() => expect(events(again)).toEqual(['changes']));
    const seqs = (await asViewer<{ seq: string }>('durabase.changes_since', { feed, after_seq: known })).map(({ seq }) =>
      Number(seq),
    );
    expect(seqs).toEqual(Array.from(seqs, (_seq, index) => Number(known) + 1 + index));
    expect(again.broadcasts[0]?.payload['last']).toBe(seqs.at(-1));
    await leaveChannels(users.viewer.client);
  }, 60_000);
};
