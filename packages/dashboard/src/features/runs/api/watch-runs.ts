import { type Connection, type FeedItem, isDurabaseError } from '@durabase/client';
import { type InfiniteData, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useBackend } from '../../../lib/backend.ts';
import { coalesce } from '../../../lib/coalesce.ts';
import { isWanted, type RunFilter } from '../run-filter.ts';
import { takeRun } from '../take-run.ts';
import { type RunPage, runsKey } from './list-runs.ts';

type Pages = InfiniteData<RunPage, string | undefined>;

/** The words of a run are found about a second after it has changed. */
const WORDS_MS = 2_500;

const hasWord = (error: unknown): boolean => isDurabaseError(error) && ['CLOSED', 'NO_ACCESS', 'SIGNED_OUT'].includes(error.code);

/** Keeps the list of a filter as it is in the database; tells how far that can be trusted. */
export const useLiveRuns = (filter: RunFilter): Connection => {
  const { durabase } = useBackend();
  const queries = useQueryClient();
  const [connection, setConnection] = useState<Connection>({ state: 'catching up' });
  const { workspace, states, task, q, since } = filter;
  useEffect(() => {
    const own: RunFilter = { workspace, states, task, q, since };
    const stopped = new AbortController();
    const readAgain = (): void => void queries.invalidateQueries({ queryKey: runsKey(own) });
    const readLater = coalesce(async () => {
      await new Promise((resolve) => setTimeout(resolve, WORDS_MS));
      if (!stopped.signal.aborted) readAgain();
    });
    const take = (item: FeedItem): void => {
      if (item.type === 'resync') return readAgain();
      const { run } = item;
      if (run === undefined) return;
      queries.setQueryData<Pages>(runsKey(own), (data) =>
        data === undefined ? undefined : { ...data, pages: [...takeRun(data.pages, run, own, Date.now())] },
      );
      if (own.q !== undefined && isWanted(run, { ...own, q: undefined }, Date.now())) readLater();
    };
    const watch = durabase.watch({
      workspace,
      includeRuns: true,
      filter: { kinds: ['run'] },
      signal: stopped.signal,
      onItem: take,
      onConnection: setConnection,
      onError: (error) => {
        if (!stopped.signal.aborted && !hasWord(error)) setConnection({ state: 'reconnecting', reason: String(error) });
      },
    });
    watch.ready.then(readAgain, () => {}); // what changed before it was heard of; `onError` tells why it never began
    return () => stopped.abort(new Error('the page was left'));
  }, [durabase, queries, workspace, states, task, q, since]);
  return connection;
};
