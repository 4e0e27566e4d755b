import type { TaskSlug } from './tasks.ts';

/** A run that the demo started, and what must come of it. */
export interface Actor {
  readonly id: string;
  readonly task: TaskSlug;
  readonly startedBy: string;
  readonly ending: 'completed' | 'cancelled';
}

/** Every task and every run of the demo. */
export interface Cast {
  /** By id. */
  readonly tasks: ReadonlyMap<string, TaskSlug>;
  readonly actors: readonly Actor[];
  addTask(id: string, slug: TaskSlug): void;
  add(actor: Omit<Actor, 'ending'> & { readonly ending?: Actor['ending'] }): Actor;
}

export function createCast(): Cast {
  const tasks = new Map<string, TaskSlug>();
  const actors: Actor[] = [];
  return {
    tasks,
    actors,
    addTask: (id, slug) => void tasks.set(id, slug),
    add: (wish) => {
      const actor: Actor = { ending: 'completed', ...wish };
      actors.push(actor);
      return actor;
    },
  };
}

/** Short for people: ids of runs begin with the time, so their end tells them apart. */
export const nickname = (task: string, runId: string): string => `${task}-${runId.slice(-4)}`;
