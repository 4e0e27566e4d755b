import type { TaskSlug } from './tasks.ts';

/** A run that the demo started, and what must come of it. */
export interface Actor {
  readonly id: string;
  readonly task: TaskSlug;
  readonly startedBy: string;
  readonly ending: 'completed' | 'cancelled';
}

/** Every run of the demo. */
export interface Cast {
  readonly actors: readonly Actor[];
  add(actor: Omit<Actor, 'ending'> & { readonly ending?: Actor['ending'] }): Actor;
}

export function createCast(): Cast {
  const actors: Actor[] = [];
  return {
    actors,
    add: (wish) => {
      const actor: Actor = { ending: 'completed', ...wish };
      actors.push(actor);
      return actor;
    },
  };
}

/** Short for people: ids of runs begin with the time, so their end tells them apart. */
export const nickname = (task: string, runId: string): string => `${task}-${runId.slice(-4)}`;
