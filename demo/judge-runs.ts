import { type Actor, nickname } from './cast.ts';
import { EFFECT_STEPS } from './tasks.ts';

/** One effect that somebody keeps. */
export interface EffectEvidence {
  /** `<run>/<step>/<iteration>` */
  readonly key: string;
  /** How often it was asked for; undefined where nobody counts. */
  readonly requestCount: number | undefined;
  /** Every request asked for the same. */
  readonly isSame: boolean;
}

/** What each side says in the end. */
export interface Evidence {
  readonly mirror: ReadonlyMap<string, string>;
  readonly temporal: ReadonlyMap<string, string>;
  readonly effects: readonly EffectEvidence[];
}

/** A run in the final table. */
export interface Verdict {
  readonly name: string;
  readonly startedBy: string;
  readonly mirror: string;
  readonly temporal: string;
  readonly effectCount: number;
  readonly expectedCount: number;
  readonly requestCount: number;
  /** Empty: all sides agree. */
  readonly problems: readonly string[];
}

/** How Temporal may call a run that the mirror shows so. */
const AGREEING: Readonly<Record<string, readonly string[]>> = {
  completed: ['Completed'],
  failed: ['Failed'],
  timed_out: ['Failed', 'Timed_out'],
  cancelled: ['Canceled', 'Terminated'],
};

/** Compares all sides, run by run; also finds runs and effects that nobody ordered. */
export function judgeRuns(
  actors: readonly Actor[],
  evidence: Evidence,
): { readonly verdicts: readonly Verdict[]; readonly problems: readonly string[] } {
  const verdicts = actors.map((actor) => judgeRun(actor, evidence));
  const known = new Set(actors.map(({ id }) => id));
  const strangers = [...evidence.mirror.keys()].filter((id) => !known.has(id));
  const strayKeys = evidence.effects.filter(({ key }) => !known.has(runOf(key)));
  return {
    verdicts,
    problems: [
      ...verdicts.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
      ...strangers.map((id) => `run ${id} is in the mirror, but nobody started it`),
      ...strayKeys.map(({ key }) => `the effect ${key} belongs to no run`),
    ],
  };
}

const runOf = (key: string): string => key.split('/')[0] ?? '';

function judgeRun({ id, task, startedBy, ending }: Actor, { mirror, temporal, effects }: Evidence): Verdict {
  const state = mirror.get(id) ?? 'missing';
  const status = temporal.get(id) ?? 'missing';
  const own = effects.filter(({ key }) => runOf(key) === id);
  const expected = ending === 'completed' ? EFFECT_STEPS[task].map((step) => `${id}/${step}/0`) : [];
  const found = own.map(({ key }) => key);
  const problems = [
    ...(state === ending ? [] : [`it should have ${ending}, the mirror says ${state}`]),
    ...(AGREEING[state]?.includes(status) === true ? [] : [`the mirror says ${state}, Temporal says ${status}`]),
    ...expected.filter((key) => !found.includes(key)).map((key) => `the effect ${key} is missing`),
    ...found.filter((key) => !expected.includes(key)).map((key) => `the effect ${key} was not to happen`),
    ...found.filter((key, index) => found.indexOf(key) !== index).map((key) => `the effect ${key} happened twice`),
    ...own.filter(({ isSame }) => !isSame).map(({ key }) => `${key} came with different bodies`),
  ];
  return {
    name: nickname(task, id),
    startedBy,
    mirror: state,
    temporal: status,
    effectCount: found.length,
    expectedCount: expected.length,
    requestCount: own.reduce((sum, { requestCount = 0 }) => sum + requestCount, 0),
    problems,
  };
}
