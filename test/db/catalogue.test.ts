import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { useDatabase } from '../support/use-database.ts';
import { PRIVATE_FOR_USERS } from './support/private-for-users.ts';

const MIGRATIONS = join(import.meta.dirname, '../../supabase/migrations');
const SCHEMAS = "('durabase'::regnamespace, 'durabase_private'::regnamespace)";

/** Foreign keys without an index of their own, each with the reason. */
const UNINDEXED_FOREIGN_KEYS: Readonly<Record<string, string>> = {};

/** Indexes on text that people or programs choose, each with what bounds it. */
const BOUNDED_TEXT_INDEXES: Readonly<Record<string, string>> = {
  tasks_slug_unique: 'check: 63 characters',
  tasks_words_idx: 'lexemes: 2,046 bytes; longer words are left out',
  tasks_slug_idx: 'check: 63 characters',
  idempotency_keys_pkey: 'check: 200 characters',
  kept_calls_pkey: 'checks: 300, 60 and 200 characters',
  run_texts_words_idx: 'lexemes: 2,046 bytes; longer words are left out',
  task_runs_error_code_page_idx: 'left: 200 characters',
  task_runs_task_error_code_page_idx: 'left: 200 characters',
  task_runs_state_page_idx: 'check: known states',
  task_runs_task_state_page_idx: 'check: known states',
  task_runs_own_page_idx: 'check: known states',
  permits_pkey: 'check: 500 characters',
  run_queue_blocked_idx: 'keys of permits',
  executions_pkey: 'ids of Temporal',
  drift_same_idx: 'ids of Temporal, at most 1,000 characters',
  payloads_run_id_sha256_key: 'hashes',
  run_steps_pkey: 'ids of steps, bounded by the schema of a task',
  audit_log_entity_idx: 'ids that we make',
  wishes_pkey: 'check: known kinds',
  workers_pkey: 'ids that the worker makes',
  leases_pkey: 'names in our code',
  feed_counters_feed_key: 'a word and one or two ids',
  event_waits_name_idx: 'check: 127 characters',
  event_waits_pkey: 'ids of steps',
  events_idempotency_key_unique: 'check: 200 characters',
  events_name_idx: 'check: 127 characters',
  input_tokens_pkey: 'hashes',
  input_tokens_run_idx: 'ids of steps',
  loop_items_pkey: 'ids of steps',
  run_links_parent_idx: 'ids of steps',
  workspace_invitations_open_unique: 'check: 320 characters',
  invitation_tokens_hash_key: 'hashes',
  api_key_hashes_hash_key: 'hashes',
};

