import { setTimeout } from 'node:timers/promises';
import type { TaskVersion } from '@durabase/contracts/api/task';
import type { Api } from '../api-client.ts';
import { CliError } from '../cli-error.ts';

const PATIENCE_MS = 60_000;
const INTERVAL_MS = 250;

/** A saved version as soon as it is ready or invalid: one that was saved by SQL is compiled by a worker. Throws CliError. */
export const awaitVerdict = async (version: TaskVersion, api: Api): Promise<TaskVersion> => {
  const endMs = performance.now() + PATIENCE_MS;
  for (let seen = version; ;) {
    if (seen.state !== 'draft') return seen;
    if (performance.now() > endMs)
      throw new CliError(`version ${version.number} is still a draft after ${PATIENCE_MS / 1_000} s`, {
        hint: 'is a worker running? It compiles what is saved',
      });
    await setTimeout(INTERVAL_MS);
    seen = await api.get<TaskVersion>(`/tasks/${version.taskId}/versions/${version.number}`);
  }
};
