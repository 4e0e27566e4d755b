// The whole product in one minute, on a stack of its own. `--keep` leaves everything up until Ctrl+C.
import { parseArgs } from 'node:util';
import { openStage, showAddresses } from './open-stage.ts';
import { playCompareSides } from './scenes/compare-sides.ts';
import { playCountSubscribers } from './scenes/count-subscribers.ts';
import { playKillWorker } from './scenes/kill-worker.ts';
import { playSaveTasks } from './scenes/save-tasks.ts';
import { playSignUp } from './scenes/sign-up.ts';
import { playStartRuns } from './scenes/start-runs.ts';
import { playUseTemporal } from './scenes/use-temporal.ts';
import { createScreen, type Screen } from './screen.ts';
import type { EmptyStage } from './stage.ts';

type Undo = () => Promise<void>;

const EXIT_CODE_OF_INTERRUPT = 130;

/** Whether everything is as it should be. */
async function playAll(empty: EmptyStage): Promise<boolean> {
  const stage = await playSignUp(empty);
  await playSaveTasks(stage);
  const started = await playStartRuns(stage);
  await playKillWorker(stage);
  await playUseTemporal(stage, started);
  const isNothingMissing = await playCountSubscribers(stage, started.absence);
  const areAgreed = await playCompareSides(stage);
  return isNothingMissing && areAgreed;
}

async function play(
  wishes: { readonly screen: Screen; readonly signal: AbortSignal; readonly isKept: boolean },
  onEnd: (undo: Undo) => void,
): Promise<number> {
  const { screen, signal, isKept } = wishes;
  const beganAt = performance.now();
  const empty = await openStage({ screen, signal, onEnd });
  const areAgreed = await playAll(empty);
  const seconds = ((performance.now() - beganAt) / 1_000).toFixed(0);
  screen.say(areAgreed ? `All agree, after ${seconds} s.` : `They do not agree; after ${seconds} s.`);
  if (isKept) await keep(empty);
  return areAgreed ? 0 : 1;
}

async function keep(stage: EmptyStage): Promise<void> {
  showAddresses(stage.screen, stage);
  stage.screen.say('Ctrl+C stops it and deletes everything.');
  if (stage.signal.aborted) return;
  await new Promise<void>((resolve) => stage.signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Goes through all of them, whatever some of them throw. Returns whether everything was undone. */
async function undoAll(undos: readonly Undo[], screen: Screen): Promise<boolean> {
  let isDone = true;
  for (const undo of undos.toReversed()) {
    try {
      await undo();
    } catch (error) {
      isDone = false;
      screen.say(`cleaning up: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return isDone;
}

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
const screen = createScreen(process.stdout, process.env);
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (!interrupt.signal.aborted) screen.say('stopping, and deleting everything');
    interrupt.abort();
  });
}
const undos: Undo[] = [];
try {
  process.exitCode = await play({ screen, signal: interrupt.signal, isKept: values.keep }, (undo) => undos.push(undo));
} catch (error) {
  process.exitCode = interrupt.signal.aborted ? EXIT_CODE_OF_INTERRUPT : 1;
  if (!interrupt.signal.aborted)
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
if (!(await undoAll(undos, screen))) process.exitCode = 1;
