import type { Json } from '@durabase/contracts';
import { PlatformError } from '@durabase/contracts';
import type { Queryable, SqlValue, Statement } from '../../ports/db.ts';
import { speakApi } from '../in-api-words.ts';
import type {
  InvitationRow,
  MemberRow,
  MembershipRow,
  NewInvitationRow,
  PublishedTaskRow,
  SettingsRow,
  ShareRow,
  WorkspaceRow,
} from '../mappers/people.ts';
import { callOne } from './call-one.ts';

/** Where a page by creation goes on. */
export interface Position {
  readonly createdAt: string;
  readonly id: string;
}

const WITH_ROLE = `to_jsonb(w) || jsonb_build_object('role', (select m.role from durabase.workspace_members m
    where m.workspace_id = w.id and m.user_id = durabase_private.uid())) as row`;
const LIST_WORKSPACES: Statement = {
  name: 'api_list_workspaces',
  text: `select ${WITH_ROLE} from durabase.workspaces w
    where w.deleted_at is null and ($1::timestamptz is null or (w.created_at, w.id) < ($1, $2::uuid))
    order by w.created_at desc, w.id desc limit $3`,
};
const FIND_WORKSPACE: Statement = {
  name: 'api_find_workspace',
  text: `select ${WITH_ROLE} from durabase.workspaces w where w.id = $1 and w.deleted_at is null`,
};
const LIST_INVITATIONS: Statement = {
  name: 'api_list_invitations',
  text: `select to_jsonb(i) || jsonb_build_object('is_expired', i.expires_at <= now()) as row from durabase.workspace_invitations i
    where i.workspace_id = $1 and ($2::timestamptz is null or (i.created_at, i.id) < ($2, $3::uuid))
    order by i.created_at desc, i.id desc limit $4`,
};
const FIND_INVITATION: Statement = {
  name: 'api_find_invitation',
  text: 'select i.id from durabase.workspace_invitations i where i.id = $1 and i.workspace_id = $2',
};
const RECALL_INVITATION: Statement = {
  name: 'api_recall_invitation',
  text: `select jsonb_build_object('id', i.id, 'workspace_id', i.workspace_id, 'invited_email', i.email, 'invited_role', i.role,
      'expires_at', i.expires_at, 'token', null) as row from durabase.workspace_invitations i where i.id = $1`,
};

const ofFunction = (name: string, count: number, columns = 'to_jsonb(x) as row'): Statement => ({
  name: `api_${name}`,
  text: `select ${columns} from durabase.${name}(${Array.from({ length: count }, (_, index) => `$${index + 1}`).join(', ')}) x`,
});
const CREATE_WORKSPACE = ofFunction('create_workspace', 2);
const RENAME_WORKSPACE = { name: 'api_rename_workspace', text: `select ${WITH_ROLE} from durabase.rename_workspace($1, $2) w` };
const DELETE_WORKSPACE = { name: 'api_delete_workspace', text: `select ${WITH_ROLE} from durabase.delete_workspace($1) w` };
const TRANSFER = ofFunction('transfer_ownership', 2);
const LIST_MEMBERS = ofFunction('list_members', 4);
const SET_ROLE = ofFunction('set_member_role', 3);
const REMOVE_MEMBER = ofFunction('remove_member', 2);
const LEAVE = ofFunction('leave_workspace', 1);
const INVITE = ofFunction('invite_member', 3);
const ACCEPT = ofFunction('accept_invitation', 1);
const REVOKE = ofFunction('revoke_invitation', 1, "to_jsonb(x) || jsonb_build_object('is_expired', false) as row");
const LIST_SHARES = ofFunction('list_shares', 5);
const SHARE = ofFunction('share_task', 6);
const UNSHARE = ofFunction('unshare_task', 3);
const PUBLISH = ofFunction('publish_task', 2);
const UNPUBLISH = ofFunction('unpublish_task', 2);
const PUBLISHED_TASKS: Statement = {
  name: 'api_published_tasks',
  text: 'select to_jsonb(x) as row from durabase.published_tasks($1, null, $2, $3, $4) x order by x.slug, x.id',
};
const SETTINGS: Statement = {
  name: 'api_instance_settings',
  text: 'select to_jsonb(s) as row from durabase.instance_settings s',
};
const UPDATE_SETTINGS = ofFunction('update_instance_settings', 1);
const ME: Statement = { name: 'api_me', text: 'select durabase.me() as row' };

const rowsOf = async <Row>(tx: Queryable, statement: Statement, values: readonly SqlValue[]): Promise<readonly Row[]> =>
  (await speakApi(tx.query<{ row: Row }>(statement, values))).map(({ row }) => row);

const rowOf = async <Row>(tx: Queryable, statement: Statement, values: readonly SqlValue[]): Promise<Row> =>
  (await callOne<{ row: Row }>(tx, statement, values)).row;

export const listWorkspaces = (tx: Queryable, before: Position | undefined, limit: number) =>
  rowsOf<WorkspaceRow>(tx, LIST_WORKSPACES, [before?.createdAt ?? null, before?.id ?? null, limit]);

/** Throws WORKSPACE_NOT_FOUND. */
export async function findWorkspace(tx: Queryable, workspace: string): Promise<WorkspaceRow> {
  const [row] = await rowsOf<WorkspaceRow>(tx, FIND_WORKSPACE, [workspace]);
  if (row !== undefined) return row;
  throw new PlatformError('WORKSPACE_NOT_FOUND', { message: 'no such workspace is visible to you', path: 'workspace' });
}

