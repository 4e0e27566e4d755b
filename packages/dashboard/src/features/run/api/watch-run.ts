import { type Connection, isDurabaseError, isTerminal, type RunEvent } from '@durabase/client';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useBackend } from '../../../lib/backend.ts';
import { coalesce } from '../../../lib/coalesce.ts';
import { runKey } from './get-run.ts';
import { storyKey } from './get-story.ts';
import { stepsKey } from './list-steps.ts';

/** A run's feed as far as it is known. */
export interface LiveRun {
  readonly events: readonly RunEvent[];
  readonly connection: Connection;
}

/** Events that come in one go are shown in one go. */
const GATHER_MS = 60;

const START: LiveRun = { events: [], connection: { state: 'catching up' } };

/** Follows one run, for as long as what uses it is mounted: its events as they come, and after each of them the run and its steps anew. */
export const useLiveRun = (runId: string): LiveRun => {
  const { durabase } = useBackend();
  const queries = useQueryClient();
  const [live, setLive] = useState(START);
  useEffect(() => {
    const stopped = new AbortController();
    let news: RunEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let hasEnded = false;
    const readAgain = coalesce(() =>
      Promise.all([runKey, stepsKey, storyKey].map((keyOf) => queries.invalidateQueries({ queryKey: keyOf(runId) }))),
    );
    const flush = (): void => {
      timer = undefined;
      const taken = news;
      news = [];
      setLive(({ events, connection }) => ({ events: [...events, ...taken], connection }));
      readAgain();
    };
    const show = (connection: Connection): void => setLive(({ events }) => ({ events, connection }));
    const watch = durabase.watch(runId, {
      signal: stopped.signal,
      onConnection: show,
      onEvent: (event) => {
        hasEnded = event.state !== null && isTerminal(event.state);
        news.push(event);
        timer ??= setTimeout(flush, GATHER_MS);
      },
    });
    watch.done.then(
      // It ends by itself behind the last event; nothing can change any more.
      () => hasEnded && show({ state: 'live' }),
      (error: unknown) => {
        if (!stopped.signal.aborted && !isDurabaseError(error)) show({ state: 'reconnecting', reason: String(error) });
      },
    );
    return () => {
      clearTimeout(timer);
      stopped.abort(new Error('the page was left'));
    };
  }, [durabase, queries, runId]);
  return live;
};
