import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { callStep, createPerson } from './support/people.ts';
import { readStage } from './support/stage.ts';
import { useBrowser } from './support/use-browser.ts';

const browser = useBrowser();
let owner: pg.Client;

beforeAll(async () => {
  owner = new pg.Client({ connectionString: readStage().ownerUrl });
  await owner.connect();
});
afterAll(() => owner.end());

/** Somebody who signs up while that gives no workspace. */
const createEndUser = async () => {
  await owner.query("update durabase.instance_settings set sign_up = 'run_only'");
  try {
    return await createPerson();
  } finally {
    await owner.query("update durabase.instance_settings set sign_up = 'personal_workspace'");
  }
};

describe('an end user', () => {
  it('sees how far his run is, under the name of its task, and can cancel it', async () => {
    const person = await createPerson();
    const steps = [callStep('first', '/ok'), callStep('second', '/held/end-user', ['first'])];
    const task = await person.saveTask({ slug: 'published', name: 'Published', steps });
    const { error } = await person.supabase.schema('durabase').rpc('publish_task', { task });
    expect(error).toBeNull();
    const { rows } = await owner.query<{ workspace_id: string }>('select workspace_id from durabase.tasks where id = $1', [task]);
    const endUser = await createEndUser();
    const run = await endUser.durabase.start('published', {}, { workspace: rows[0]?.workspace_id ?? '' });
    const page = await browser.openAs(endUser, { path: `/runs/${run.id}` });
    await page.getByRole('heading', { name: 'Published' }).waitFor();
    await page.locator('[data-step="first"] [data-state="completed"]').waitFor();
    await page.locator('[data-step="second"] [data-state="running"]').waitFor();
    await page.locator('[data-step="first"]').click();
    await page.getByText('is shown to members of the workspace').waitFor();
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.locator('h1 [data-state="cancelled"]').waitFor();
    await page.getByRole('link', { name: 'Tasks' }).click();
    await page.getByText('Tasks are shown to members of their workspace').waitFor();
  });
});
