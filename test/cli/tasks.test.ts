import { beforeAll, describe, expect, it } from '@jest/globals';
import { SECRET_KEY } from '../api/support/test-api.ts';
import { useApi } from '../api/support/use-api.ts';
import { createUser, createWorkspace, type Workspace } from '../support/build-rows.ts';
import { callRow, readValue } from '../support/call.ts';
import { eventually } from '../support/eventually.ts';
import { useCli } from './support/use-cli.ts';

const used = useApi();
let acme: Workspace;
let count = 0;

const environment = async (userId = acme.users.editor): Promise<Readonly<Record<string, string>>> => ({
  DURABASE_URL: used.api.url,
  DURABASE_TOKEN: await used.api.auth.sign(userId),
});
const cli = useCli(() => environment());

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
});

const here = (...args: readonly string[]) => [...args, '--workspace', acme.id];
const tasks = (...args: readonly string[]) => cli.run(['tasks', ...here(...args)]);
const newSlug = (): string => `cli-${(count += 1)}`;
const nap = (slug: string, extra: object = {}) => ({ slug, action: 'sleep', with: { duration: '1 second' }, ...extra });
const countVersions = (slug: string): Promise<number> =>
  readValue(
    used.database.owner,
    'select count(*)::int from durabase.task_versions v join durabase.tasks t on t.id = v.task_id where t.slug = $1',
    [slug],
  );

/** A module with two tasks; the second one by another name and as the default as well. */
const MODULE = (slug: string, duration: string) => `
import { defineTask, text } from '@durabase/client/tasks';
import { z } from 'zod';

export const first = defineTask({
  slug: '${slug}',
  input: z.object({ seconds: z.number() }),
  steps: ({ input, step }) => {
    const wait = step('wait', { action: 'sleep', with: { duration: text\`\${input.seconds} seconds\` } });
    step('rest', { action: 'sleep', needs: [wait], with: { duration: '${duration}' } });
    return { wait };
  },
  output: ({ steps }) => ({ at: steps.wait.output.wokeAt }),
});
const second = defineTask({ slug: '${slug}-b', action: 'sleep', with: { duration: '1 s' } });
export { second as other };
export default second;
`;

