import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, type InjectedSinks, type ReplayWorkerOptions, Worker } from '@temporalio/worker';
import { bundleWorkflows, WORKFLOWS } from '../../../src/platform/temporal/bundle-workflows.ts';
import { FAILURE_CONVERTER_PATH } from '../../../src/platform/temporal/data-converter.ts';
import { type Asked, explainMismatch } from './explain-mismatch.ts';
import type { CommandSinks } from './observe-commands.ts';
import type { StoredHistory } from './stored-histories.ts';

/** A history that the code does not replay. */
export interface Mismatch {
  readonly name: string;
  readonly reason: string;
}

interface Failure {
  readonly stored: StoredHistory;
  readonly message: string;
}

async function replay(histories: readonly StoredHistory[], options: ReplayWorkerOptions): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  const waiting = [...histories];
  const toReplay = histories.map(({ name, history }) => ({ workflowId: name, history }));
  for await (const { error } of Worker.runReplayHistories(options, toReplay)) {
    const stored = waiting.shift();
    if (stored !== undefined && error !== undefined) failures.push({ stored, message: error.message });
  }
  if (waiting.length > 0) throw new Error(`not replayed: ${waiting.map(({ name }) => name).join(', ')}`);
  return failures;
}

/** What the code asks for while it replays a history. */
async function observe(stored: StoredHistory, workflowBundle: { readonly code: string }): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  const note: InjectedSinks<CommandSinks>['commands']['asked'] = {
    fn: (_, kind, number, line) => void asked.push({ kind, number, line }),
    callDuringReplay: true,
  };
  await replay([stored], { workflowBundle, sinks: { commands: { asked: note } } });
  return asked;
}

/** Which code is to replay. */
export interface ReplayedCode {
  /** The module whose exports are the workflows. @default the product's own */
  readonly workflows?: string;
  /** Whether it is the bundle for encoded payloads. @default false */
  readonly isEncoded?: boolean;
}

/**
 * Replays histories against workflows, bundled as production bundles them, and explains those that do not fit: they are
 * replayed once more by an observed bundle.
 */
export async function findMismatches(
  histories: readonly StoredHistory[],
  { workflows = WORKFLOWS, isEncoded = false }: ReplayedCode = {},
): Promise<readonly Mismatch[]> {
  const failures = await replay(histories, {
    workflowBundle: await bundleWorkflows({ isEncoded, workflows }),
    ...(isEncoded ? { dataConverter: { failureConverterPath: FAILURE_CONVERTER_PATH } } : {}),
  });
  if (failures.length === 0) return [];
  const observed = await bundleWorkflowCode({
    workflowsPath: workflows,
    workflowInterceptorModules: [join(import.meta.dirname, 'observe-commands.ts')],
    logger: new DefaultLogger('ERROR'),
  });
  const mismatches: Mismatch[] = [];
  for (const { stored, message } of failures)
    mismatches.push({ name: stored.name, reason: explainMismatch(message, stored.history, await observe(stored, observed)) });
  return mismatches;
}

/** What the test says when a change breaks runs that are under way. */
export const describeMismatches = (mismatches: readonly Mismatch[]): string =>
  [
    `${mismatches.length} recorded histories do not replay: runs of these shapes that are under way would hang after a deploy.`,
    ...mismatches.map(({ name, reason }) => `  ${name}: ${reason}`),
    'Keep the order and kind of commands, or guard the change: if (patched("<id>")) { new } else { old }, with the id in',
    'src/workflows/versions.md, and record what the new code does: npm run replay:record -- <shape> --patch <id>.',
    'If no release has had the recorded code: npm run replay:record -- <shape> --replace.',
  ].join('\n');
