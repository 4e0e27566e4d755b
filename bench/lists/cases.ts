import { toMicros, writeCursor } from '../../src/api/cursor.ts';
import type pg from 'pg';
import type { Readers, Seeded } from './seed.ts';

/** One question, asked through the API under row-level security, and as bare SQL by the owner of the table. */
export interface Case {
  readonly name: string;
  readonly as: keyof Readers;
  readonly path: string;
  /** The same rows by the best index, without rights; undefined: there is no such statement. */
  readonly floor?: { readonly text: string; readonly values: readonly unknown[] } | undefined;
}

interface Key {
  readonly at: string;
  readonly id: string;
}

const PAGE = 'select to_jsonb(r) as run from durabase.task_runs r where';
const ORDER = 'order by r.created_at desc, r.id desc limit 51';
const FROM =
  "(r.created_at, r.id) < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))";
const EVERYWHERE = `select to_jsonb(z) as run from (
  select r.* from unnest($1::uuid[]) w cross join lateral (select r.* from durabase.task_runs r where r.workspace_id = w and ${FROM} ${ORDER}) r
  ${ORDER}) z`;
const COUNT = 'select r.state, count(*) from durabase.task_runs r where r.workspace_id = $1 group by r.state';

/** Where the list is after so many rows. */
async function keyAt(
  owner: pg.Client,
  { where, values, row }: { readonly where: string; readonly values: readonly unknown[]; readonly row: number },
): Promise<Key> {
  const { rows } = await owner.query<Key>(
    `select to_jsonb(created_at) #>> '{}' as at, id from durabase.task_runs where ${where} order by created_at desc, id desc offset ${row} limit 1`,
    [...values],
  );
  const [key] = rows;
  if (key === undefined) throw new Error(`there is no row ${row}: seed more runs`);
  return key;
}
const cursorOf = ({ at, id }: Key): string => writeCursor([toMicros(at), id]);

export async function listCases(
  owner: pg.Client,
  { workspaceId, otherWorkspaceId, taskId, readers }: Seeded,
  runCount: number,
): Promise<readonly Case[]> {
  const each = runCount / 20;
  const deep = await keyAt(owner, { where: 'workspace_id = $1', values: [workspaceId], row: Math.floor(each * 0.9) });
  const deepest = await keyAt(owner, { where: 'true', values: [], row: Math.floor(runCount * 0.9) });
  const deepOwn = await keyAt(owner, {
    where: 'workspace_id = $1 and actor_user_id = $2',
    values: [workspaceId, readers.runner],
    row: Math.floor(each * 0.85),
  });
  const inWorkspace = (key?: Key) => ({
    text: `${PAGE} r.workspace_id = $1 and ${FROM} ${ORDER}`,
    values: [workspaceId, key?.at ?? null, key?.id ?? null],
  });
  const { rows } = await owner.query<{ ids: readonly string[] }>('select array_agg(id) as ids from durabase.workspaces');
  const everywhere = (key?: Key) => ({ text: EVERYWHERE, values: [rows[0]?.ids, key?.at ?? null, key?.id ?? null] });
  const inState = (state: string) => ({
    text: `${PAGE} r.workspace_id = $1 and r.state = $4 and ${FROM} ${ORDER}`,
    values: [workspaceId, null, null, state],
  });
  const ofTask = (key?: Key) => ({
    text: `${PAGE} r.task_id = $1 and ${FROM} ${ORDER}`,
    values: [taskId, key?.at ?? null, key?.id ?? null],
  });
  const own = (key?: Key) => ({
    text: `${PAGE} r.workspace_id = $1 and r.actor_user_id = $4 and ${FROM} ${ORDER}`,
    values: [workspaceId, key?.at ?? null, key?.id ?? null, readers.runner],
  });
  const runs = '/api/v1/runs?limit=50';
  return [
    { name: 'first page, member of one workspace', as: 'viewer', path: runs, floor: inWorkspace() },
    { name: 'page at row 45,000 of 50,000', as: 'viewer', path: `${runs}&cursor=${cursorOf(deep)}`, floor: inWorkspace(deep) },
    { name: 'first page, owner of twenty workspaces', as: 'owner', path: runs, floor: everywhere() },
    {
      name: 'page at row 900,000 of 1,000,000',
      as: 'owner',
      path: `${runs}&cursor=${cursorOf(deepest)}`,
      floor: everywhere(deepest),
    },
    { name: 'first page, admin of the instance', as: 'admin', path: runs, floor: everywhere() },
    { name: 'first page, a runner’s own', as: 'runner', path: runs, floor: own() },
    {
      name: 'page at row 42,500 of a runner’s own',
      as: 'runner',
      path: `${runs}&cursor=${cursorOf(deepOwn)}`,
      floor: own(deepOwn),
    },
    { name: 'by state: failed', as: 'viewer', path: `${runs}&states=failed`, floor: inState('failed') },
    { name: 'by task', as: 'viewer', path: `${runs}&task=${taskId}`, floor: ofTask() },
    { name: 'by task and state', as: 'viewer', path: `${runs}&task=${taskId}&states=failed` },
    { name: 'hostile: a state that is rare', as: 'viewer', path: `${runs}&states=paused`, floor: inState('paused') },
    { name: 'hostile: a state that is rare, twenty workspaces', as: 'owner', path: `${runs}&states=paused` },
    { name: 'hostile: a state that nothing has, by task', as: 'viewer', path: `${runs}&task=${taskId}&states=expired` },
    { name: 'hostile: a rare state of a runner’s own', as: 'runner', path: `${runs}&states=paused` },
    {
      name: 'hostile: twelve states, twenty workspaces',
      as: 'owner',
      path: `${runs}&states=scheduled,queued,running,waiting,awaiting_input,retrying,paused,failed,timed_out,cancelled,skipped,expired`,
    },
    { name: 'hostile: a workspace of others', as: 'viewer', path: `${runs}&workspace=${otherWorkspaceId}` },
    { name: 'hostile: everything, a stranger', as: 'stranger', path: runs },
    { name: 'search: a word of one run', as: 'viewer', path: `${runs}&q=order${each * 10}` },
    { name: 'search: a word of half of them, the older ones', as: 'viewer', path: `${runs}&q=early` },
    { name: 'search: a word in all, twenty workspaces', as: 'owner', path: `${runs}&q=ann` },
    { name: 'search: words of the older ones, a runner’s own', as: 'runner', path: `${runs}&q=early` },
    { name: 'search: an error, and a word', as: 'viewer', path: `${runs}&errorCode=STEP_FAILED&q=early` },
    { name: 'hostile: a word that nothing has, twenty workspaces', as: 'owner', path: `${runs}&q=nowhere` },
    { name: 'hostile: words that never come together, twenty workspaces', as: 'owner', path: `${runs}&q=early late` },
    { name: 'hostile: a word in all, a state that is rare', as: 'viewer', path: `${runs}&q=ann&states=paused` },
    { name: 'hostile: all that lacks a word, twenty workspaces', as: 'owner', path: `${runs}&q=-late` },
    {
      name: 'counts, member of one workspace',
      as: 'viewer',
      path: '/api/v1/runs/counts',
      floor: { text: COUNT, values: [workspaceId] },
    },
    { name: 'counts, owner of twenty workspaces', as: 'owner', path: '/api/v1/runs/counts' },
    { name: 'counts, admin of the instance', as: 'admin', path: '/api/v1/runs/counts' },
    { name: 'counts, a runner’s own', as: 'runner', path: '/api/v1/runs/counts' },
    { name: 'counts by task', as: 'viewer', path: `/api/v1/runs/counts?task=${taskId}` },
  ];
}
