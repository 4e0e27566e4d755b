import { routesByName } from '../../../src/api/routes/index.ts';
import type { Route } from '../../../src/api/route.ts';

export const WHO = ['viewer', 'runner', 'editor', 'admin', 'owner', 'otherOwner', 'service'] as const;
export type Who = (typeof WHO)[number];

const ANY: readonly Who[] = WHO;
const VIEW = ['viewer', 'runner', 'editor', 'admin', 'owner', 'service'] as const;
/** The run of the world is not the runner's. */
const SEE_RUNS = ['viewer', 'editor', 'admin', 'owner', 'service'] as const;
const RUN = ['runner', 'editor', 'admin', 'owner', 'service'] as const;
const EDIT = ['editor', 'admin', 'owner', 'service'] as const;
const ADMIN = ['admin', 'owner', 'service'] as const;
const OWN = ['owner', 'service'] as const;
const SERVICE = ['service'] as const;
const MEMBERS_BUT_LAST_OWNER = ['viewer', 'runner', 'editor', 'admin', 'owner'] as const;

/** What an operation is, for the tests that walk over all of them. */
export interface Operation {
  /** Who gets in; everybody else is refused with 401, 403 or 404. */
  readonly who: readonly Who[] | 'public';
  readonly json?: (names: Readonly<Record<string, string>>) => unknown;
  readonly query?: string;
  /** Rows that the audit log gets when it is done; reading leaves none. Two: the deed, and the verdict of the compiler on a version. */
  readonly auditRows: 0 | 1 | 2;
  /** Who does it for the audit log. @default the owner, or else the service */
  readonly auditAs?: Who;
}

const reads = (who: Operation['who'], rest?: Partial<Operation>): Operation => ({ who, auditRows: 0, ...rest });
const writes = (who: Operation['who'], json?: unknown, rest?: Partial<Operation>): Operation => ({
  who,
  auditRows: 1,
  ...(json === undefined ? {} : { json: typeof json === 'function' ? (json as NonNullable<Operation['json']>) : () => json }),
  ...rest,
});

const STEPS = [{ id: 'rest', action: 'sleep', with: { duration: '1s' } }];
const REPORT = { slug: 'report', steps: STEPS };
/** A slug is looked for in the workspaces of the caller: this one stands in the world's. */
const IN_WORLD = '?workspace=:workspace';