describe('durabase tasks apply', () => {
  it('saves the tasks of a module, and the second time nothing', async () => {
    const slug = newSlug();
    const file = cli.write('tasks/naps.ts', MODULE(slug, '2 seconds'));
    const first = await tasks('apply', file);
    expect(first).toEqual({
      code: 0,
      err: '',
      out: [
        `  + ${slug}: new, from tasks/naps.ts`,
        `  + ${slug}-b: new, from tasks/naps.ts`,
        `  ✓ ${slug}: version 1 is ready`,
        `  ✓ ${slug}-b: version 1 is ready`,
        '',
      ].join('\n'),
    });
    const again = await tasks('apply', file);
    expect(again).toEqual({
      code: 0,
      err: 'no change\n',
      out: `  = ${slug}: no change (version 1)\n  = ${slug}-b: no change (version 1)\n`,
    });
    expect([await countVersions(slug), await countVersions(`${slug}-b`)]).toEqual([1, 1]);
  });

  it('shows what differs, and saves that alone', async () => {
    const slug = newSlug();
    await tasks('apply', cli.write('naps.ts', MODULE(slug, '2 seconds')));
    const changed = cli.write('naps-b.ts', MODULE(slug, '3 seconds'));
    expect(await tasks('diff', changed)).toMatchObject({
      code: 3,
      out: [
        `  ~ ${slug}: version 1 differs from naps-b.ts`,
        '    ~ steps.rest.with.duration: "2 seconds" → "3 seconds"',
        `  = ${slug}-b: no change (version 1)`,
        '',
      ].join('\n'),
    });
    const tried = await tasks('apply', changed, '--dry-run');
    expect([tried.code, tried.err, await countVersions(slug)]).toEqual([0, '0 new, 1 changed; nothing was saved\n', 1]);
    expect((await tasks('apply', changed)).out).toContain(`✓ ${slug}: version 2 is ready\n`);
    expect([await countVersions(slug), await countVersions(`${slug}-b`)]).toEqual([2, 1]);
    expect((await tasks('diff', changed)).code).toBe(0);
  });

  it('saves nothing while one task does not compile, and says where and what to do', async () => {
    const [good, bad] = [newSlug(), newSlug()];
    const files = [
      cli.write('good.json', nap(good)),
      cli.write('bad.json', { slug: bad, steps: [{ id: 'a', action: 'slep', with: { duration: '1 s' } }] }),
    ];
    const { code, out, err } = await tasks('apply', ...files);
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(
      `  ✗ ${bad} (bad.json) does not compile\n    ✗ steps[0].action: there is no action "slep"\n      → did you mean "sleep"?\nnothing was saved\n`,
    );
    expect([await countVersions(good), await countVersions(bad)]).toEqual([0, 0]);
  });

  it('speaks JSON to machines', async () => {
    const slug = newSlug();
    const file = cli.write('one.json', [nap(slug)]);
    const { out, err, code } = await tasks('apply', file, '--json');
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toEqual({
      tasks: [{ slug, change: 'new', from: null, changes: [], version: 1, state: 'ready', problems: [] }],
    });
    const changed = await tasks('apply', cli.write('one-b.json', nap(slug, { ttl: '1 hour' })), '--json', '--dry-run');
    expect(JSON.parse(changed.out)).toMatchObject({
      tasks: [{ change: 'changed', from: 1, changes: [{ path: 'ttl', kind: 'added', after: '1 hour' }], version: null }],
    });
    const refused = await tasks('apply', cli.write('two.json', { slug, action: 'slep' }), '--json');
    expect([refused.code, JSON.parse(refused.out)]).toMatchObject([
      1,
      { tasks: [{ slug, problems: [{ code: 'UNKNOWN_ACTION' }] }] },
    ]);
  });

  it('waits for a draft that SQL has saved, until it is ready', async () => {
    const slug = newSlug();
    const definition = nap(slug);
    const draft = await callRow<{ id: string }>(used.database.owner, 'durabase.save_task', { definition, workspace: acme.id });
    const applied = tasks('apply', cli.write('draft.json', definition));
    let isDone = false;
    void applied.then(() => (isDone = true));
    const asked = () => used.api.lines.some(({ fields }) => String(fields['route']).endsWith('/versions/:version'));
    await eventually(() => expect(asked()).toBe(true), { timeoutMs: 20_000 });
    expect(isDone).toBe(false);
    await callRow(used.database.engine, 'durabase_private.publish_version', {
      p_version: draft.id,
      p_plan: { mode: 'async', priority: 3, steps: [] },
      p_problems: null,
    });
    expect(await applied).toEqual({ code: 0, err: 'no change\n', out: `  = ${slug}: no change (version 1)\n` });
  });

  it('tells what the compiler says of a version that became invalid', async () => {
    const slug = newSlug();
    const definition = nap(slug);
    const draft = await callRow<{ id: string }>(used.database.owner, 'durabase.save_task', { definition, workspace: acme.id });
    await callRow(used.database.engine, 'durabase_private.publish_version', {
      p_version: draft.id,
      p_plan: null,
      p_problems: [{ code: 'SECRET_NOT_FOUND', path: 'with.auth', message: 'there is no secret "X"', hint: 'did you mean "Y"?' }],
    });
    const { code, err } = await tasks('apply', cli.write('invalid.json', definition));
    expect(code).toBe(1);
    expect(err).toContain(
      `✗ ${slug}: version 1 is invalid\n    ✗ with.auth: there is no secret "X"\n      → did you mean "Y"?\n`,
    );
  });

  it('saves a task where it was found, though the own workspace is another one', async () => {
    const slug = newSlug();
    await tasks('apply', cli.write('where.json', nap(slug)));
    const changed = cli.write('where-b.json', nap(slug, { name: 'There' }));
    expect((await cli.run(['tasks', 'apply', changed])).out).toContain('version 2 is ready');
    expect(await readValue(used.database.owner, 'select count(*)::int from durabase.tasks where slug = $1', [slug])).toBe(1);
  });
});

