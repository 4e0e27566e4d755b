import type { RunEvent } from '@durabase/client';

/** An event as a feed shows it. */
export interface Line {
  readonly event: RunEvent;
  /** Whether the run came into another state with it: every event says the state, and a step that ends seldom changes it. */
  readonly isChange: boolean;
}

/** Events in their order, with those at which the state of the run changed. */
export const markChanges = (events: readonly RunEvent[]): readonly Line[] => {
  let before: RunEvent['state'] = null;
  return events.map((event) => {
    const isChange = event.state !== null && event.state !== before;
    before = event.state ?? before;
    return { event, isChange };
  });
};
