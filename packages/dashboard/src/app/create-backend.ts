import { createDurabase } from '@durabase/client';
import { createCalls } from '@durabase/client/supabase/create-calls';
import { createClient } from '@supabase/supabase-js';
import type { Backend } from '../lib/backend.ts';
import { createApiClient } from '../lib/create-api-client.ts';
import type { DashboardConfig } from '../lib/read-config.ts';

const CALL_TIMEOUT_MS = 20_000;

export const createBackend = (config: DashboardConfig): Backend => {
  const supabase = createClient(config.supabaseUrl, config.publishableKey, { auth: { storageKey: 'durabase-session' } });
  return {
    config,
    supabase,
    durabase: createDurabase({ supabase }),
    calls: createCalls(supabase, CALL_TIMEOUT_MS),
    api: createApiClient(async () => (await supabase.auth.getSession()).data.session?.access_token),
  };
};