describe('the schema', () => {
  const db = useDatabase();
  const read = async <Row extends object>(sql: string): Promise<Row[]> => (await db.owner.query<Row>(sql)).rows;
  const source = readdirSync(MIGRATIONS)
    .filter((file) => file.endsWith('.sql'))
    .toSorted()
    .map((file) => readFileSync(join(MIGRATIONS, file), 'utf8'))
    .join('\n');

  describe('functions', () => {
    it('are not for PUBLIC', async () => {
      expect(
        await read(`select p.oid::regprocedure::text as function from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
          where p.pronamespace in ${SCHEMAS} and a.grantee = 0 and a.privilege_type = 'EXECUTE'`),
      ).toEqual([]);
    });

    it('have an empty search_path', async () => {
      expect(
        await read(`select p.oid::regprocedure::text as function from pg_proc p
          where p.pronamespace in ${SCHEMAS} and not coalesce(p.proconfig, '{}') @> array['search_path=""']`),
      ).toEqual([]);
    });

    it('of the private schema are for users only where that is meant', async () => {
      const rows = await read<{ name: string; roles: string[] }>(
        `select p.proname::text as name, array_agg(r::text order by r) as roles from pg_proc p, unnest('{anon,authenticated,service_role}'::text[]) r
         where p.pronamespace = 'durabase_private'::regnamespace and has_function_privilege(r, p.oid, 'EXECUTE') group by p.oid, p.proname`,
      );
      expect(Object.fromEntries(rows.map(({ name, roles }) => [name, roles]))).toEqual(PRIVATE_FOR_USERS);
    });

    it('of the exposed schema are for nobody who is not signed in, but for bearers of a token', async () => {
      expect(
        await read(
          "select p.oid::regprocedure::text as function from pg_proc p where p.pronamespace = 'durabase'::regnamespace and has_function_privilege('anon', p.oid, 'EXECUTE')",
        ),
      ).toEqual([{ function: 'durabase.end_step_by_token(text,jsonb,text)' }]);
    });

    it('of the exposed schema run as their caller', async () => {
      expect(
        await read(
          "select oid::regprocedure::text as function from pg_proc where pronamespace = 'durabase'::regnamespace and prosecdef",
        ),
      ).toEqual([]);
    });

    it('that run as their owner say why, in the migration', async () => {
      const definers = await read<{ name: string; schema: string }>(
        `select proname::text as name, pronamespace::regnamespace::text as schema from pg_proc where pronamespace in ${SCHEMAS} and prosecdef`,
      );
      expect(definers.length).toBeGreaterThan(20);
      const silent = definers.filter(({ name, schema }) => {
        const statements = [
          ...source.matchAll(new RegExp(`create (?:or replace )?function ${schema}\\.${name}\\([^$]*?\\bas \\$`, 'g')),
        ];
        return statements.length === 0 || !statements.every(([statement]) => /-- definer: \S/.test(statement));
      });
      expect(silent).toEqual([]);
    });

    it('are all volatile, stable or immutable in so many words', () => {
      const statements = [...source.matchAll(/create (?:or replace )?function ([\w.]+)\([^$]*?\bas \$/g)];
      expect(statements.length).toBeGreaterThan(60);
      expect(
        statements.filter(([statement]) => !/\b(volatile|stable|immutable)\b/.test(statement)).map(([, name]) => name),
      ).toEqual([]);
    });
  });

  describe('foreign keys', () => {
    it('have an index that begins with their columns', async () => {
      const rows = await read<{ key: string }>(
        `select c.conrelid::regclass || '.' || c.conname as key from pg_constraint c
         where c.contype = 'f' and c.connamespace in ${SCHEMAS} and not exists (
           select from pg_index i where i.indrelid = c.conrelid and i.indpred is null
             and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)`,
      );
      expect(rows.map(({ key }) => key).toSorted()).toEqual(Object.keys(UNINDEXED_FOREIGN_KEYS).toSorted());
    });

    it('say what a deletion does', async () => {
      expect(
        await read(
          `select conrelid::regclass || '.' || conname as key from pg_constraint where contype = 'f' and connamespace in ${SCHEMAS} and confdeltype = 'a'`,
        ),
      ).toEqual([]);
      const references = [...source.matchAll(/\breferences\s+[\w.]+\s*\([^)]*\)([^,;\n]*)/g)];
      expect(references.length).toBeGreaterThan(20);
      expect(
        references.filter(([, rest]) => !/on delete (cascade|set null|restrict)/.test(rest ?? '')).map(([text]) => text),
      ).toEqual([]);
    });
  });

  it('asks for rights once for each query and not for each row, in every policy', async () => {
    const rows = await read<{ name: string; text: string }>(
      "select tablename || '.' || policyname as name, concat_ws(' ', qual, with_check) as text from pg_policies where schemaname in ('durabase', 'durabase_private')",
    );
    expect(rows.length).toBeGreaterThan(10);
    const perRow = rows.filter(({ text }) =>
      [...text.matchAll(/(\( SELECT )?durabase_private\./g)].some(([, select]) => select === undefined),
    );
    expect(perRow).toEqual([]);
  });

  it('has no index on text without a bound', async () => {
    const rows = await read<{ name: string }>(
      `select distinct c.relname::text as name from pg_index i join pg_class c on c.oid = i.indexrelid
         join pg_attribute a on a.attrelid = i.indexrelid join pg_type t on t.oid = a.atttypid
       where c.relnamespace in ${SCHEMAS} and (t.typcategory = 'S' or t.typname in ('jsonb', 'json', 'bytea') or t.typelem = 'text'::regtype)`,
    );
    expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(BOUNDED_TEXT_INDEXES).toSorted());
  });

  it('names every check', async () => {
    expect(
      await read(
        `select conrelid::regclass || '.' || conname as name from pg_constraint where contype = 'c' and connamespace in ${SCHEMAS} and conname ~ '_check[0-9]*$'`,
      ),
    ).toEqual([]);
  });

  it('has a primary key on every table', async () => {
    expect(
      await read(`select c.oid::regclass::text as table from pg_class c where c.relnamespace in ${SCHEMAS} and c.relkind in ('r', 'p')
        and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p')`),
    ).toEqual([]);
  });

  it('keeps identities of version 7 in the order of their making', async () => {
    const [row] = await read<{ version: string; is_ordered: boolean }>(
      `with made as (select n, durabase_private.uuid_v7() as id, pg_sleep(0.001) from generate_series(1, 50) n)
       select min(substr(id::text, 15, 1)) as version, array_agg(left(id::text, 13) order by n) = array_agg(left(id::text, 13) order by left(id::text, 13)) as is_ordered from made`,
    );
    expect(row).toEqual({ version: '7', is_ordered: true });
  });
});
