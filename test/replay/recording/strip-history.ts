import { type History } from '../support/history.ts';

/** What replaying does not need and what says where a history was recorded. */
const LEFT_OUT = new Set([
  'identity',
  'requestId',
  'taskId',
  'workerVersion',
  'meteringMetadata',
  'stackTrace',
  'header',
  'searchAttributes',
]);

/** The queue of one worker is named after it. */
const isWorkersQueue = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'TASK_QUEUE_KIND_STICKY';

const strip = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (LEFT_OUT.has(key) || isWorkersQueue(inner) ? [] : [[key, strip(inner)]])),
  );
};

/** The history without names of hosts, processes and files, one event a line. */
export function stripHistory(history: History): string {
  const events = history.events.map((event) => JSON.stringify(strip(event)));
  return `{"events":[\n${events.join(',\n')}\n]}\n`;
}
