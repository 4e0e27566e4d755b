import type { UsedSupabase } from '../support/use-supabase.ts';
import type { World } from './world.ts';

/** What the parts of the matrix share. The world is there from beforeAll on. */
export interface MatrixContext {
  readonly supabase: UsedSupabase;
  readonly world: World;
}
