import type { Json } from '@durabase/contracts';
import type {
  InstanceSettings,
  Invitation,
  Member,
  MemberRole,
  Membership,
  NewInvitation,
  PublishedTask,
  TaskPermission,
  Workspace,
} from '@durabase/contracts/api/people';
import { toMoment, toMomentOrNull } from './values.ts';

/** A row of durabase.workspaces as `to_jsonb` gives it, with the role of the caller. */
export interface WorkspaceRow {
  readonly id: string;
  readonly name: string;
  readonly role: MemberRole | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly deleted_at: string | null;
}
export const toWorkspace = (row: WorkspaceRow): Workspace => ({
  id: row.id,
  name: row.name,
  role: row.role,
  createdAt: toMoment(row.created_at),
  updatedAt: toMoment(row.updated_at),
  deletedAt: toMomentOrNull(row.deleted_at),
});

export interface MemberRow {
  readonly user_id: string;
  readonly role: MemberRole;
  readonly full_name: string | null;
  readonly email: string | null;
  readonly created_at: string;
}
export const toMember = (row: MemberRow): Member => ({
  userId: row.user_id,
  role: row.role,
  fullName: row.full_name,
  email: row.email,
  createdAt: toMoment(row.created_at),
});

export interface MembershipRow {
  readonly workspace_id: string;
  readonly user_id: string;
  readonly role: MemberRole;
  readonly created_at: string;
}
export const toMembership = (row: MembershipRow): Membership => ({
  workspaceId: row.workspace_id,
  userId: row.user_id,
  role: row.role,
  createdAt: toMoment(row.created_at),
});

export interface InvitationRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly email: string;
  readonly role: MemberRole;
  readonly invited_by: string | null;
  readonly created_at: string;
  readonly expires_at: string;
  readonly accepted_at: string | null;
  readonly revoked_at: string | null;
  readonly is_expired: boolean;
}
const stateOf = (row: InvitationRow): Invitation['state'] => {
  if (row.accepted_at !== null) return 'accepted';
  if (row.revoked_at !== null) return 'revoked';
  return row.is_expired ? 'expired' : 'open';
};
export const toInvitation = (row: InvitationRow): Invitation => ({
  id: row.id,
  workspaceId: row.workspace_id,
  email: row.email,
  role: row.role,
  state: stateOf(row),
  invitedBy: row.invited_by,
  createdAt: toMoment(row.created_at),
  expiresAt: toMoment(row.expires_at),
});

export interface NewInvitationRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly invited_email: string;
  readonly invited_role: MemberRole;
  readonly expires_at: string;
  /** null: told before. */
  readonly token: string | null;
}
export const toNewInvitation = (row: NewInvitationRow): Omit<NewInvitation, 'token'> & Pick<NewInvitationRow, 'token'> => ({
  id: row.id,
  workspaceId: row.workspace_id,
  email: row.invited_email,
  role: row.invited_role,
  expiresAt: toMoment(row.expires_at),
  token: row.token,
});

export interface ShareRow {
  readonly user_id: string;
  readonly can_view: boolean;
  readonly can_run: boolean;
  readonly can_edit: boolean;
  readonly full_name: string | null;
  readonly email: string | null;
  readonly created_at: string;
}
export const toTaskPermission = (row: ShareRow): TaskPermission => ({
  userId: row.user_id,
  canView: row.can_view,
  canRun: row.can_run,
  canEdit: row.can_edit,
  fullName: row.full_name,
  email: row.email,
  createdAt: toMoment(row.created_at),
});

export interface PublishedTaskRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string | null;
  readonly input_schema: Json;
}
export const toPublishedTask = (row: PublishedTaskRow): PublishedTask => ({
  id: row.id,
  workspaceId: row.workspace_id,
  slug: row.slug,
  name: row.name,
  description: row.description,
  inputSchema: row.input_schema,
});

export interface SettingsRow {
  readonly sign_up: InstanceSettings['signUp'];
  readonly end_user_max_open_runs: number;
  readonly end_user_max_starts_per_minute: number;
  readonly end_user_max_starts_per_day: number;
  readonly updated_at: string;
}
export const toInstanceSettings = (row: SettingsRow): InstanceSettings => ({
  signUp: row.sign_up,
  endUserMaxOpenRuns: row.end_user_max_open_runs,
  endUserMaxStartsPerMinute: row.end_user_max_starts_per_minute,
  endUserMaxStartsPerDay: row.end_user_max_starts_per_day,
  updatedAt: toMoment(row.updated_at),
});
