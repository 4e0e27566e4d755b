import type { RunEvent } from '@durabase/contracts/api/run';
import { isTerminal, type RunState } from '@durabase/contracts';
import { EVENT_SENTENCES } from './event-sentences.ts';

/** What a story is made of. */
export interface StorySource {
  readonly state: RunState;
  /** In their order; perhaps not all. */
  readonly events: readonly RunEvent[];
  /** Steps of the plan in its order. */
  readonly planned: readonly { readonly id: string; readonly name: string }[];
  /** Steps that have begun or were skipped. */
  readonly begunIds: ReadonlySet<string>;
  /** Why the run stands where it stands, in one sentence. */
  readonly summary: string;
}

export interface Sentence {
  readonly seq: number;
  readonly at: string;
  readonly text: string;
}

export interface Story {
  readonly happened: readonly Sentence[];
  /** null: it has ended. */
  readonly waitsFor: string | null;
  /** null: nothing that is known now. */
  readonly next: string | null;
}

/** Tells a run in plain sentences: what happened, what it waits for, what comes next. */
export function tellStory({ state, events, planned, begunIds, summary }: StorySource): Story {
  const names = new Map(planned.map(({ id, name }) => [id, name]));
  const happened = events.flatMap((event) => {
    const tell = EVENT_SENTENCES[event.kind];
    return tell === undefined ? [] : [{ seq: event.seq, at: event.at, text: tell(event, nameStep(event, names)) }];
  });
  if (isTerminal(state)) return { happened, waitsFor: null, next: null };
  const rest = planned.filter(({ id }) => !begunIds.has(id)).map(({ name }) => name);
  return { happened, waitsFor: summary, next: rest.length === 0 ? null : tellRest(rest) };
}

const MAX_NAMED = 5;

function tellRest(names: readonly string[]): string {
  const named = names.slice(0, MAX_NAMED).map((name) => `“${name}”`);
  const more = names.length - named.length;
  const all = more > 0 ? [...named, `${more} more`] : named;
  const last = all.at(-1) ?? '';
  return `Still to come: ${all.length === 1 ? last : `${all.slice(0, -1).join(', ')} and ${last}`}.`;
}

function nameStep({ stepId, iteration, kind }: RunEvent, names: ReadonlyMap<string, string>): string {
  if (stepId === null) return 'The run';
  const name = `Step “${names.get(stepId) ?? stepId}”`;
  // Outside of loops the iteration is 0 as well, so the first item is not told apart from it.
  return iteration === null || iteration <= 0 || kind === 'step.loop-started' ? name : `${name} (item ${iteration + 1})`;
}
