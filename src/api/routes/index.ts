import type { Route } from '../route.ts';
import { createApiKeyRoute } from './api-keys/create-api-key.ts';
import { listApiKeysRoute } from './api-keys/list-api-keys.ts';
import { revokeApiKeyRoute } from './api-keys/revoke-api-key.ts';
import { listAuditRoute } from './audit/list-audit.ts';
import { verifyAuditRoute } from './audit/verify-audit.ts';
import { decodePayloadsRoute } from './codec/decode-payloads.ts';
import { encodePayloadsRoute } from './codec/encode-payloads.ts';
import { listDriftRoute } from './drift/list-drift.ts';
import { emitEventRoute } from './events/emit-event.ts';
import { listAppEventsRoute } from './events/list-app-events.ts';
import { listChangesRoute } from './feeds/list-changes.ts';
import { listFeedsRoute } from './feeds/list-feeds.ts';
import { getHealthRoute } from './health/get-health.ts';
import { getMetricsRoute } from './health/get-metrics.ts';
import { getReadinessRoute } from './health/get-readiness.ts';
import { getMeRoute } from './instance/get-me.ts';
import { getSettingsRoute } from './instance/get-settings.ts';
import { updateSettingsRoute } from './instance/update-settings.ts';
import { acceptInvitationRoute } from './invitations/accept-invitation.ts';
import { getPayloadRoute } from './payloads/get-payload.ts';
import { listPublishedTasksRoute } from './published-tasks/list-published-tasks.ts';
import { getOpenApiRoute } from './reference/get-openapi.ts';
import { getReferenceRoute } from './reference/get-reference.ts';
import { cancelRunRoute } from './runs/cancel-run.ts';
import { completeStepRoute } from './runs/complete-step.ts';
import { countRunsRoute } from './runs/count-runs.ts';
import { explainRunRoute } from './runs/explain-run.ts';
import { failStepRoute } from './runs/fail-step.ts';
import { forkRunRoute } from './runs/fork-run.ts';
import { getRunRoute } from './runs/get-run.ts';
import { giveStepTokenRoute } from './runs/give-step-token.ts';
import { listEventsRoute } from './runs/list-events.ts';
import { listLinksRoute } from './runs/list-links.ts';
import { listRunsRoute } from './runs/list-runs.ts';
import { listStepsRoute } from './runs/list-steps.ts';
import { operateOnRunsRoute } from './runs/operate-on-runs.ts';
import { pauseRunRoute } from './runs/pause-run.ts';
import { rerunRunRoute } from './runs/rerun-run.ts';
import { resumeRunRoute } from './runs/resume-run.ts';
import { retryRunRoute } from './runs/retry-run.ts';
import { startRunRoute } from './runs/start-run.ts';
import { tellRunRoute } from './runs/tell-run.ts';
import { startRunsRoute } from './runs/start-runs.ts';
import { completeByTokenRoute } from './step-tokens/complete-by-token.ts';
import { failByTokenRoute } from './step-tokens/fail-by-token.ts';
import { deleteTaskRoute } from './tasks/delete-task.ts';
import { diffTaskRoute } from './tasks/diff-task.ts';
import { diffVersionsRoute } from './tasks/diff-versions.ts';
import { getTaskRoute } from './tasks/get-task.ts';
import { getVersionRoute } from './tasks/get-version.ts';
import { listPermissionsRoute } from './tasks/list-permissions.ts';
import { listTasksRoute } from './tasks/list-tasks.ts';
import { listVersionsRoute } from './tasks/list-versions.ts';
import { publishTaskRoute } from './tasks/publish-task.ts';
import { restoreTaskRoute } from './tasks/restore-task.ts';
import { restoreVersionRoute } from './tasks/restore-version.ts';
import { saveTaskRoute } from './tasks/save-task.ts';
import { shareTaskRoute } from './tasks/share-task.ts';
import { startTaskRunRoute } from './tasks/start-task-run.ts';
import { unpublishTaskRoute } from './tasks/unpublish-task.ts';
import { unshareTaskRoute } from './tasks/unshare-task.ts';
import { validateTaskRoute } from './tasks/validate-task.ts';
import { createUploadRoute } from './uploads/create-upload.ts';
import { changeMemberRoute } from './workspaces/change-member.ts';
import { createWorkspaceRoute } from './workspaces/create-workspace.ts';
import { deleteWorkspaceRoute } from './workspaces/delete-workspace.ts';
import { getWorkspaceRoute } from './workspaces/get-workspace.ts';
import { inviteMemberRoute } from './workspaces/invite-member.ts';
import { leaveWorkspaceRoute } from './workspaces/leave-workspace.ts';
import { listInvitationsRoute } from './workspaces/list-invitations.ts';
import { listMembersRoute } from './workspaces/list-members.ts';
import { listWorkspacesRoute } from './workspaces/list-workspaces.ts';
import { removeMemberRoute } from './workspaces/remove-member.ts';
import { renameWorkspaceRoute } from './workspaces/rename-workspace.ts';
import { revokeInvitationRoute } from './workspaces/revoke-invitation.ts';
import { transferWorkspaceRoute } from './workspaces/transfer-workspace.ts';

/**
 * Every endpoint, by the name of its operation. What is not in this list does not exist. Fixed paths stand before those with
 * parameters.
 */
export const routesByName: Readonly<Record<string, Route>> = {
  listTasksRoute,
  saveTaskRoute,
  validateTaskRoute,
  getTaskRoute,
  deleteTaskRoute,
  restoreTaskRoute,
  listVersionsRoute,
  getVersionRoute,
  restoreVersionRoute,
  diffVersionsRoute,
  diffTaskRoute,
  startTaskRunRoute,
  listRunsRoute,
  startRunRoute,
  startRunsRoute,
  operateOnRunsRoute,
  countRunsRoute,
  getRunRoute,
  listStepsRoute,
  listEventsRoute,
  listLinksRoute,
  explainRunRoute,
  tellRunRoute,
  cancelRunRoute,
  pauseRunRoute,
  resumeRunRoute,
  retryRunRoute,
  rerunRunRoute,
  forkRunRoute,
  completeStepRoute,
  failStepRoute,
  giveStepTokenRoute,
  completeByTokenRoute,
  failByTokenRoute,
  listAppEventsRoute,
  emitEventRoute,
  createUploadRoute,
  listFeedsRoute,
  listChangesRoute,
  listWorkspacesRoute,
  createWorkspaceRoute,
  getWorkspaceRoute,
  renameWorkspaceRoute,
  deleteWorkspaceRoute,
  transferWorkspaceRoute,
  leaveWorkspaceRoute,
  listMembersRoute,
  changeMemberRoute,
  removeMemberRoute,
  listInvitationsRoute,
  inviteMemberRoute,
  revokeInvitationRoute,
  acceptInvitationRoute,
  listPublishedTasksRoute,
  getMeRoute,
  getSettingsRoute,
  updateSettingsRoute,
  listAuditRoute,
  verifyAuditRoute,
  listPermissionsRoute,
  shareTaskRoute,
  unshareTaskRoute,
  publishTaskRoute,
  unpublishTaskRoute,
  getPayloadRoute,
  decodePayloadsRoute,
  encodePayloadsRoute,
  listApiKeysRoute,
  createApiKeyRoute,
  revokeApiKeyRoute,
  listDriftRoute,
  getOpenApiRoute,
  getReferenceRoute,
  getHealthRoute,
  getReadinessRoute,
  getMetricsRoute,
};

/** Every endpoint. */
export const routes: readonly Route[] = Object.values(routesByName);
