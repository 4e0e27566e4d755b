import type { Json, Run } from '@durabase/client';
import { readRun, rowsOf } from '@durabase/client/runs/read-rows';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type Backend, useBackend } from '../../../lib/backend.ts';
import { linksKey } from './get-links.ts';
import { runKey } from './get-run.ts';

/** What can be asked of a run. */
export type Operation =
  | { readonly kind: 'cancel'; readonly reason?: string | undefined }
  | { readonly kind: 'pause'; readonly reason?: string | undefined }
  | { readonly kind: 'resume' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'rerun'; readonly input: Json; readonly version: 'same' | 'newest' }
  | { readonly kind: 'fork'; readonly fromStep: string; readonly version: 'same' | 'newest' };

const callOf = (run: string, operation: Operation): readonly [name: string, args: Readonly<Record<string, unknown>>] => {
  switch (operation.kind) {
    case 'cancel':
      return ['cancel_run', { run, reason: operation.reason }];
    case 'pause':
      return ['pause_run', { run, reason: operation.reason }];
    case 'resume':
      return ['resume_run', { run }];
    case 'retry':
      return ['retry_run', { run }];
    case 'rerun':
      return ['rerun', { run, input: operation.input, version: operation.version }];
    case 'fork':
      return ['fork_run', { run, from_step: operation.fromStep, version: operation.version }];
  }
};

/** The run that it was asked of, or the new one that came of it. */
const operate = async ({ calls }: Backend, runId: string, operation: Operation): Promise<Run> => {
  const [row] = rowsOf(await calls.call(...callOf(runId, operation)));
  if (row === undefined) throw new Error(`${operation.kind} was answered without a run`);
  return readRun(row);
};

export const useOperateRun = (runId: string) => {
  const backend = useBackend();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (operation: Operation) => operate(backend, runId, operation),
    onSuccess: (run) => {
      queries.setQueryData(runKey(run.id), run);
      void queries.invalidateQueries({ queryKey: linksKey(runId) });
    },
  });
};
