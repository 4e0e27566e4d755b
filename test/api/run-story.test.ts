import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RunStory } from '@durabase/contracts/api/run-story';
import { createReadyTask, createRunIn, createWorkspace, type ReadyTask, type Workspace } from '../support/build-rows.ts';
import { inShort } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi({
  settings: { DURABASE_TEMPORAL_UI_URL: 'https://temporal.example.test/', DURABASE_TEMPORAL_NAMESPACE: 'shop' },
});
let acme: Workspace;
let task: ReadyTask;

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, acme.id);
  const definition = {
    slug: 'greet',
    steps: [
      { id: 'hello', name: 'Say hello', action: 'log' },
      { id: 'bye', action: 'log' },
    ],
  };
  await used.database.owner.query('update durabase.task_versions set definition = $2 where task_id = $1', [task.id, definition]);
});

const storyOf = async (runId: string) =>
  (await used.api.call<RunStory>('GET', `/api/v1/runs/${runId}/story`, { as: acme.users.viewer })).body;

describe('GET /runs/{run}/story', () => {
  it('tells a run that goes on', async () => {
    const { id } = await createRunIn(used.database.owner, task, 'retrying');
    const story = await storyOf(id);
    expect(story.happened.map(({ text }) => text.replace(/ at \d{4}-.*/, ' later.'))).toEqual([
      'The run was accepted and waits for its turn.',
      'The run started.',
      'Step “Say hello” started.',
      'Step “Say hello” failed at attempt 1 with STEP_FAILED: it did not work; it tries again later.',
    ]);
    expect(story).toMatchObject({ isWhole: true, state: 'retrying', next: 'Still to come: “bye”.' });
    expect(story.waitsFor).toMatch(/\w/);
    expect(story.temporalUrl).toBe(`https://temporal.example.test/namespaces/shop/workflows/run-${id}`);
  });

  it('tells how it ended', async () => {
    const story = await storyOf((await createRunIn(used.database.owner, task, 'failed')).id);
    expect(story.happened.at(-1)?.text).toBe('The run failed with STEP_FAILED: it did not work.');
    expect(story).toMatchObject({ waitsFor: null, next: null });
  });

  it('is told to those alone who see the run', async () => {
    const { id } = await createRunIn(used.database.owner, task, 'queued');
    const stranger = (await createWorkspace(used.database.owner)).users.owner;
    expect(inShort(await used.api.refusal('GET', `/api/v1/runs/${id}/story`, { as: stranger }))).toBe('404 RUN_NOT_FOUND');
  });
});
