import type { EffectEvidence, Evidence } from './judge-runs.ts';
import type { Stage } from './stage.ts';

/** Asks all three sides: the mirror as the user, Temporal by its CLI, and those who keep the effects. */
export async function gatherEvidence(stage: Stage): Promise<Evidence> {
  const mirror = await readMirror(stage);
  const statuses = new Map<string, string>();
  // One program after the other: each is a process of 140 MB.
  for (const { id, workflow_id: workflowId } of mirror) statuses.set(id, await stage.temporal.readStatus(workflowId));
  return { mirror: new Map(mirror.map((run) => [run.id, run.state])), temporal: statuses, effects: await readEffects(stage) };
}

interface MirroredRun {
  readonly id: string;
  readonly workflow_id: string;
  readonly state: string;
}

async function readMirror({ user }: Stage): Promise<readonly MirroredRun[]> {
  const { data, error } = await user.supabase.from('task_runs').select('id, workflow_id, state');
  if (error !== null) throw new Error(`task_runs cannot be read: ${error.message}`);
  return data as readonly MirroredRun[];
}

async function readEffects({ user, target }: Stage): Promise<readonly EffectEvidence[]> {
  const { data, error } = await user.supabase.schema('public').from('sales_reports').select('step_key');
  if (error !== null) throw new Error(`sales_reports cannot be read: ${error.message}`);
  const rows = data as readonly { readonly step_key: string }[];
  return [
    ...[...target.effects.values()].map(({ key, bodies }) => ({
      key,
      requestCount: target.requestCounts.get(key),
      isSame: bodies.size === 1,
    })),
    ...rows.map(({ step_key: key }) => ({ key, requestCount: undefined, isSame: true })),
  ];
}
