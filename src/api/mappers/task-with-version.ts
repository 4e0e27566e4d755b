import type { TaskWithVersion } from '@durabase/contracts/api/task';
import { type TaskRow, toTaskSummary } from './task.ts';
import { type TaskVersionRow, toTaskVersion } from './task-version.ts';

export const toTaskWithVersion = (row: TaskRow & { readonly version: TaskVersionRow | null }): TaskWithVersion => ({
  task: toTaskSummary(row),
  version: row.version === null ? null : toTaskVersion(row.version),
});
