import type { Calls } from '../supabase/create-calls.ts';
import type { ResolvedTiming } from '../timing.ts';
import type { Surroundings } from './surroundings.ts';
import type { TopicHub } from './topic-hub.ts';

/** What watching needs. */
export interface LivePorts {
  readonly calls: Calls;
  readonly hub: TopicHub;
  readonly surroundings: Surroundings;
  readonly timing: ResolvedTiming;
  /** Called for every watch, to stop it when the client is closed; returns how to forget it. */
  readonly onOpen: (stop: (error: Error) => void) => () => void;
}
