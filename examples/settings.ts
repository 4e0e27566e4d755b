import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What every client of Supabase needs to know. */
export interface Settings {
  readonly supabaseUrl: string;
  readonly publishableKey: string;
}

/** From the environment, else of the local stack that `npm start` keeps up. */
export function readSettings(): Settings {
  const { DURABASE_SUPABASE_URL: supabaseUrl, DURABASE_PUBLISHABLE_KEY: publishableKey } = process.env;
  if (supabaseUrl !== undefined && publishableKey !== undefined) return { supabaseUrl, publishableKey };
  const file = join(import.meta.dirname, '../.durabase/stack.json');
  try {
    const { urls, keys } = JSON.parse(readFileSync(file, 'utf8')) as StackFile;
    return { supabaseUrl: urls.supabase, publishableKey: keys.publishable };
  } catch (cause) {
    throw new Error('No local stack is up. Run `npm start` first, or set DURABASE_SUPABASE_URL and DURABASE_PUBLISHABLE_KEY.', {
      cause,
    });
  }
}

interface StackFile {
  readonly urls: { readonly supabase: string };
  readonly keys: { readonly publishable: string };
}
