import type { Json } from '@durabase/contracts';
import type { RunEvent } from '@durabase/contracts/api/run';

/** How an event is told; `step` is the step's name, with its place in a loop. */
type Tell = (event: RunEvent, step: string) => string;

/** One sentence for each kind of event. A kind that is not here is a kind that people are not told of. */
export const EVENT_SENTENCES: Readonly<Record<string, Tell>> = {
  'run.scheduled': () => 'The run was accepted, to start later.',
  'run.queued': () => 'The run was accepted and waits for its turn.',
  'run.running': () => 'The run started.',
  'run.adopted': () => 'The run was found in Temporal without a row here, and was taken over with its history.',
  'run.cancel-requested': ({ data }) => `${who(data)} asked for its end${because(data, 'reason')}.`,
  'run.paused': ({ data }) => `${who(data)} paused the run${because(data, 'reason')}.`,
  'run.resumed': ({ data }) => `${who(data)} let the run go on.`,
  'run.signalled': ({ data }) =>
    `Somebody sent it the signal ${quote(text(data, 'signal'))} in Temporal; that changes nothing by itself.`,
  'run.reset': ({ data }) => `Somebody reset the run in Temporal${was(data)}: it goes on from an earlier point.`,
  'run.stalled': ({ data }) => `The run stood still${because(data, 'reason')}.`,
  'run.going-on': () => 'The run goes on.',
  'run.waiting': () => 'The run waits.',
  'run.awaiting_input': () => 'The run waits for somebody to answer.',
  'run.retrying': () => 'The run waits for its next attempt.',
  'run.completed': () => 'The run completed.',
  'run.failed': ({ data }) => `The run failed${withError(data)}.`,
  'run.timed_out': ({ data }) => `The run took too long${withError(data)}.`,
  'run.cancelled': ({ data }) => `The run was cancelled${withError(data)}.`,
  'run.skipped': ({ data }) => `The run was skipped${withError(data)}.`,
  'run.expired': ({ data }) => `The run did not start in time${withError(data)}.`,
  'step.started': ({ attempt }, step) =>
    attempt !== null && attempt > 1 ? `${step} began attempt ${attempt}.` : `${step} started.`,
  'step.running': (_event, step) => `${step} runs.`,
  'step.waiting': ({ data }, step) => `${step} waits${until(data, 'wakesAt')}.`,
  'step.awaiting_input': (_event, step) => `${step} waits for somebody to answer.`,
  'step.loop-started': ({ data }, step) => `${step} began its loop over ${text(data, 'count') ?? 'its'} items.`,
  'step.completed': ({ attempt }, step) =>
    attempt !== null && attempt > 1 ? `${step} completed at attempt ${attempt}.` : `${step} completed.`,
  'step.retry-scheduled': ({ attempt, data }, step) =>
    `${step} failed at attempt ${attempt ?? 1}${withError(errorOf(data))}; it tries again${phrase(' at ', text(data, 'nextAttemptAt'))}.`,
  'step.failed': ({ attempt, data }, step) => `${step} failed at attempt ${attempt ?? 1}${withError(errorOf(data))}, for good.`,
  'step.timed_out': ({ attempt, data }, step) => `${step} took too long at attempt ${attempt ?? 1}${withError(errorOf(data))}.`,
  'step.cancelled': (_event, step) => `${step} was cancelled.`,
  'step.skipped': ({ data }, step) => `${step} was skipped${because(data, 'reason')}.`,
};

const field = (data: Json, name: string): Json | undefined =>
  typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Readonly<Record<string, Json>>)[name] : undefined;

const text = (data: Json, name: string): string | undefined => {
  const value = field(data, name);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};

const errorOf = (data: Json): Json => field(data, 'error') ?? null;
const quote = (words: string | undefined): string => (words === undefined ? 'without a name' : `“${words}”`);
const who = (data: Json): string => text(data, 'by') ?? 'Somebody';
const because = (data: Json, name: string): string => phrase(': ', text(data, name));
const until = (data: Json, name: string): string => phrase(' until ', text(data, name));
const was = (data: Json): string => phrase(' while it was ', text(data, 'was'));
const phrase = (before: string, words: string | undefined): string =>
  words === undefined ? '' : `${before}${words.replace(/\.$/, '')}`;

/** Of an error as it is kept: `{ code, message }`. */
function withError(error: Json): string {
  const [code, message] = [text(error, 'code'), text(error, 'message')];
  if (code === undefined) return phrase(': ', message);
  return ` with ${code}${phrase(': ', message)}`;
}
