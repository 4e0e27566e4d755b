import type { Durabase } from '@durabase/client';
import type { Calls } from '@durabase/client/supabase/create-calls';
import type { SupabaseClient } from '@supabase/supabase-js';
import { createContext, useContext } from 'react';
import type { ApiClient } from './create-api-client.ts';
import type { DashboardConfig } from './read-config.ts';

/** Everything outside of the page. */
export interface Backend {
  readonly config: DashboardConfig;
  readonly supabase: SupabaseClient;
  readonly durabase: Durabase;
  /** Functions and tables of the schema `durabase`, as whoever is signed in. */
  readonly calls: Calls;
  readonly api: ApiClient;
}

export const BackendContext = createContext<Backend | undefined>(undefined);

export const useBackend = (): Backend => {
  const backend = useContext(BackendContext);
  if (backend === undefined) throw new Error('useBackend is used outside of <App>');
  return backend;
};