/** Every operation of the API. A new route stands here, or the tests fail. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  listTasks: reads(ANY),
  saveTask: writes(EDIT, REPORT, { query: IN_WORLD, auditRows: 2 }),
  validateTask: reads(VIEW, { json: () => REPORT, query: IN_WORLD }),
  getTask: reads(VIEW),
  deleteTask: writes(EDIT),
  restoreTask: writes(EDIT),
  listVersions: reads(VIEW),
  getVersion: reads(VIEW),
  restoreVersion: writes(EDIT, undefined, { auditRows: 2 }),
  diffVersions: reads(VIEW),
  diffTask: reads(VIEW, { json: () => REPORT }),
  startTaskRun: writes(RUN, {}),
  listRuns: reads(ANY),
  countRuns: reads(ANY),
  startRun: writes(RUN, ({ task }: Readonly<Record<string, string>>) => ({ task })),
  startRuns: writes(ANY, ({ task }: Readonly<Record<string, string>>) => ({ runs: [{ task }] })), // refused one by one
  operateOnRuns: writes(ANY, ({ run }: Readonly<Record<string, string>>) => ({ operation: 'pause', filter: { runIds: [run] } })), // refused one by one
  getRun: reads(SEE_RUNS),
  listSteps: reads(SEE_RUNS),
  listEvents: reads(SEE_RUNS),
  listLinks: reads(SEE_RUNS),
  explainRun: reads(SEE_RUNS),
  tellRun: reads(SEE_RUNS),
  cancelRun: writes(ADMIN, {}),
  pauseRun: writes(ADMIN, {}),
  resumeRun: writes(ADMIN, {}),
  retryRun: writes(EDIT, {}),
  rerunRun: writes(EDIT, {}),
  forkRun: writes(EDIT, { fromStep: 'hello' }),
  completeStep: writes(ADMIN, {}),
  failStep: writes(ADMIN, { message: 'no' }),
  giveStepToken: writes(ADMIN, {}),
  completeByToken: writes('public', ({ token }: Readonly<Record<string, string>>) => ({ token })),
  failByToken: writes('public', ({ token }: Readonly<Record<string, string>>) => ({ token, message: 'no' })),
  listAppEvents: reads(ANY),
  emitEvent: writes(RUN, ({ workspace }: Readonly<Record<string, string>>) => ({ name: 'order.paid', workspace })),
  createUpload: writes(RUN, ({ workspace }: Readonly<Record<string, string>>) => ({
    workspace,
    fileName: 'sales.csv',
    contentType: 'text/csv',
    bytes: 4,
  })),
  listFeeds: reads(ANY),
  listChanges: reads(SEE_RUNS),
  listWorkspaces: reads(ANY),
  createWorkspace: writes(ANY, { name: 'Another' }),
  getWorkspace: reads(VIEW),
  renameWorkspace: writes(ADMIN, { name: 'Renamed' }),
  deleteWorkspace: writes(OWN),
  transferWorkspace: writes(OWN, ({ user }: Readonly<Record<string, string>>) => ({ userId: user })),
  leaveWorkspace: writes(MEMBERS_BUT_LAST_OWNER, undefined, { auditAs: 'editor' }),
  listMembers: reads(VIEW),
  changeMember: writes(ADMIN, { role: 'viewer' }),
  removeMember: writes(ADMIN),
  listInvitations: reads(VIEW),
  inviteMember: writes(ADMIN, { email: 'new@example.test', role: 'viewer' }),
  revokeInvitation: writes(ADMIN),
  // the invitation of the world is for him
  acceptInvitation: writes(
    ['otherOwner'],
    ({ invitationToken }: Readonly<Record<string, string>>) => ({ token: invitationToken }),
    { auditAs: 'otherOwner' },
  ),
  listPublishedTasks: reads(ANY),
  getMe: reads(ANY),
  getSettings: reads(SERVICE),
  updateSettings: writes(SERVICE, { signUp: 'nothing' }),
  listAudit: reads(ANY),
  verifyAudit: reads(ADMIN, { query: IN_WORLD }),
  listPermissions: reads(ADMIN),
  shareTask: writes(ADMIN, { canRun: true }),
  unshareTask: writes(ADMIN),
  publishTask: writes(ADMIN),
  unpublishTask: writes(ADMIN),
  getPayload: reads(SEE_RUNS),
  listApiKeys: reads(ANY),
  createApiKey: writes(['admin', 'owner'], ({ workspace }: Readonly<Record<string, string>>) => ({
    name: 'x',
    scopes: ['runs:read'],
    workspace,
  })),
  revokeApiKey: writes(ADMIN),
  listDrift: reads(ANY),
  decodePayloads: reads(ANY, { json: () => ({ payloads: [] }) }),
  encodePayloads: reads(SERVICE, { json: () => ({ payloads: [] }) }),
  getOpenApi: reads('public'),
  getReference: reads('public'),
  getHealth: reads('public'),
  getReadiness: reads('public'),
  getMetrics: reads('public'),
};

/** What is expected of an operation, by its name. */
export const operationOf = (name: string): Operation => {
  const operation = OPERATIONS[name];
  if (operation === undefined) throw new Error(`nothing is expected of ${name}: say so in test/api/support/operations.ts`);
  return operation;
};

/** Routes by the names of their operations. */
export const ROUTES: readonly (readonly [string, Route])[] = Object.entries(routesByName).map(([name, route]) => [
  name.replace(/Route$/, ''),
  route,
]);
