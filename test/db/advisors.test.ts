import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

interface Finding {
  readonly name: string;
  readonly level: 'ERROR' | 'WARN' | 'INFO';
  readonly detail: string;
}

const CLI = join(import.meta.dirname, '../../node_modules/supabase/dist/supabase.js');
const ENVIRONMENT = { SUPABASE_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', SUPABASE_NO_UPDATE_NOTIFIER: '1' };

/** What a careless migration would leave behind. */
const LEAK = `
  create table public.leak (id int primary key);
  grant select, insert on public.leak to anon;
  create view public.leaking_view as select * from public.task_runs;
  grant select on public.leaking_view to authenticated;
  create function public.leaking_function() returns bigint language sql security definer as 'select count(*) from public.task_runs';
  grant execute on function public.leaking_function() to anon, authenticated;
  create policy leaking_policy on public.tasks for select to authenticated using (created_by = auth.uid());
  create policy open_door on public.tasks for update to authenticated using (true);`;

/**
 * Definer functions that anybody may execute are not among the rules that this release of the CLI brings: `catalogue.test.ts`
 * looks for those. The advisors look at the exposed schema `public` only. So they get a throwaway clone in which ours has that name; everything
 * that refers to our tables follows by itself, because Postgres refers to them by number.
 */
describe("Supabase's advisors", () => {
  let database: TestDatabase;
  let owner: pg.Client;
  let home: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query('alter schema public rename to former_public');
    await owner.query('alter schema durabase rename to public');
    home = mkdtempSync(join(tmpdir(), 'durabase-advisors-'));
  });

  afterAll(async () => {
    await owner.end();
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });

  const advise = async (): Promise<readonly Finding[]> => {
    const args = [
      'db',
      'advisors',
      `--remote=${database.ownerUrl}`,
      '--level',
      'info',
      '--fail-on',
      'none',
      '--output-format',
      'json',
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args], {
      cwd: home,
      env: { ...ENVIRONMENT, PATH: process.env['PATH'], HOME: home },
      maxBuffer: 16 * 1024 * 1024,
    });
    const { results } = JSON.parse(stdout) as { readonly results: readonly Finding[] };
    return results;
  };
  const grave = (findings: readonly Finding[]): readonly string[] =>
    findings.filter(({ level }) => level !== 'INFO').map(({ level, name, detail }) => `${level} ${name}: ${detail}`);

  it('find nothing to complain about', async () => {
    const findings = await advise();
    expect(grave(findings)).toEqual([]);
    // they did look at our tables
    expect(findings.some(({ detail }) => detail.includes('public.task_runs'))).toBe(true);
    expect(findings.filter(({ name }) => ['unindexed_foreign_keys', 'no_primary_key'].includes(name))).toEqual([]);
  });

  it('find a leak that is planted', async () => {
    await owner.query(LEAK);
    const found = (await advise()).filter(({ level }) => level !== 'INFO').map(({ name }) => name);
    expect(found).toEqual(
      expect.arrayContaining([
        'rls_disabled_in_public',
        'security_definer_view',
        'function_search_path_mutable',
        'auth_rls_initplan',
        'multiple_permissive_policies',
        'rls_policy_always_true',
      ]),
    );
  });
});
