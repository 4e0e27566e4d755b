import type { Json } from '@durabase/contracts';
import type { TaskVersion } from '@durabase/contracts/api/task';
import { toMoment, toMomentOrNull } from './values.ts';

/** A row of durabase.task_versions as `to_jsonb` gives it. Its plan is for the engine. */
export interface TaskVersionRow {
  readonly id: string;
  readonly task_id: string;
  readonly workspace_id: string;
  readonly number: number;
  readonly state: TaskVersion['state'];
  readonly definition: Json;
  readonly problems: Json;
  readonly mode: TaskVersion['mode'];
  readonly priority: number | null;
  readonly created_by: string | null;
  readonly created_at: string;
  readonly published_at: string | null;
}

export const toTaskVersion = (row: TaskVersionRow): TaskVersion => ({
  id: row.id,
  taskId: row.task_id,
  workspaceId: row.workspace_id,
  number: row.number,
  state: row.state,
  definition: row.definition,
  problems: row.problems,
  mode: row.mode,
  priority: row.priority,
  createdBy: row.created_by,
  createdAt: toMoment(row.created_at),
  publishedAt: toMomentOrNull(row.published_at),
});
