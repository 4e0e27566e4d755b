import type { FieldChange, TaskDiff, TaskVersion, TaskWithVersion } from '@durabase/contracts/api/task';
import type { Api } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import type { LoadedTask } from '../load-definitions.ts';
import { showChanges } from '../show/show-changes.ts';
import type { Terminal } from '../terminal.ts';

/** A task in a file beside what is saved. */
export interface Comparison extends LoadedTask {
  readonly change: 'none' | 'new' | 'changed';
  /** Where it is saved; undefined: where the caller's new tasks go. */
  readonly workspace: string | undefined;
  /** The newest version that is saved. */
  readonly newest: TaskVersion | undefined;
  readonly changes: readonly FieldChange[];
}

/** Throws CliError, but not for a task that is not there yet. */
export const compareTask = async (task: LoadedTask, api: Api, named: string | undefined): Promise<Comparison> => {
  let found: TaskWithVersion;
  try {
    found = await api.get<TaskWithVersion>(`/tasks/${task.slug}`, { workspace: named });
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'TASK_NOT_FOUND')) throw error;
    return { ...task, change: 'new', workspace: named, newest: undefined, changes: [] };
  }
  // Saved where it was found: the caller's own workspace may be another one.
  const workspace = found.task.workspaceId;
  const { changes } = await api.post<TaskDiff>(`/tasks/${task.slug}/diff`, { workspace }, task.definition);
  return { ...task, change: changes.length === 0 ? 'none' : 'changed', workspace, newest: found.version ?? undefined, changes };
};

/** One task with the fields that differ. */
export const showComparison = ({ slug, file, change, newest, changes }: Comparison, terminal: Terminal): void => {
  switch (change) {
    case 'none':
      terminal.say(`  = ${slug}: no change (version ${newest?.number ?? 0})`);
      break;
    case 'new':
      terminal.say(terminal.paint('added', `  + ${slug}: new, from ${file}`));
      break;
    case 'changed':
      terminal.say(terminal.paint('changed', `  ~ ${slug}: version ${newest?.number ?? 0} differs from ${file}`));
      showChanges(changes, terminal);
      break;
  }
};
