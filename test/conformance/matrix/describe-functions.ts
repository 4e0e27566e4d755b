import { beforeAll, describe, expect, it } from '@jest/globals';
import { callByRest, callDirectly, CALLS } from './calls.ts';
import { readFunctions, type DatabaseFunction } from './catalogue.ts';
import { useComparisons } from './comparisons.ts';
import { KEYED_ROLES, type KeyedRole } from './roles.ts';
import { readBothWays } from './rows.ts';
import type { MatrixContext } from './matrix-context.ts';

const ADMINS = ['admin', 'owner', 'instanceAdmin', 'service'] as const;
/** What the starter of a run, and the admins of its workspace, may do to it. */
const OWN_RUNS: Readonly<Record<string, readonly KeyedRole[]>> = {
  ownerShared: ADMINS,
  runnerOwnPlain: ['runnerOwn', ...ADMINS],
  runnerOtherShared: ['runnerOther', ...ADMINS],
  removedPlain: ADMINS,
  endUserPlain: ADMINS,
  theirs: ['instanceAdmin', 'service'],
};
/** Who sees a run may make another of it, if he may start the task. */
const MADE_RUNS: Readonly<Record<string, readonly KeyedRole[]>> = { endedPlain: ['runnerOwn', 'editor', ...ADMINS], theirs: [] };
/** Who writes tasks. */
const WRITERS = ['editor', ...ADMINS] as const;
const SIGNED_IN = KEYED_ROLES.filter((role) => role !== 'anon');

/** Who may do what by the functions that write; what is not named is refused. */
const MAY: Readonly<Record<string, Readonly<Record<string, readonly KeyedRole[]>>>> = {
  start_run: {
    plain: SIGNED_IN, // published
    shared: ['guest', 'runnerOwn', 'runnerOther', 'editor', 'admin', 'owner', 'instanceAdmin', 'service'],
    theirTask: ['instanceAdmin', 'service'],
  },
  save_task: { acme: ['editor', 'admin', 'owner', 'instanceAdmin', 'service'], other: ['instanceAdmin', 'service'] },
  accept_invitation: { unknown: [] },
  cancel_run: { ...OWN_RUNS, endUserPlain: ['endUser', ...ADMINS] },
  complete_step: Object.fromEntries(Object.keys(OWN_RUNS).map((run) => [run, []])),
  create_api_key: { acme: ['admin', 'owner', 'instanceAdmin'], other: ['instanceAdmin'] }, // a key belongs to a person
  create_workspace: { 'for nobody': [] },
  delete_task: { elsewhere: [] },
  delete_workspace: { elsewhere: [] },
  emit_event: {
    acme: ['runnerOwn', 'runnerOther', 'editor', 'admin', 'owner', 'instanceAdmin', 'service'],
    other: ['instanceAdmin', 'service'],
  },
  end_step_by_token: { unknown: [] },
  fail_step: Object.fromEntries(Object.keys(OWN_RUNS).map((run) => [run, []])),
  for_runs: { all: SIGNED_IN, empty: [] }, // refused run by run
  fork_run: MADE_RUNS,
  invite_member: { acme: ADMINS, other: ['instanceAdmin', 'service'] },
  leave_workspace: { elsewhere: [] },
  pause_run: OWN_RUNS,
  prepare_upload: {
    acme: ['runnerOwn', 'runnerOther', ...WRITERS],
    other: ['instanceAdmin', 'service'],
  },
  publish_task: { plain: ADMINS },
  remove_member: { elsewhere: [] },
  rename_workspace: { acme: ADMINS, other: ['instanceAdmin', 'service'] },
  rerun: MADE_RUNS,
  restore_task: { plain: WRITERS, shared: WRITERS, theirTask: ['instanceAdmin', 'service'] },
  restore_version: { plain: WRITERS, theirTask: ['instanceAdmin', 'service'] },
  resume_run: OWN_RUNS,
  retry_run: MADE_RUNS,
  revoke_api_key: { keyOfAcme: ADMINS, keyOfOther: ['instanceAdmin', 'service'] },
  revoke_invitation: { elsewhere: [] },
  set_member_role: { elsewhere: [] },
  share_task: { plain: [] }, // the user is not there
  step_token: OWN_RUNS,
  transfer_ownership: { elsewhere: [] },
  unpublish_task: { theirTask: ['instanceAdmin', 'service'] },
  unshare_task: { plain: ADMINS },
  update_instance_settings: { nothing: ['instanceAdmin', 'service'] },
};

export const describeFunctions = (context: MatrixContext): void => {
  const { compare, takeDifferences } = useComparisons('functions by REST beside direct SQL');
  let functions: readonly DatabaseFunction[];

  beforeAll(async () => {
    functions = await readFunctions(context.supabase.owner);
  });

  it('has a call for every function of the schema, and a list of those who may for each that writes', () => {
    expect(functions.map(({ name }) => name)).toEqual(Object.keys(CALLS).toSorted());
    expect(functions.filter(({ writes }) => writes).map(({ name }) => name)).toEqual(Object.keys(MAY).toSorted());
  });

  describe.each(Object.keys(CALLS))('%s', (name) => {
    it.each(KEYED_ROLES)('answers %s as direct SQL does', async (role) => {
      const found = functions.find((candidate) => candidate.name === name);
      if (found === undefined) throw new Error(`there is no function durabase.${name}`);
      for (const { label, args } of CALLS[name]?.(context.world, role) ?? []) {
        const { seen, reference } = await readBothWays(
          () => callDirectly(context.world, role, found, args),
          () => callByRest(context.world, role, found, args),
        );
        compare(`${name} of ${label} for ${role}`, seen, reference);
        const who = MAY[name]?.[label];
        if (who !== undefined) compare(`${name} of ${label} for ${role} as expected`, reference === 'ok', who.includes(role));
      }
      expect(takeDifferences()).toEqual([]);
    });
  });
};
