import { countChanges, type KeptChange, type Tally } from '../count-changes.ts';
import type { Stage } from '../stage.ts';
import { isLive, type Subscriber } from '../subscriber.ts';
import { showTable, type TableRow } from '../table.ts';
import type { Absence } from './cut-subscriber.ts';

const TITLES = ['subscriber', 'changes', 'numbers', 'missing', 'doubled'] as const;

/** Whether each subscriber was handed every change once, the one that was cut off too. */
export async function playCountSubscribers(stage: Stage, absence: Absence): Promise<boolean> {
  const { screen, watch, remote, signal } = stage;
  screen.scene('Both subscribers are counted: what came over Realtime, and by catching up');
  const kept = await readChanges(stage, watch.subscriber.feed);
  const subscribers = [watch.subscriber, remote.subscriber];
  const waits = await Promise.all(subscribers.map((subscriber) => waitForAll(subscriber, kept)));
  signal.throwIfAborted();
  const tallies = subscribers.map(({ name, items }) => countChanges(name, items, kept));
  showTable(screen, TITLES, tallies.map(toRow));
  screen.say(`cut off for ${absence.seconds.toFixed(1)} s, ${absence.lackedCount} changes behind:`);
  screen.say(`  ${absence.connections().join(' → ')}`);
  const problems = [
    ...waits.flat(),
    ...tallies.flatMap((tally) => tally.problems.map((problem) => `${tally.name}: ${problem}`)),
    ...(absence.lackedCount > 0 ? [] : ['nothing happened while it was cut off, so nothing is shown by it']),
  ];
  for (const problem of problems) screen.say(screen.paint('red', `  ${problem}`));
  return problems.length === 0;
}

/** What there was to hear, past the SDK. */
async function readChanges({ user }: Stage, feed: string): Promise<readonly KeptChange[]> {
  const { data, error } = await user.supabase.rpc('changes_since', { feed, page_limit: 1_000 });
  if (error !== null) throw new Error(`changes_since ${feed} failed: ${error.message}`);
  return data as readonly KeptChange[];
}

async function waitForAll(subscriber: Subscriber, kept: readonly KeptChange[]): Promise<readonly string[]> {
  const end = kept.at(-1)?.seq ?? 0;
  const hasAll = (): boolean => isLive(subscriber) && subscriber.items.some((item) => item.type === 'change' && item.seq >= end);
  try {
    await subscriber.until(hasAll, `${subscriber.name}: live, with change ${end}`);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]; // the caller shows it beside what did arrive
  }
}

const toRow = ({ name, changeCount, first, last, missingCount, doubledCount, problems }: Tally): TableRow => ({
  cells: [name, String(changeCount), `${first}…${last}`, String(missingCount), String(doubledCount)],
  isGood: problems.length === 0,
});
