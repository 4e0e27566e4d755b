import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTemporal, startStack } from '@durabase/local-stack';
import { describeAddresses } from '@durabase/local-stack/stack-file';
import type { Screen } from './screen.ts';
import type { EmptyStage } from './stage.ts';
import { startTarget } from './target.ts';
import { createTemporalCli } from './temporal-cli.ts';

/** A stack of its own in a folder of its own on free ports, beside whatever else runs on this machine. */
export async function openStage({ screen, signal, onEnd }: Pick<EmptyStage, 'screen' | 'signal' | 'onEnd'>): Promise<EmptyStage> {
  const projectDir = join(import.meta.dirname, '..');
  // Building Temporal takes minutes, once: its progress is shown everywhere.
  const { path: binaryPath } = await findTemporal({ env: process.env, onProgress: screen.say });
  screen.scene('A stack starts: Postgres, REST, Auth, Realtime, Temporal');
  const target = await startTarget();
  onEnd(target.close);
  const stateDir = mkdtempSync(join(tmpdir(), 'durabase-demo-'));
  onEnd(async () => rmSync(stateDir, { recursive: true, force: true }));
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], DURABASE_TEMPORAL_BIN: binaryPath };
  const stack = await startStack({ projectDir, stateDir, env, ports: 'free', api: false, worker: false, log: screen.note });
  onEnd(stack.destroy);
  signal.throwIfAborted();
  screen.say(`   Temporal's Web UI: ${stack.urls.temporalUi ?? 'nowhere'}/namespaces/${stack.temporal.namespace}/workflows`);
  const temporal = createTemporalCli({ binaryPath, ...stack.temporal });
  return { projectDir, screen, stack, target, temporal, signal, onEnd };
}

/** Where everything is, for somebody who looks around. */
export function showAddresses(screen: Screen, { stack, target }: EmptyStage): void {
  const rows = [
    ...describeAddresses(stack),
    ['Target', target.url],
    ['Keys and passwords', join(stack.stateDir, 'stack.json')],
  ] as const;
  for (const [title, value] of rows) screen.say(`  ${title.padEnd(18)}  ${value}`);
}
