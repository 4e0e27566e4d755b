import { type Watch, watchChanges, type WatchOptions } from './watch-changes.ts';

/** Where streams hear that something they tell of has changed. */
export interface Hub {
  /** Calls `onNews` when what goes by the key may have changed; returns what ends it. */
  follow(key: string, onNews: () => void): () => void;
}

/** Watches changes for all streams of this process together, and only while there are any. */
export function createHub(options: WatchOptions): Hub {
  const byKey = new Map<string, Set<() => void>>();
  let watch: Watch | undefined;

  const tell = (keys: readonly string[] = [...byKey.keys()]): void => {
    for (const key of keys) for (const onNews of byKey.get(key) ?? []) onNews();
  };
  const leave = (key: string, onNews: () => void): void => {
    const ofKey = byKey.get(key);
    if (ofKey?.delete(onNews) !== true) return;
    if (ofKey.size === 0) byKey.delete(key);
    if (byKey.size > 0) return;
    void watch?.stop();
    watch = undefined;
  };

  return {
    follow: (key, onNews) => {
      const ofKey = byKey.get(key) ?? new Set();
      byKey.set(key, ofKey.add(onNews));
      watch ??= watchChanges(options, tell);
      return () => leave(key, onNews);
    },
  };
}
