import { setTimeout as delay } from 'node:timers/promises';

/** Makes one change and resolves with its id when it is committed. */
export type MakeChange = () => Promise<string>;

/** Lags in milliseconds, from the commit to the last of the sockets. */
export interface Lags {
  readonly changes: number;
  readonly missing: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

const SETTLE_MS = 2_000;

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** Counts what arrives where; ids may arrive before their commit has been answered. */
export function createArrivals(sockets: number) {
  const lastAt = new Map<string, number>();
  const counts = new Map<string, number>();
  return {
    note: (_: number, ids: readonly string[]): void => {
      const now = performance.now();
      for (const id of ids) {
        counts.set(id, (counts.get(id) ?? 0) + 1);
        lastAt.set(id, now);
      }
    },
    lagsOf: (committed: ReadonlyMap<string, number>): Lags => {
      const complete = [...committed].filter(([id]) => counts.get(id) === sockets);
      const lags = complete.map(([id, at]) => Math.max(0, (lastAt.get(id) ?? at) - at)).sort((left, right) => left - right);
      return {
        changes: committed.size,
        missing: committed.size - complete.length,
        p50: quantile(lags, 0.5),
        p95: quantile(lags, 0.95),
        max: lags.at(-1) ?? Number.NaN,
      };
    },
  };
}

/** Makes `rate` changes a second for some seconds, evenly; resolves with the times of their commits. */
export async function makeChanges(
  make: MakeChange,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<ReadonlyMap<string, number>> {
  const committed = new Map<string, number>();
  const pending: Promise<void>[] = [];
  const beganMs = performance.now();
  for (let made = 0; made < rate * seconds; made += 1) {
    const dueMs = beganMs + (made * 1_000) / rate;
    if (dueMs > performance.now()) await delay(dueMs - performance.now());
    pending.push(make().then((id) => void committed.set(id, performance.now())));
  }
  await Promise.all(pending);
  await delay(SETTLE_MS);
  return committed;
}
