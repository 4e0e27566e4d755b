import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { signUp, startNew } from './support/end-user-page.ts';
import { callStep, createPerson } from './support/people.ts';
import { readStage } from './support/stage.ts';
import { useBrowser } from './support/use-browser.ts';

const browser = useBrowser();
let owner: pg.Pool;
let endless: string;

beforeAll(async () => {
  owner = new pg.Pool({ connectionString: readStage().ownerUrl, max: 1 });
  const author = await createPerson();
  endless = `Endless ${author.email}`;
  const steps = [callStep('wait', '/held/never-for-end-users')];
  await author.publishTask(await author.saveTask({ slug: 'endless', name: endless, steps }));
  await author.saveTask({ slug: 'hidden', name: 'Hidden', steps });
});
afterAll(() => owner.end());

/** What the page's console can reach: the client of the session. */
interface Console {
  readonly supabase: {
    schema(name: string): {
      rpc(name: string, args: object): Promise<Answer>;
      from(table: string): {
        select(columns: string): Promise<Answer>;
        insert(row: object): Promise<Answer>;
        delete(): { neq(column: string, value: string): Promise<Answer> };
      };
    };
  };
}
interface Answer {
  readonly data: unknown;
  readonly error: { readonly message: string; readonly code: string } | null;
}

describe('from the console of the page', () => {
  const rpc = (page: Page, name: string, args: object): Promise<Answer> =>
    page.evaluate(
      ([called, given]) => {
        const { supabase } = globalThis as unknown as Console;
        return supabase
          .schema('durabase')
          .rpc(called, given)
          .then(({ data, error }) => ({ data, error }));
      },
      [name, args] as const,
    );
  const read = (page: Page, table: string): Promise<Answer> =>
    page.evaluate((name) => {
      const { supabase } = globalThis as unknown as Console;
      return supabase
        .schema('durabase')
        .from(name)
        .select('*')
        .then(({ data, error }) => ({ data, error }));
    }, table);

  it('the client of the session can do nothing else', async () => {
    const [ann, bob] = [await signUp(browser), await signUp(browser)];
    const [own, bobs] = [await startNew(ann.page, endless), await startNew(bob.page, endless)];
    const { rows } = await owner.query<{ task: string; workspace: string }>(
      'select r.task_id as task, r.workspace_id as workspace from durabase.task_runs r where r.id = $1',
      [own],
    );
    const { task, workspace } = rows[0] ?? { task: '', workspace: '' };
    const refusals: Record<string, string | undefined> = {};
    const attempts: readonly (readonly [string, object])[] = [
      ['save_task', { definition: { slug: 'mine', steps: [] }, workspace }],
      ['create_workspace', { name: 'mine' }],
      ['publish_task', { task: 'hidden', workspace }],
      ['start_run', { task: 'hidden', workspace }],
      ['start_run', { task, priority: 1 }],
      ['share_task', { task, user_id: randomUUID(), can_edit: true }],
      ['cancel_run', { run: bobs }],
      ['run_progress', { run: bobs }],
      ['pause_run', { run: own }],
      ['list_members', { workspace }],
      ['update_instance_settings', { settings: { end_user_max_open_runs: 1000 } }],
    ];
    for (const [name, args] of attempts) {
      const { data, error } = await rpc(ann.page, name, args);
      expect({ name, args, data }).toEqual({ name, args, data: null });
      refusals[`${name} ${Object.keys(args).join(' ')}`] = error?.code;
    }
    expect(refusals).toEqual({
      'save_task definition workspace': 'PT404',
      'create_workspace name': 'PT403',
      'publish_task task workspace': 'PT404',
      'start_run task workspace': 'PT404',
      'start_run task priority': 'PT403',
      'share_task task user_id can_edit': 'PT404',
      'cancel_run run': 'PT404',
      'run_progress run': 'PT404',
      'pause_run run': 'PT404',
      'list_members workspace': 'PT404',
      'update_instance_settings settings': 'PT403',
    });
    const idsOf = ({ data }: Answer) => (data as readonly { readonly id: string }[]).map(({ id }) => id);
    expect(idsOf(await read(ann.page, 'task_runs'))).toEqual([own]);
    expect(idsOf(await rpc(ann.page, 'list_runs', { workspace }))).toEqual([own]);
    expect((await rpc(ann.page, 'events_since', { run: bobs })).data).toEqual([]);
    for (const table of [
      'workspaces',
      'workspace_members',
      'tasks',
      'task_versions',
      'run_steps',
      'run_events',
      'audit_log',
      'api_keys',
    ])
      expect({ table, rows: (await read(ann.page, table)).data }).toEqual({ table, rows: [] });
  });
});
