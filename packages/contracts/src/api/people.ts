import { z } from 'zod';
import { cursor, id, moment, pageLimit, pageOf, parsedJson, taskReference } from './parts.ts';

/** What a member of a workspace is. */
export const memberRole = () => z.enum(['owner', 'admin', 'editor', 'runner', 'viewer']);
/** What a member of a workspace is. */
export type MemberRole = z.infer<ReturnType<typeof memberRole>>;

const page = { cursor: cursor(), limit: pageLimit({ max: 200, usual: 50 }) };
const workspaceName = () => z.string().min(1).max(200);

/** A workspace. */
export const workspace = z.strictObject({
  id: id(),
  name: z.string(),
  role: memberRole().nullable().describe('What the caller is in it; null: no member.'),
  createdAt: moment(),
  updatedAt: moment(),
  deletedAt: moment().nullable(),
});
/** A workspace. */
export type Workspace = z.infer<typeof workspace>;
/** A page of workspaces, newest first. */
export const workspacePage = pageOf(workspace);
/** Query of `GET /workspaces`. */
export const listWorkspacesQuery = z.strictObject(page);
/** Parameters of everything below `/workspaces/{workspace}`. */
export const workspaceParams = z.strictObject({ workspace: id() });
/** Body of `POST /workspaces`. */
export const createWorkspaceBody = z.strictObject({
  name: workspaceName(),
  owner: id().optional().describe('For services and instance admins; default: the caller.'),
});
/** Body of `PATCH /workspaces/{workspace}`. */
export const renameWorkspaceBody = z.strictObject({ name: workspaceName() });
/** Body of `POST /workspaces/{workspace}/transfer`. */
export const transferBody = z.strictObject({ userId: id().describe('The member who becomes the owner.') });

/** A member of a workspace. */
export const member = z.strictObject({
  userId: id(),
  role: memberRole(),
  fullName: z.string().nullable(),
  email: z.string().nullable().describe('For admins, and of oneself.'),
  createdAt: moment(),
});
/** A member of a workspace. */
export type Member = z.infer<typeof member>;
/** A page of members, those who came first before others. */
export const memberPage = pageOf(member);
/** Query of `GET /workspaces/{workspace}/members`. */
export const listMembersQuery = z.strictObject(page);
/** Parameters of `/workspaces/{workspace}/members/{user}`. */
export const memberParams = z.strictObject({ workspace: id(), user: id() });
/** Body of `PATCH /workspaces/{workspace}/members/{user}`. */
export const changeMemberBody = z.strictObject({ role: memberRole() });
/** What became of a membership that was given or taken. */
export const membership = z.strictObject({ workspaceId: id(), userId: id(), role: memberRole(), createdAt: moment() });
/** What became of a membership that was given or taken. */
export type Membership = z.infer<typeof membership>;

/** An invitation into a workspace. */
export const invitation = z.strictObject({
  id: id(),
  workspaceId: id(),
  email: z.string(),
  role: memberRole(),
  state: z.enum(['open', 'accepted', 'revoked', 'expired']),
  invitedBy: id().nullable(),
  createdAt: moment(),
  expiresAt: moment(),
});
/** An invitation into a workspace. */
export type Invitation = z.infer<typeof invitation>;
/** A page of invitations, newest first. */
export const invitationPage = pageOf(invitation);
/** Answer of `POST /workspaces/{workspace}/invitations`. */
export const newInvitation = z.strictObject({
  id: id(),
  workspaceId: id(),
  email: z.string(),
  role: memberRole(),
  expiresAt: moment(),
  token: z.string().describe('Told this once. Whoever is signed in with the address accepts with it.'),
});
/** Answer of `POST /workspaces/{workspace}/invitations`. */
export type NewInvitation = z.infer<typeof newInvitation>;
/** The same invitation, asked for again with the same idempotency key. */
export const repeatedInvitation = newInvitation.extend({
  token: z
    .null()
    .describe('Told in the first answer only. If that was lost, invite with another key: that takes the place of this one.'),
});
/** Query of `GET /workspaces/{workspace}/invitations`. */
export const listInvitationsQuery = z.strictObject(page);
/** Body of `POST /workspaces/{workspace}/invitations`. */
export const inviteBody = z.strictObject({ email: z.string().min(3).max(320), role: memberRole() });
/** Parameters of `DELETE /workspaces/{workspace}/invitations/{invitation}`. */
export const invitationParams = z.strictObject({ workspace: id(), invitation: id() });
/** Body of `POST /invitations/accept`. */
export const acceptInvitationBody = z.strictObject({ token: z.string().min(1).max(200) });

