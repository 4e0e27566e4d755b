import type { ReadyTask, Workspace } from '../../support/build-rows.ts';

/** What the calls are about. */
export interface MakingWorld {
  readonly acme: Workspace;
  readonly task: ReadyTask;
  /** Waits at its external step `make`. */
  readonly run: string;
}

/** A call that makes something new each time that it is asked without a key. */
export interface Making {
  readonly operation: string;
  readonly path: (world: MakingWorld) => string;
  readonly json: (world: MakingWorld) => object | undefined;
  /** The same path, asking for something else. */
  readonly other: (world: MakingWorld) => object;
  /** Everything that such calls make. */
  readonly counts: string;
  /** What the first answer has, and no other. */
  readonly secret?: 'key' | 'token';
  readonly status?: number;
}

/** Every such call, but for runs and events, whose keys belong to their workspace. */
export const MAKING: readonly Making[] = [
  {
    operation: 'createWorkspace',
    path: () => '/api/v1/workspaces',
    json: () => ({ name: 'Another' }),
    other: () => ({ name: 'Yet another' }),
    counts: 'select count(*)::int from durabase.workspaces',
  },
  {
    operation: 'inviteMember',
    path: ({ acme }) => `/api/v1/workspaces/${acme.id}/invitations`,
    json: () => ({ email: 'ann@example.test', role: 'viewer' }),
    other: () => ({ email: 'ann@example.test', role: 'editor' }),
    counts: 'select count(*)::int from durabase.workspace_invitations',
    secret: 'token',
  },
  {
    operation: 'createApiKey',
    path: () => '/api/v1/api-keys',
    json: ({ acme }) => ({ name: 'Nightly', scopes: ['runs:read'], workspace: acme.id }),
    other: ({ acme }) => ({ name: 'Nightly', scopes: ['runs:start'], workspace: acme.id }),
    counts: 'select count(*)::int from durabase.api_keys',
    secret: 'key',
  },
  {
    operation: 'operateOnRuns',
    path: () => '/api/v1/runs/bulk',
    json: ({ acme }) => ({ operation: 'rerun', filter: { workspace: acme.id, states: ['failed'] } }),
    other: ({ acme }) => ({ operation: 'retry', filter: { workspace: acme.id, states: ['failed'] } }),
    counts: 'select count(*)::int from durabase.task_runs',
    status: 200,
  },
  {
    operation: 'giveStepToken',
    path: ({ run }) => `/api/v1/runs/${run}/steps/make/token`,
    json: () => ({}),
    other: () => ({ iteration: 0 }),
    counts: 'select count(*)::int from durabase_private.input_tokens',
    secret: 'token',
  },
  {
    operation: 'createUpload',
    path: () => '/api/v1/uploads',
    json: ({ acme }) => ({ workspace: acme.id, fileName: 'a.csv', contentType: 'text/csv', bytes: 4 }),
    other: ({ acme }) => ({ workspace: acme.id, fileName: 'b.csv', contentType: 'text/csv', bytes: 4 }),
    counts: "select count(*)::int from durabase.audit_log where action = 'upload.allowed'",
  },
  {
    operation: 'saveTask',
    path: ({ acme }) => `/api/v1/tasks?workspace=${acme.id}`,
    json: () => ({ slug: 'report', steps: [{ id: 'rest', action: 'sleep', with: { duration: '1s' } }] }),
    other: () => ({ slug: 'report', steps: [{ id: 'rest', action: 'sleep', with: { duration: '2s' } }] }),
    counts: 'select count(*)::int from durabase.task_versions',
  },
  {
    operation: 'restoreVersion',
    path: ({ task }) => `/api/v1/tasks/${task.id}/versions/1/restore`,
    json: () => undefined,
    other: () => ({}),
    counts: 'select count(*)::int from durabase.task_versions',
  },
];
