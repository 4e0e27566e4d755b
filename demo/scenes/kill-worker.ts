import type { Stage } from '../stage.ts';
import { isCompleted, startByRpc } from './start-runs.ts';

/** The worker dies while a step waits for its answer; the next one takes the step again, with the same key. */
export async function playKillWorker(stage: Stage): Promise<void> {
  const { screen, target, programs, watch, signal } = stage;
  screen.scene('The worker is killed in the middle of a step');
  const actor = await startByRpc(stage, 'fulfil-order', { order: 2_000, desk: 'slow' });
  await target.untilHeld(signal);
  screen.tell('the target has done its part and keeps the answer: SIGKILL');
  await programs.worker.kill('SIGKILL', { restart: false });
  const killedAt = performance.now();
  target.release();
  await programs.worker.start();
  screen.tell('another worker is up');
  await watch.until(actor.id, isCompleted, 'the run whose worker died');
  screen.tell(`it completed ${((performance.now() - killedAt) / 1_000).toFixed(1)} s after the kill`);
}
