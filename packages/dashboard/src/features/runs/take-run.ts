import type { Run } from '@durabase/client';
import type { RunPage } from './api/list-runs.ts';
import { isWanted, type RunFilter } from './run-filter.ts';

/** Newest first, as the pages come. */
const isNewer = (left: Run, right: Run): boolean =>
  left.createdAt === right.createdAt ? left.id > right.id : left.createdAt > right.createdAt;

/**
 * The pages with a run as it is now: in its place, gone where it no longer fits, or new. One that is older than everything
 * read so far is left to the page that will bring it.
 */
export const takeRun = (pages: readonly RunPage[], run: Run, filter: RunFilter, nowMs: number): readonly RunPage[] => {
  const known = pages.flatMap((page) => page.items).find(({ id }) => id === run.id);
  if (known !== undefined && known.version >= run.version) return pages;
  if (known === undefined) return isWanted(run, filter, nowMs) ? insertRun(pages, run) : pages;
  // What was searched for was found in it once, and stays.
  const isFitting = isWanted(run, { ...filter, q: undefined }, nowMs);
  // Its place never changes: it is that of its acceptance.
  return pages.map((page) => ({
    ...page,
    items: page.items.flatMap((item) => (item.id === run.id ? (isFitting ? [run] : []) : [item])),
  }));
};

const insertRun = (pages: readonly RunPage[], run: Run): readonly RunPage[] => {
  const place = pages.findIndex((page) => page.items.some((item) => isNewer(run, item)));
  if (place >= 0) {
    return pages.map((page, index) => {
      if (index !== place) return page;
      const at = page.items.findIndex((item) => isNewer(run, item));
      return { ...page, items: page.items.toSpliced(at, 0, run) };
    });
  }
  const last = pages.at(-1);
  if (last === undefined || last.nextCursor !== undefined) return pages;
  return pages.with(-1, { ...last, items: [...last.items, run] });
};
