import type { Stage } from '../stage.ts';
import { describeTasks } from '../tasks.ts';

/** Three tasks are saved: data, checked and compiled at once, no deploy. */
export async function playSaveTasks({ screen, stack, target, api, cast }: Stage): Promise<void> {
  screen.scene('She saves three tasks by HTTP');
  for (const task of describeTasks({ supabaseUrl: stack.urls.supabase, targetUrl: target.url })) {
    cast.addTask(await api.saveTask(task), task.slug);
    screen.tell(`${task.slug.padEnd(14)}  ${task.description}`);
  }
}
