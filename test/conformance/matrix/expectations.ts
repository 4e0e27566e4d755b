import { ROLES, type Role } from './roles.ts';

/** Names of what a role sees; `refused`: he has no right on it at all. */
export type Visible = readonly string[] | 'refused';
type ByRole = Readonly<Record<Role, Visible>>;

export interface TableExpectation {
  /** Column that says which thing of the world a row belongs to. */
  readonly key: string;
  /** Whether postgres_changes may tell of it. */
  readonly isPublished: boolean;
  /** Things of the world (`world.ts`) of which a role sees rows. */
  readonly visible: ByRole;
}

const RUNS = ['ownerShared', 'runnerOwnPlain', 'runnerOtherShared', 'removedPlain', 'endUserPlain'] as const;
const ALL_RUNS = [...RUNS, 'theirs'];
const MEMBERS = ['viewer', 'runnerOwn', 'runnerOther', 'editor', 'admin', 'owner'] as const;
const PEOPLE = [...MEMBERS, 'guest', 'instanceAdmin', 'otherOwner', 'removed', 'stranger', 'endUser'];

/** Nobody sees anything, but for those who are named. */
const only = (seen: Partial<Record<Role, Visible>>): ByRole => {
  const nothing = Object.fromEntries(ROLES.map((role) => [role, role === 'none' || role === 'anon' ? 'refused' : []]));
  return { ...(nothing as Record<Role, Visible>), ...seen };
};
const forMembers = (seen: Visible): Partial<Record<Role, Visible>> => Object.fromEntries(MEMBERS.map((role) => [role, seen]));
const forAdmins = (seen: Visible) => ({ admin: seen, owner: seen });
const forAll = (seen: Visible) => ({ instanceAdmin: seen, service: seen });

const tasks = only({
  ...forMembers(['plain', 'shared']),
  guest: ['shared'],
  ...forAll(['plain', 'shared', 'theirTask']),
});
/** Runs of the world beside those that go on: one that runnerOwn started and that failed, and one that he made of it. */
const runsWith = (ended: readonly string[]): ByRole =>
  only({
    ...forMembers([...RUNS, ...ended]),
    runnerOwn: ['runnerOwnPlain', ...ended],
    runnerOther: ['runnerOtherShared'],
    guest: ['ownerShared', 'runnerOtherShared'],
    ...forAll([...ALL_RUNS, ...ended]),
  });
const runs = runsWith([]);
/** An end user sees his run, and no step and no line of it. */
const withEndUsers = (seen: ByRole): ByRole => ({ ...seen, endUser: ['endUserPlain'] });

/** What each role sees of the world, table by table. A new table of the exposed schema stands here, or the matrix fails. */
export const TABLES: Readonly<Record<string, TableExpectation>> = {
  api_keys: {
    key: 'id',
    isPublished: false,
    visible: only({ ...forAdmins(['keyOfAcme']), ...forAll(['keyOfAcme', 'keyOfOther']) }),
  },
  audit_log: {
    key: 'workspace_id',
    isPublished: true,
    visible: only({ ...forAdmins(['acme']), ...forAll(['acme', 'other']) }),
  },
  events: {
    key: 'id',
    isPublished: true,
    visible: only({
      ...forMembers(['eventOfRunner']),
      runnerOther: [],
      ...forAll(['eventOfRunner', 'eventOfOther']),
    }),
  },
  instance_admins: { key: 'user_id', isPublished: false, visible: only(forAll(['instanceAdmin'])) },
  instance_settings: { key: 'only_row', isPublished: false, visible: only(forAll(['settings'])) },
  profiles: {
    key: 'user_id',
    isPublished: false,
    visible: only({
      ...Object.fromEntries([...MEMBERS, 'guest', 'removed', 'stranger', 'endUser'].map((role) => [role, [role]])),
      ...forAll(PEOPLE),
    }),
  },
  run_events: { key: 'run_id', isPublished: true, visible: runsWith(['endedPlain', 'againPlain']) },
  run_links: {
    key: 'run_id',
    isPublished: true,
    visible: only({ ...forMembers(['againPlain']), runnerOther: [], ...forAll(['againPlain']) }),
  },
  run_steps: { key: 'run_id', isPublished: true, visible: runsWith(['endedPlain']) },
  task_permissions: {
    key: 'user_id',
    isPublished: false,
    visible: only({ guest: ['guest'], ...forAdmins(['guest']), ...forAll(['guest']) }),
  },
  task_runs: { key: 'id', isPublished: true, visible: withEndUsers(runsWith(['endedPlain', 'againPlain'])) },
  task_versions: { key: 'task_id', isPublished: false, visible: tasks },
  tasks: { key: 'id', isPublished: true, visible: tasks },
  workspace_invitations: {
    key: 'workspace_id',
    isPublished: false,
    visible: only({ ...forAdmins(['acme']), ...forAll(['acme', 'other']) }),
  },
  workspace_members: {
    key: 'user_id',
    isPublished: false,
    visible: only({
      ...forMembers(MEMBERS),
      runnerOwn: ['runnerOwn'],
      runnerOther: ['runnerOther'],
      ...forAll([...MEMBERS, 'otherOwner']),
    }),
  },
  workspaces: {
    key: 'id',
    isPublished: false,
    visible: only({ ...forMembers(['acme']), ...forAll(['acme', 'other']) }),
  },
};

/** Who may listen on the topics of this moment. The service passes over all policies, so it is named everywhere. */
export const LISTENERS: Readonly<Record<string, readonly Role[]>> = {
  'workspace acme': ['viewer', 'editor', 'admin', 'owner', 'instanceAdmin', 'service'],
  'workspace other': ['instanceAdmin', 'service'],
  'own runnerOwn': ['runnerOwn', 'service'],
  'own runnerOther': ['runnerOther', 'service'],
  'own endUser': ['endUser', 'service'],
  'own owner': ['service'],
  'task plain': ['instanceAdmin', 'service'],
  'task shared': ['guest', 'instanceAdmin', 'service'],
  'task theirTask': ['instanceAdmin', 'service'],
  ...Object.fromEntries(ALL_RUNS.map((run) => [`run ${run}`, ROLES.filter((role) => withEndUsers(runs)[role].includes(run))])),
  'moves acme': [...MEMBERS, 'guest', 'endUser', 'instanceAdmin', 'service'],
  'moves other': ['instanceAdmin', 'service'],
};
