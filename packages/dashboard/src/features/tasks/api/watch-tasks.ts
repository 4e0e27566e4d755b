import type { Connection } from '@durabase/client';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useBackend } from '../../../lib/backend.ts';
import { tasksKey } from './list-tasks.ts';

/** Reads what is shown of tasks again when one of them has changed. */
export const useLiveTasks = (workspace: string | undefined): Connection => {
  const { durabase } = useBackend();
  const queries = useQueryClient();
  const [connection, setConnection] = useState<Connection>({ state: 'catching up' });
  useEffect(() => {
    const stopped = new AbortController();
    const readAgain = (): void => {
      for (const queryKey of [tasksKey, ['task'], ['versions']]) void queries.invalidateQueries({ queryKey });
    };
    const watch = durabase.watch({
      workspace,
      filter: { kinds: ['task'] },
      signal: stopped.signal,
      onItem: readAgain,
      onConnection: setConnection,
      onError: () => {}, // the connection has told it
    });
    watch.ready.then(readAgain, () => {}); // what changed before it was heard of
    return () => stopped.abort(new Error('the page was left'));
  }, [durabase, queries, workspace]);
  return connection;
};
