import { openRun, type ReadyTask } from '../../support/build-rows.ts';
import type { UsedDatabase } from '../../support/use-database.ts';
import type { tellStory } from './tell-story.ts';

type Story = ReturnType<typeof tellStory>;

/** What a step says that waits for a run of the task `child`. */
export const CHILD = { kind: 'child', task: 'child', input: {}, isWaited: true };

/** An open run whose step waits for somebody outside, once in each iteration. */
export const startWaiting = async (
  story: Story,
  task: ReadyTask,
  { stepId = 'make', iterations = [0] }: { readonly stepId?: string; readonly iterations?: readonly number[] } = {},
): Promise<string> => {
  const id = await story.startOpen(task);
  for (const iteration of iterations) await story.wait(id, stepId, { kind: 'external' }, { iteration });
  return id;
};

/** An open run whose steps `run-0`, `run-1` … wait for children that are open. */
export const startFamily = async (
  db: UsedDatabase,
  story: Story,
  task: ReadyTask,
  size = 1,
): Promise<{ readonly parent: string; readonly children: readonly string[] }> => {
  const parent = await story.startOpen(task);
  for (let n = 0; n < size; n += 1) await story.wait(parent, `run-${n}`, CHILD);
  const children = (await story.childrenOf(parent)).map(({ id }) => id);
  for (const id of children) await openRun(db.owner, id, []);
  return { parent, children };
};