/** A task that is shared with a user. */
export const taskPermission = z.strictObject({
  userId: id(),
  canView: z.boolean(),
  canRun: z.boolean(),
  canEdit: z.boolean(),
  fullName: z.string().nullable(),
  email: z.string().nullable(),
  createdAt: moment(),
});
/** A task that is shared with a user. */
export type TaskPermission = z.infer<typeof taskPermission>;
/** A page of shares, the oldest first. */
export const taskPermissionPage = pageOf(taskPermission);
/** Query of `GET /tasks/{task}/permissions`. */
export const listPermissionsQuery = z.strictObject({ workspace: id().optional(), ...page });
/** Parameters of `/tasks/{task}/permissions/{user}`. */
export const permissionParams = z.strictObject({ task: taskReference(), user: id() });
/** Body of `PUT /tasks/{task}/permissions/{user}`: takes the place of what was shared before. */
export const shareTaskBody = z.strictObject({ canRun: z.boolean().default(false), canEdit: z.boolean().default(false) });
/** Answer of `PUT` and `DELETE /tasks/{task}/permissions/{user}`. */
export const sharedWith = z.strictObject({ userId: id(), canView: z.boolean(), canRun: z.boolean(), canEdit: z.boolean() });

/** A task that was published, or is no longer. */
export const publication = z.strictObject({ taskId: id(), slug: z.string(), publishedAt: moment().nullable() });
/** What everybody who is signed in sees of a published task. */
export const publishedTask = z.strictObject({
  id: id(),
  workspaceId: id(),
  slug: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  inputSchema: parsedJson().describe('JSON Schema of the input; null: anything.'),
});
/** What everybody who is signed in sees of a published task. */
export type PublishedTask = z.infer<typeof publishedTask>;
/** A page of published tasks, by their slugs. */
export const publishedTaskPage = pageOf(publishedTask);
/** Query of `GET /published-tasks`. */
export const listPublishedTasksQuery = z.strictObject({ workspace: id().optional(), ...page });

const signUp = () => z.enum(['personal_workspace', 'run_only', 'nothing']);
const limit = (max: number) => z.int().min(0).max(max);
/** Settings of the instance. */
export const instanceSettings = z.strictObject({
  signUp: signUp().describe('What somebody who signs up gets.'),
  endUserMaxOpenRuns: z.int(),
  endUserMaxStartsPerMinute: z.int(),
  endUserMaxStartsPerDay: z.int(),
  updatedAt: moment(),
});
/** Settings of the instance. */
export type InstanceSettings = z.infer<typeof instanceSettings>;
/** Body of `PATCH /instance-settings`. */
export const updateSettingsBody = z.strictObject({
  signUp: signUp().optional(),
  endUserMaxOpenRuns: limit(1_000).optional(),
  endUserMaxStartsPerMinute: limit(1_000).optional(),
  endUserMaxStartsPerDay: limit(100_000).optional(),
});

/** Answer of `GET /me`. */
export const me = z.strictObject({
  kind: z.string().describe('user, service, sql_role, …'),
  userId: id().nullable(),
  name: z.string(),
  isInstanceAdmin: z.boolean(),
  workspaces: z.array(z.strictObject({ id: id(), name: z.string(), role: memberRole() })),
  mayStartPublishedTasks: z.boolean(),
  limits: z
    .strictObject({ maxOpenRuns: z.int(), maxStartsPerMinute: z.int(), maxStartsPerDay: z.int() })
    .nullable()
    .describe('For starts of published tasks without a right of one’s own; null: none.'),
});
/** Answer of `GET /me`. */
export type Me = z.infer<typeof me>;