/** The role of the caller is read after it was given. */
export async function createWorkspace(
  tx: Queryable,
  { name, owner }: { readonly name: string; readonly owner?: string | undefined },
): Promise<WorkspaceRow> {
  const { id } = await rowOf<{ id: string }>(tx, CREATE_WORKSPACE, [name, owner ?? null]);
  return findWorkspace(tx, id);
}
export const renameWorkspace = (tx: Queryable, workspace: string, name: string) =>
  rowOf<WorkspaceRow>(tx, RENAME_WORKSPACE, [workspace, name]);
export const deleteWorkspace = (tx: Queryable, workspace: string) => rowOf<WorkspaceRow>(tx, DELETE_WORKSPACE, [workspace]);
export async function transferOwnership(tx: Queryable, workspace: string, userId: string): Promise<WorkspaceRow> {
  await rowOf(tx, TRANSFER, [workspace, userId]);
  return findWorkspace(tx, workspace);
}

export const listMembers = (tx: Queryable, workspace: string, after: Position | undefined, limit: number) =>
  rowsOf<MemberRow>(tx, LIST_MEMBERS, [workspace, after?.createdAt ?? null, after?.id ?? null, limit]);
export const setMemberRole = (tx: Queryable, workspace: string, userId: string, role: string) =>
  rowOf<MembershipRow>(tx, SET_ROLE, [workspace, userId, role]);
export const removeMember = (tx: Queryable, workspace: string, userId: string) =>
  rowOf<MembershipRow>(tx, REMOVE_MEMBER, [workspace, userId]);
export const leaveWorkspace = (tx: Queryable, workspace: string) => rowOf<MembershipRow>(tx, LEAVE, [workspace]);

/** Throws WORKSPACE_NOT_FOUND: an empty list would say that the workspace is there. */
export async function listInvitations(tx: Queryable, workspace: string, before: Position | undefined, limit: number) {
  await findWorkspace(tx, workspace);
  return rowsOf<InvitationRow>(tx, LIST_INVITATIONS, [workspace, before?.createdAt ?? null, before?.id ?? null, limit]);
}
export const inviteMember = (tx: Queryable, workspace: string, email: string, role: string) =>
  rowOf<NewInvitationRow>(tx, INVITE, [workspace, email, role]);
/** One that was made before, without its token. Throws INVITATION_NOT_FOUND. */
export async function findInvitation(tx: Queryable, invitation: string): Promise<NewInvitationRow> {
  const [row] = await rowsOf<NewInvitationRow>(tx, RECALL_INVITATION, [invitation]);
  if (row !== undefined) return row;
  throw new PlatformError('INVITATION_NOT_FOUND', { message: 'no such invitation is visible to you', path: 'invitation' });
}
export const acceptInvitation = (tx: Queryable, token: string) => rowOf<MembershipRow>(tx, ACCEPT, [token]);
/** Throws INVITATION_NOT_FOUND, also for one of another workspace. */
export async function revokeInvitation(tx: Queryable, workspace: string, invitation: string): Promise<InvitationRow> {
  const found = await tx.query(FIND_INVITATION, [invitation, workspace]);
  if (found.length > 0) return rowOf<InvitationRow>(tx, REVOKE, [invitation]);
  throw new PlatformError('INVITATION_NOT_FOUND', { message: 'no such invitation is visible to you', path: 'invitation' });
}

export interface TaskOfShare {
  readonly task: string;
  readonly workspace?: string | undefined;
}
export const listShares = (tx: Queryable, { task, workspace }: TaskOfShare, after: Position | undefined, limit: number) =>
  rowsOf<ShareRow>(tx, LIST_SHARES, [task, workspace ?? null, after?.createdAt ?? null, after?.id ?? null, limit]);
export const shareTask = (
  tx: Queryable,
  {
    task,
    workspace,
    user,
    canRun,
    canEdit,
  }: TaskOfShare & { readonly user: string; readonly canRun: boolean; readonly canEdit: boolean },
) => rowOf<Omit<ShareRow, 'full_name' | 'email'>>(tx, SHARE, [task, user, true, canRun, canEdit, workspace ?? null]);
export const unshareTask = (tx: Queryable, { task, workspace, user }: TaskOfShare & { readonly user: string }) =>
  rowOf<boolean>(tx, UNSHARE, [task, user, workspace ?? null]);

export interface PublicationRow {
  readonly id: string;
  readonly slug: string;
  readonly published_at: string | null;
}
export const setPublished = (tx: Queryable, { task, workspace }: TaskOfShare, isPublished: boolean) =>
  rowOf<PublicationRow>(tx, isPublished ? PUBLISH : UNPUBLISH, [task, workspace ?? null]);
export const listPublishedTasks = (
  tx: Queryable,
  workspace: string | undefined,
  after: readonly [slug: string, id: string] | undefined,
  limit: number,
) => rowsOf<PublishedTaskRow>(tx, PUBLISHED_TASKS, [workspace ?? null, after?.[0] ?? null, after?.[1] ?? null, limit]);

/** Throws FORBIDDEN: row-level security shows the settings to admins of the instance only. */
export async function readSettings(tx: Queryable): Promise<SettingsRow> {
  const [row] = await rowsOf<SettingsRow>(tx, SETTINGS, []);
  if (row !== undefined) return row;
  throw new PlatformError('FORBIDDEN', { message: 'only admins of the instance see its settings', hint: 'ask whoever runs it' });
}
export const updateSettings = (tx: Queryable, settings: Readonly<Record<string, unknown>>) =>
  rowOf<SettingsRow>(tx, UPDATE_SETTINGS, [JSON.stringify(settings)]);
export const readMe = (tx: Queryable) => rowOf<Json>(tx, ME, []);
