import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeApi } from './matrix/describe-api.ts';
import { describeChanges } from './matrix/describe-changes.ts';
import { describeFunctions } from './matrix/describe-functions.ts';
import { describeRemoval } from './matrix/describe-removal.ts';
import { describeTables } from './matrix/describe-tables.ts';
import { describeTopics } from './matrix/describe-topics.ts';
import { useSupabase } from './support/use-supabase.ts';
import { createWorld, removeWorld, type World } from './matrix/world.ts';

const supabase = useSupabase((p) => ({
  create: `create table public.${p}_end (id int primary key)`,
  grant: `grant select on public.${p}_end to anon, authenticated, service_role;
    alter publication supabase_realtime add table public.${p}_end`,
}));
let world: World | undefined;
const context = {
  supabase,
  get world(): World {
    if (world === undefined) throw new Error('the world is there from beforeAll on');
    return world;
  },
};

/**
 * Role × table × verb × channel. Direct SQL as the same role is the reference, and what it says is compared with an expectation of
 * its own. One file, because taking a right from somebody moves the topics of everybody.
 */
const onProduct = supabase.settings.hasProduct ? describe : describe.skip;

onProduct('Access', () => {
  beforeAll(async () => {
    world = await createWorld(supabase);
  }, 60_000);
  afterAll(async () => {
    if (world !== undefined) await removeWorld(supabase.owner, world);
  });

  describe('by REST', () => describeTables(context));
  describe('by postgres_changes', () => describeChanges(context));
  describe('by broadcast', () => describeTopics(context));
  describe('by functions', () => describeFunctions(context));
  // The API logs in as a role of its own, whose password is known of the local stack only.
  (supabase.settings.flavor === 'stack' ? describe : describe.skip)('by the API', () => describeApi(context));
  describe('of a member who is removed', () => describeRemoval(context));
});
