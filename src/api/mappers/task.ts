import type { TaskSummary } from '@durabase/contracts/api/task';
import { toMoment, toMomentOrNull } from './values.ts';

/** A row of durabase.tasks as `to_jsonb` gives it, with its two versions. */
export interface TaskRow {
  readonly task: {
    readonly id: string;
    readonly workspace_id: string;
    readonly slug: string;
    readonly name: string;
    readonly type: string | null;
    readonly description: string | null;
    readonly tags: readonly string[];
    readonly created_by: string | null;
    readonly created_at: string;
    readonly updated_at: string;
    readonly deleted_at: string | null;
  };
  readonly latest: { readonly id: string; readonly number: number; readonly state: 'draft' | 'ready' | 'invalid' } | null;
  readonly ready: { readonly id: string; readonly number: number } | null;
}

export const toTaskSummary = ({ task, latest, ready }: TaskRow): TaskSummary => ({
  id: task.id,
  workspaceId: task.workspace_id,
  slug: task.slug,
  name: task.name,
  type: task.type,
  description: task.description,
  tags: [...task.tags],
  latestVersion: latest,
  readyVersion: ready,
  createdBy: task.created_by,
  createdAt: toMoment(task.created_at),
  updatedAt: toMoment(task.updated_at),
  deletedAt: toMomentOrNull(task.deleted_at),
});
