import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { createEndUser } from '../../examples/end-user/end-user.ts';
import { isDurabaseError, type RunEvent } from '../../packages/client/src/index.ts';
import { callRow } from '../support/call.ts';
import { eventually } from '../support/eventually.ts';
import { useEngine } from '../support/use-engine.ts';
import { type Endpoint, startEndpoint } from './support/endpoint.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const AFTER = readFileSync(join(REPOSITORY, 'packages/local-stack/sql/after.sql'), 'utf8');

describe('an end user', () => {
  const engine = useEngine();
  let endpoint: Endpoint;

  beforeAll(async () => {
    await engine.db.owner.query(AFTER);
    endpoint = await startEndpoint(engine.db.urls);
    await engine.startWorker();
    await engine.saveTask({
      slug: 'short-nap',
      name: 'Short nap',
      input: { type: 'object', properties: { ms: { type: 'integer' } }, required: ['ms'] },
      steps: [{ id: 'nap', action: 'sleep', with: { duration: '{{ input.ms }} ms' } }],
      output: { slept: '{{ input.ms }}' },
    });
    await engine.saveTask({ slug: 'hidden', steps: [{ id: 'nap', action: 'sleep', with: { duration: '1s' } }] });
    await callRow(engine.db.owner, 'durabase.publish_task', { task: 'short-nap', workspace: engine.workspaceId });
    await callRow(engine.db.owner, 'durabase.update_instance_settings', { settings: { sign_up: 'run_only' } });
  }, 60_000);
  afterAll(() => endpoint.close());

  const signUp = async () => {
    const supabase: SupabaseClient = createClient(endpoint.url, endpoint.publishableKey, { auth: { persistSession: false } });
    const user = createEndUser(supabase);
    await user.signUp(`${crypto.randomUUID()}@example.com`, crypto.randomUUID());
    return { supabase, ...user };
  };

  it('signs up, finds what was published, starts it and follows it live to its output', async () => {
    const { supabase, durabase, listTasks, start, follow, readProgress } = await signUp();
    const tasks = await listTasks();
    expect(tasks).toEqual([
      {
        id: expect.any(String),
        workspace_id: engine.workspaceId,
        slug: 'short-nap',
        name: 'Short nap',
        description: null,
        input_schema: { type: 'object', properties: { ms: { type: 'integer' } }, required: ['ms'] },
      },
    ]);
    const told: string[] = [];
    const channel = supabase
      .channel('rows')
      .on('postgres_changes', { event: '*', schema: 'durabase', table: 'task_runs' }, ({ new: row }) =>
        told.push(String((row as { state?: string }).state)),
      );
    const subscribed = new Promise<void>((resolve) =>
      channel.on('system', {}, ({ status }: { status: string }) => status === 'ok' && resolve()).subscribe(),
    );
    await subscribed;
    const [task] = tasks;
    if (task === undefined) throw new Error('nothing was published');
    const events: RunEvent[] = [];
    const output = await follow(await start(task, { ms: 300 }), { onEvent: (event) => events.push(event) });
    expect(output).toEqual({ slept: 300 });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['run.queued', 'run.running', 'run.completed']));
    expect(events.filter(({ data }) => data !== null && data !== undefined)).toEqual([]);
    await eventually(() => expect(told.at(-1)).toBe('completed'));
    const [row] = (await supabase.schema('durabase').from('task_runs').select('id')).data ?? [];
    expect(await readProgress(String(row?.id))).toMatchObject([{ step_id: 'nap', state: 'completed' }]);
    expect((await supabase.schema('durabase').from('run_steps').select('*')).data).toEqual([]);
    await durabase.close();
  }, 60_000);

  it('hears of all of his runs on one feed, and of nobody else’s', async () => {
    const [ann, bob] = [await signUp(), await signUp()];
    const first = await ann.durabase.start('short-nap', { ms: 1 });
    await first.result();
    const heard: string[] = [];
    const watch = ann.durabase.watch({
      workspace: engine.workspaceId,
      onItem: (item) => item.type === 'change' && heard.push(item.id),
    });
    await watch.ready;
    await (await bob.durabase.start('short-nap', { ms: 1 })).result();
    const second = await ann.durabase.start('short-nap', { ms: 1 });
    await second.result();
    await eventually(() => expect(heard).toContain(second.id));
    expect([...new Set(heard)].filter((id) => id !== first.id)).toEqual([second.id]);
    watch.stop();
    await ann.durabase.close();
    await bob.durabase.close();
  }, 60_000);

  it('cannot start what was not published, and hears when he has started too much', async () => {
    const { durabase } = await signUp();
    const codeOf = (call: Promise<unknown>) =>
      call.then(
        () => 'fine',
        (error: unknown) => (isDurabaseError(error) ? error.code : error),
      );
    expect(await codeOf(durabase.start('hidden', {}))).toBe('TASK_NOT_FOUND');
    await callRow(engine.db.owner, 'durabase.update_instance_settings', { settings: { end_user_max_starts_per_minute: 1 } });
    expect(await codeOf(durabase.start('short-nap', { ms: 1 }))).toBe('fine');
    expect(await codeOf(durabase.start('short-nap', { ms: 1 }))).toBe('RATE_LIMITED');
    await durabase.close();
  }, 60_000);

  it('is told in the guide by the code that runs here', () => {
    const guide = readFileSync(join(REPOSITORY, 'docs/end-users.md'), 'utf8');
    const example = readFileSync(join(REPOSITORY, 'examples/end-user/end-user.ts'), 'utf8');
    const blocks = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
    expect(blocks.length).toBe(2);
    for (const code of blocks) expect(example).toContain(code);
  });
});
