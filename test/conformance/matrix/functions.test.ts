import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { useSupabase } from '../support/use-supabase.ts';
import { callByRest, callDirectly, CALLS } from './calls.ts';
import { readFunctions, type DatabaseFunction } from './catalogue.ts';
import { useComparisons } from './comparisons.ts';
import { KEYED_ROLES, type KeyedRole } from './roles.ts';
import { readBothWays } from './rows.ts';
import { createWorld, removeWorld, type World } from './world.ts';

const supabase = useSupabase();
const { compare, takeDifferences } = useComparisons('functions by REST beside direct SQL');
let world: World;
let functions: readonly DatabaseFunction[];

const onProduct = supabase.settings.hasProduct ? describe : describe.skip;

/** Who may do what by the functions that write; what is not named is refused. */
const MAY: Readonly<Record<string, Readonly<Record<string, readonly KeyedRole[]>>>> = {
  start_run: {
    plain: ['runnerOwn', 'runnerOther', 'editor', 'admin', 'owner', 'instanceAdmin', 'service'],
    shared: ['guest', 'runnerOwn', 'runnerOther', 'editor', 'admin', 'owner', 'instanceAdmin', 'service'],
    theirTask: ['instanceAdmin', 'service'],
  },
  save_task: { acme: ['editor', 'admin', 'owner', 'instanceAdmin', 'service'], other: ['instanceAdmin', 'service'] },
  cancel_run: {
    ownerShared: ['admin', 'owner', 'instanceAdmin', 'service'],
    runnerOwnPlain: ['runnerOwn', 'admin', 'owner', 'instanceAdmin', 'service'],
    runnerOtherShared: ['runnerOther', 'admin', 'owner', 'instanceAdmin', 'service'],
    removedPlain: ['admin', 'owner', 'instanceAdmin', 'service'],
    theirs: ['instanceAdmin', 'service'],
  },
};

onProduct('Access by functions', () => {
  beforeAll(async () => {
    functions = await readFunctions(supabase.owner);
    world = await createWorld(supabase);
  }, 60_000);
  afterAll(() => removeWorld(supabase.owner, world));

  it('has a call for every function of the schema, and a list of those who may for each that writes', () => {
    expect(functions.map(({ name }) => name)).toEqual(Object.keys(CALLS).toSorted());
    expect(functions.filter(({ writes }) => writes).map(({ name }) => name)).toEqual(Object.keys(MAY).toSorted());
  });

  describe.each(Object.keys(CALLS))('%s', (name) => {
    it.each(KEYED_ROLES)('answers %s as direct SQL does', async (role) => {
      const found = functions.find((candidate) => candidate.name === name);
      if (found === undefined) throw new Error(`there is no function durabase.${name}`);
      for (const { label, args } of CALLS[name]?.(world, role) ?? []) {
        const { seen, reference } = await readBothWays(
          () => callDirectly(world, role, found, args),
          () => callByRest(world, role, found, args),
        );
        compare(`${name} of ${label} for ${role}`, seen, reference);
        const who = MAY[name]?.[label];
        if (who !== undefined) compare(`${name} of ${label} for ${role} as expected`, reference === 'ok', who.includes(role));
      }
      expect(takeDifferences()).toEqual([]);
    });
  });
});