describe('durabase tasks', () => {
  it('list, show and versions show them', async () => {
    const slug = newSlug();
    for (const name of ['One', 'Two']) await tasks('apply', cli.write('named.json', nap(slug, { name })));
    expect((await tasks('list')).out).toMatch(new RegExp(`^SLUG .*\\n(?:.*\\n)*${slug} +Two +2 +2 ready +2`, 'm'));
    expect((await tasks('show', slug)).out).toMatch(/name +Two\n[^]*version 2, ready[^]*"duration": "1 second"/);
    expect((await tasks('versions', slug)).out).toMatch(/^VERSION .*\n2 +ready .*\n1 +ready .*\n$/);
    const listed = JSON.parse((await tasks('list', '--json')).out) as { tasks: readonly { slug: string }[] };
    expect(listed.tasks.map((task) => task.slug)).toContain(slug);
    expect(JSON.parse((await tasks('versions', slug, '--json')).out)).toMatchObject({ versions: [{ number: 2 }, { number: 1 }] });
    expect(JSON.parse((await tasks('show', slug, '--json')).out)).toMatchObject({ task: { slug }, version: { number: 2 } });
  });

  it('rollback saves an older version anew', async () => {
    const slug = newSlug();
    for (const name of ['One', 'Two']) await tasks('apply', cli.write('back.json', nap(slug, { name })));
    const tried = await tasks('rollback', slug, '--to', '1', '--dry-run');
    expect(tried.out).toBe(`  ~ ${slug}: from version 2 back to version 1\n    ~ name: "Two" → "One"\n`);
    expect((await tasks('rollback', slug, '--to', '1')).out).toContain(
      `✓ ${slug}: version 3 is ready, and says what version 1 said`,
    );
    expect((await tasks('rollback', slug, '--to', '1')).out).toContain('no change');
    expect(await countVersions(slug)).toBe(3);
    const missing = await tasks('rollback', slug, '--to', '9');
    expect([missing.code, missing.err]).toEqual([
      1,
      `the task "${slug}" has no version 9\n→ its versions are listed at /tasks/{task}/versions\n`,
    ]);
  });

  it('delete and restore', async () => {
    const slug = newSlug();
    await tasks('apply', cli.write('gone.json', nap(slug)));
    const unasked = await tasks('delete', slug);
    expect([unasked.code, unasked.err]).toEqual([2, 'nobody is there to confirm it\n→ add --yes\n']);
    expect((await tasks('delete', slug, '--yes')).code).toBe(0);
    expect((await tasks('show', slug)).code).toBe(1);
    expect((await tasks('list', '--deleted')).out).toContain(slug);
    expect((await tasks('restore', slug)).out).toBe(`${slug} is there, as version 1\n`);
    expect((await tasks('show', slug)).code).toBe(0);
  });

  it('are as whoever has the token', async () => {
    const slug = newSlug();
    const file = cli.write('mine.json', nap(slug));
    const as = async (user: string) => (await cli.run(['tasks', ...here('apply', file)], await environment(user))).err;
    expect(await as(acme.users.viewer)).toMatch(/^you may not write tasks in this workspace\n→ ask an admin/);
    expect(await as(await createUser(used.database.owner))).toMatch(/^no such workspace is visible to you\n/);
    const service = await cli.run(['tasks', ...here('apply', file)], { DURABASE_URL: used.api.url, DURABASE_TOKEN: SECRET_KEY });
    expect(service.code).toBe(0);
  });
});
