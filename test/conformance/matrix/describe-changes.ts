import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { leaveChannels, listen, makeTopic, refusalToListen, type Change, type Listener } from '../support/listen.ts';
import { useComparisons } from './comparisons.ts';
import { TABLES } from './expectations.ts';
import { KEYED_ROLES, type KeyedRole } from './roles.ts';
import { answerOf, namesOf, readDirectly, toTexts, type Row } from './rows.ts';
import type { MatrixContext } from './matrix-context.ts';
import type { World } from './world.ts';

const PUBLISHED = Object.keys(TABLES).filter((table) => TABLES[table]?.isPublished === true);
const UNPUBLISHED = Object.keys(TABLES).filter((table) => TABLES[table]?.isPublished !== true);

/** Writes every row of the world once more. */
const touchEverything = async ({ supabase: { owner }, world }: MatrixContext): Promise<void> => {
  const workspaces = [world.idOf('acme'), world.idOf('other')];
  const run = (sql: string) => owner.query(sql, [workspaces]);
  await run('update durabase.tasks set name = name where workspace_id = any ($1::uuid[])');
  await run('update durabase.task_runs set updated_at = clock_timestamp() where workspace_id = any ($1::uuid[])');
  await run('update durabase.run_steps set updated_at = clock_timestamp() where workspace_id = any ($1::uuid[])');
  await run('update durabase.events set created_at = created_at where workspace_id = any ($1::uuid[])');
  await run('update durabase.run_links set created_at = created_at where workspace_id = any ($1::uuid[])');
  await run('update durabase.run_events set at = clock_timestamp() where workspace_id = any ($1::uuid[])');
  await run(`insert into durabase.audit_log (workspace_id, actor_kind, actor_name, action, entity, entity_id)
    select id, 'service', 'conformance', 'conformance.touched', 'workspace', id::text from unnest($1::uuid[]) id`);
};

/** Rows that the listener was told of, the newest state of each, whoever they belong to; a change without a row is none. */
const toldRows = (changes: readonly Change[], table: string): readonly Row[] => {
  const rows = changes
    .filter((change) => change.eventType !== 'DELETE' && Object.keys(change.new).length > 0)
    .map((change) => change.new);
  return [...new Map(rows.map((row) => [JSON.stringify(KEYS[table]?.map((column) => row[column])), row])).values()];
};
const KEYS: Readonly<Record<string, readonly string[]>> = {
  audit_log: ['n'],
  events: ['id'],
  run_events: ['run_id', 'seq'],
  run_links: ['run_id'],
  run_steps: ['run_id', 'step_id', 'iteration'],
  task_runs: ['id'],
  tasks: ['id'],
};

export const describeChanges = (context: MatrixContext): void => {
  const { supabase } = context;
  const { owner } = supabase;
  const { compare, takeDifferences } = useComparisons('postgres_changes beside direct SQL');
  const listeners = new Map<KeyedRole, Listener>();

  beforeAll(async () => {
    const changes = [...PUBLISHED.map((table) => ({ schema: 'durabase', table })), { table: `${supabase.prefix}_end` }];
    for (const role of KEYED_ROLES)
      listeners.set(role, await listen(context.world.client(role), makeTopic(supabase.prefix, role), { changes }));
    await touchEverything(context);
    await owner.query(`insert into public.${supabase.prefix}_end values (1)`);
    for (const { changes: lists } of listeners.values()) await eventually(() => expect(lists.at(-1)).toHaveLength(1));
  }, 60_000);
  afterAll(async () => {
    for (const role of KEYED_ROLES) await leaveChannels(context.world.client(role));
  });

  it('knows the key of every published table', () => expect(Object.keys(KEYS)).toEqual(PUBLISHED));

  describe.each(PUBLISHED)('%s', (table) => {
    it.each(KEYED_ROLES)('tells %s of the rows that direct SQL shows him', async (role) => {
      const told = toldRows(listeners.get(role)?.changes[PUBLISHED.indexOf(table)] ?? [], table);
      const answer = await answerOf(context.world.act(role, (client) => readDirectly(client, table)));
      const visible = typeof answer === 'string' ? [] : (answer as readonly Row[]);
      const touched = visible.filter((row) => isTouched(row, context.world));
      // What was written while the world was made may still be told; what everybody has written since must be.
      compare(`changes of ${table} that ${role} does not see`, without(told, visible), []);
      compare(`changes of ${table} that ${role} was not told of`, without(touched, told), []);
      const expectation = TABLES[table];
      if (expectation === undefined) throw new Error(`${table} has no expectation`);
      const expected = expectation.visible[role];
      compare(
        `changes of ${table} for ${role} as expected`,
        namesOf(told, expectation, context.world),
        expected === 'refused' ? [] : expected.toSorted(),
      );
      expect(takeDifferences()).toEqual([]);
    });
  });

  it.each(UNPUBLISHED)('tells nobody of %s', async (table) => {
    for (const role of KEYED_ROLES) {
      const reason = await refusalToListen(context.world.client(role), makeTopic(supabase.prefix), {
        changes: [{ schema: 'durabase', table }],
      });
      compare(`changes of ${table} for ${role}`, /Unable to subscribe to changes/.test(reason), true);
    }
    expect(takeDifferences()).toEqual([]);
  });

  it('tells nobody of the private schema', async () => {
    const { rows } = await owner.query<{ name: string }>(
      "select relname::text as name from pg_catalog.pg_class where relnamespace = 'durabase_private'::regnamespace and relkind = 'r' order by 1",
    );
    expect(rows.length).toBeGreaterThan(10);
    for (const { name } of rows) {
      const changes = [{ schema: 'durabase_private', table: name }];
      const reason = await refusalToListen(context.world.client('service'), makeTopic(supabase.prefix), { changes });
      compare(`changes of durabase_private.${name} for the service`, /Unable to subscribe to changes/.test(reason), true);
    }
    expect(takeDifferences()).toEqual([]);
  });
};

/** The texts of the first rows that none of the others has. */
const without = (rows: readonly Row[], others: readonly Row[]): readonly string[] => {
  const known = new Set(toTexts(others));
  return toTexts(rows).filter((text) => !known.has(text));
};

const isTouched = (row: Row, { idOf }: World): boolean =>
  [idOf('acme'), idOf('other')].some((id) => id === row['workspace_id']) &&
  (row['action'] === undefined || row['run_id'] !== undefined || row['action'] === 'conformance.touched');
