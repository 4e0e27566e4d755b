/** Everybody as whom a table is looked at. */
export const CALLERS = [
  'owner',
  'admin',
  'editor',
  'runner',
  'viewer',
  'guest',
  'removed',
  'deletedWorkspace',
  'deletedGuest',
  'stranger',
  'endUser',
  'instanceAdmin',
  'anonymous',
  'service',
] as const;
export type Caller = (typeof CALLERS)[number];

/** Rows by name as the world in `world.ts` has them; `refused`: the role has no right on the table at all. */
export type Visible = readonly string[] | 'refused';

const nobody = { stranger: [], endUser: [], removed: [], deletedWorkspace: [], deletedGuest: [], anonymous: 'refused' } as const;

interface Audience {
  /** Members of every role but runners. */
  readonly members: Visible;
  readonly runner: Visible;
  readonly guest: Visible;
  readonly all: Visible;
}

const audience = ({ members, runner, guest, all }: Audience): Readonly<Record<Caller, Visible>> => ({
  ...nobody,
  owner: members,
  admin: members,
  editor: members,
  viewer: members,
  runner,
  guest,
  instanceAdmin: all,
  service: all,
});

const onlyAdmins = ({ admins, all }: { readonly admins: Visible; readonly all: Visible }): Readonly<Record<Caller, Visible>> => ({
  ...nobody,
  owner: admins,
  admin: admins,
  editor: [],
  runner: [],
  viewer: [],
  guest: [],
  instanceAdmin: all,
  service: all,
});

const RUNS = ['acme/endUserPlain', 'acme/ownerShared', 'acme/runnerShared', 'acme/runnerPlain', 'acme/ownerPlain'] as const;
const SHARED_RUNS = ['acme/ownerShared', 'acme/runnerShared'] as const;
const RUNNERS_RUNS = ['acme/runnerShared', 'acme/runnerPlain'] as const;
const ALL_RUNS = [...RUNS, 'gone/child', 'gone/run', 'other/child', 'other/run'];
const LINKS = [
  'ownerPlain>ownerShared',
  'ownerShared>ownerPlain',
  'ownerShared>runnerShared',
  'runnerShared>runnerPlain',
] as const;
const ACME_TASKS = ['acme/plain', 'acme/shared'];
const ALL_TASKS = [...ACME_TASKS, 'gone/task', 'other/task'];
const runRows = audience({ members: RUNS, runner: RUNNERS_RUNS, guest: SHARED_RUNS, all: ALL_RUNS });
const taskRows = audience({ members: ACME_TASKS, runner: ACME_TASKS, guest: ['acme/shared'], all: ALL_TASKS });
const ACME_MEMBERS = ['acme:admin', 'acme:editor', 'acme:owner', 'acme:runner', 'acme:viewer'];

/**
 * Which rows of each table of the exposed schema who sees. `name` is SQL that gives a row of the table its name.
 * A new table stands here, or the test fails.
 */
export const EXPECTED: Readonly<Record<string, { readonly name: string; readonly visible: Readonly<Record<Caller, Visible>> }>> =
  {
    // an end user sees that his run goes on and what came of it, and no step and no line of it
    task_runs: { name: "t.input ->> 'name'", visible: { ...runRows, endUser: ['acme/endUserPlain'] } },
    run_steps: { name: "t.output ->> 'name'", visible: runRows },
    run_events: { name: "t.data ->> 'name'", visible: runRows },
    // parent>child: who does not see both does not see that they belong together
    run_links: {
      name: 't.step_id',
      visible: audience({
        members: LINKS,
        runner: ['runnerShared>runnerPlain'],
        guest: ['ownerShared>runnerShared'],
        all: [...LINKS, 'gone', 'other'],
      }),
    },
    events: {
      name: 't.name',
      visible: audience({
        members: ['acme/owner', 'acme/removed', 'acme/runner'],
        runner: ['acme/runner'],
        guest: [],
        all: ['acme/owner', 'acme/removed', 'acme/runner', 'gone/event', 'other/event'],
      }),
    },
    tasks: { name: 't.description', visible: taskRows },
    task_versions: { name: "t.definition ->> 'description'", visible: taskRows },
    task_permissions: {
      name: '(select n.name from world.names n where n.id = t.user_id)',
      visible: {
        ...onlyAdmins({ admins: ['guest', 'removed'], all: ['deletedGuest', 'guest', 'removed'] }),
        guest: ['guest'],
        removed: ['removed'],
        deletedGuest: ['deletedGuest'],
      },
    },
    api_keys: { name: 't.name', visible: onlyAdmins({ admins: ['acme'], all: ['acme', 'gone', 'other'] }) },
    workspace_invitations: {
      name: 't.email',
      visible: onlyAdmins({ admins: ['acme@x.test'], all: ['acme@x.test', 'gone@x.test', 'other@x.test'] }),
    },
    audit_log: { name: 't.entity_id', visible: onlyAdmins({ admins: ['acme'], all: ['acme', 'gone', 'other'] }) },
    workspaces: {
      name: 't.name',
      visible: audience({ members: ['acme'], runner: ['acme'], guest: [], all: ['acme', 'gone', 'other'] }),
    },
    workspace_members: {
      name: "(select n.name from world.names n where n.id = t.workspace_id) || ':' || t.role",
      visible: {
        ...audience({
          members: ACME_MEMBERS,
          runner: ['acme:runner'],
          guest: [],
          all: [...ACME_MEMBERS, 'gone:owner', 'other:owner'],
        }),
        deletedWorkspace: ['gone:owner'], // his own line
      },
    },
    profiles: {
      name: '(select n.name from world.names n where n.id = t.user_id)',
      visible: {
        owner: ['owner'],
        admin: ['admin'],
        editor: ['editor'],
        runner: ['runner'],
        viewer: ['viewer'],
        guest: ['guest'],
        removed: ['removed'],
        deletedWorkspace: ['deletedWorkspace'],
        deletedGuest: ['deletedGuest'],
        stranger: ['stranger'],
        endUser: ['endUser'],
        anonymous: 'refused',
        instanceAdmin: [
          'admin',
          'deletedGuest',
          'deletedWorkspace',
          'editor',
          'endUser',
          'guest',
          'instanceAdmin',
          'otherOwner',
          'owner',
          'removed',
          'runner',
          'stranger',
          'viewer',
        ],
        service: [
          'admin',
          'deletedGuest',
          'deletedWorkspace',
          'editor',
          'endUser',
          'guest',
          'instanceAdmin',
          'otherOwner',
          'owner',
          'removed',
          'runner',
          'stranger',
          'viewer',
        ],
      },
    },
    instance_admins: {
      name: '(select n.name from world.names n where n.id = t.user_id)',
      visible: onlyAdmins({ admins: [], all: ['instanceAdmin'] }),
    },
    instance_settings: { name: "'settings'", visible: onlyAdmins({ admins: [], all: ['settings'] }) },
  };
