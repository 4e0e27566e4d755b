import type { Run, RunEvent, RunState } from '@durabase/client';
import type { RunStep } from '@durabase/contracts/api/run';
import type { ShownStep } from './api/list-steps.ts';
import type { StepState } from '@durabase/contracts/run-states';

/** A stretch of time in one state. */
export interface Stretch {
  readonly state: RunState | StepState;
  readonly fromMs: number;
  readonly toMs: number;
  /** Of a step; undefined: of the run. */
  readonly attempt: number | undefined;
}

/** A step that is in the plan and perhaps has begun. */
export interface TimelineRow {
  readonly key: string;
  readonly stepId: string;
  readonly name: string;
  readonly action: string;
  /** Which item of a loop it took, from 0; -1: the loop itself. */
  readonly iteration: number;
  /** Of a loop, in their order. */
  readonly items: readonly TimelineRow[];
  /** undefined: it has not begun. */
  readonly step: ShownStep | undefined;
  readonly stretches: readonly Stretch[];
}

export interface Timeline {
  readonly fromMs: number;
  readonly toMs: number;
  readonly run: readonly Stretch[];
  readonly rows: readonly TimelineRow[];
}

/** A step as the definition has it. */
export interface PlannedStep {
  readonly id: string;
  readonly name?: string | undefined;
  readonly action: string;
}

interface Facts {
  readonly run: Run;
  readonly steps: readonly ShownStep[];
  readonly events: readonly RunEvent[];
  readonly planned: readonly PlannedStep[];
  readonly nowMs: number;
}

export const buildTimeline = ({ run, steps, events, planned, nowMs }: Facts): Timeline => {
  const endMs = run.finishedAt === null ? nowMs : Date.parse(run.finishedAt);
  const fromMs = Math.min(Date.parse(run.createdAt), ...steps.map((step) => Date.parse(step.startedAt)));
  const toMs = Math.max(fromMs + 1, endMs, ...steps.map((step) => Date.parse(step.finishedAt ?? step.startedAt)));
  const eventsByStep = Map.groupBy(events, keyOf);
  const begun = steps.map((step): TimelineRow => ({
    key: keyOf(step),
    stepId: step.stepId,
    name: step.name,
    action: step.action,
    iteration: step.iteration,
    items: [],
    step,
    stretches: stretchesOf(step, eventsByStep.get(keyOf(step)) ?? [], endMs),
  }));
  const known = new Set(steps.map(({ stepId }) => stepId));
  const toCome = planned
    .filter(({ id }) => !known.has(id))
    .map(({ id, name, action }): TimelineRow => {
      return { key: id, stepId: id, name: name ?? id, action, iteration: 0, items: [], step: undefined, stretches: [] };
    });
  return { fromMs, toMs, run: runStretches(run, events, endMs), rows: [...gatherLoops(begun), ...toCome] };
};

const keyOf = ({ stepId, iteration }: Pick<RunStep | RunEvent, 'stepId' | 'iteration'>): string => `${stepId}/${iteration}`;

/** Items stand with their loop, however many there are and whatever else went on meanwhile. */
const gatherLoops = (rows: readonly TimelineRow[]): readonly TimelineRow[] => {
  const loops = new Set(rows.filter(({ iteration }) => iteration === -1).map(({ stepId }) => stepId));
  const itemsByStep = Map.groupBy(
    rows.filter(({ iteration, stepId }) => iteration !== -1 && loops.has(stepId)),
    ({ stepId }) => stepId,
  );
  return rows
    .filter(({ iteration, stepId }) => iteration === -1 || !loops.has(stepId))
    .map((row) =>
      row.iteration === -1 ? { ...row, items: (itemsByStep.get(row.stepId) ?? []).toSorted(byIteration).map(nameItem) } : row,
    );
};

const byIteration = (left: TimelineRow, right: TimelineRow): number => left.iteration - right.iteration;
const nameItem = (row: TimelineRow): TimelineRow => ({ ...row, name: `${row.name} · ${row.iteration + 1}` });

/** An event changes the state from its moment on. Before its first one, and without any, the row itself tells. */
const stretchesOf = (step: RunStep, events: readonly RunEvent[], endMs: number): readonly Stretch[] => {
  const startMs = Date.parse(step.startedAt);
  const finishMs = step.finishedAt === null ? Math.max(endMs, startMs) : Date.parse(step.finishedAt);
  const marks = events.flatMap(({ kind, at, attempt }) => {
    const state = STATE_BY_KIND[kind];
    return state === undefined ? [] : [{ state, atMs: Date.parse(at), attempt: attempt ?? step.attempt }];
  });
  // The row knows its start a moment before the event that tells of it.
  const [first = { state: 'running' as const, attempt: step.attempt }, ...rest] = marks;
  const starts = [{ ...first, atMs: startMs }, ...rest];
  const stretches = starts.map(({ state, atMs, attempt }, index): Stretch => {
    const toMs = Math.min(starts[index + 1]?.atMs ?? finishMs, finishMs);
    const next = starts[index + 1]?.state;
    const ended = next === undefined && step.finishedAt !== null ? step.state : next === 'retrying' ? 'failed' : state;
    // An attempt shows how it ended; a wait stays a wait.
    const shown = state === 'running' ? ended : state;
    return { state: shown, fromMs: Math.min(atMs, toMs), toMs, attempt };
  });
  return stretches.filter(({ fromMs, toMs }, index) => toMs > fromMs || index === stretches.length - 1);
};

const STATE_BY_KIND: Readonly<Record<string, StepState>> = {
  'step.started': 'running',
  'step.waiting': 'waiting',
  'step.awaiting_input': 'awaiting_input',
  'step.retry-scheduled': 'retrying',
};

const runStretches = (run: Run, events: readonly RunEvent[], endMs: number): readonly Stretch[] => {
  const marks = events
    .filter(({ kind, state }) => state !== null && (kind.startsWith('run.') || kind.startsWith('step.')))
    .map(({ at, state }) => ({ state: state ?? run.state, fromMs: Date.parse(at) }));
  const changes = marks.filter(({ state }, index) => state !== marks[index - 1]?.state);
  return changes
    .map(({ state, fromMs }, index): Stretch => ({
      state,
      fromMs,
      toMs: changes[index + 1]?.fromMs ?? Math.max(endMs, fromMs),
      attempt: undefined,
    }))
    .filter(({ fromMs, toMs }) => toMs > fromMs);
};
