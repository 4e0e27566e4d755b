import { isPlatformError, type Json, type JsonObject, type Plan, PlatformError } from '@durabase/contracts';
import type { Db, Statement } from '../../ports/db.ts';
import type {
  BeginAnswer,
  EndAnswer,
  LoadedRun,
  LoadedStep,
  MirrorPort,
  Opening,
  RunEnd,
  StepBegin,
  StepEnd,
  StepSkip,
} from '../../ports/mirror.ts';
import { isConflict } from '../db/sql-errors.ts';
import { createBatcher } from './create-batcher.ts';
import { createLongRunWrites } from './long-run-writes.ts';

const SQL = {
  loadRuns: { name: 'load_runs', text: 'select durabase_private.load_runs($1::uuid[]) as answer' },
  loadPlan: { name: 'load_plan', text: 'select durabase_private.load_plan($1) as answer' },
  openRuns: { name: 'open_runs', text: 'select durabase_private.open_runs($1::jsonb) as answer' },
  loadSteps: {
    name: 'load_steps',
    text: `select durabase_private.load_step((e.i ->> 'runId')::uuid, e.i ->> 'stepId', (e.i ->> 'iteration')::int, e.i ->> 'temporalRunId',
        array(select jsonb_array_elements_text(e.i -> 'references')), (e.i ->> 'withInput')::boolean) as answer
      from jsonb_array_elements($1::jsonb) with ordinality as e (i, n) order by e.n`,
  },
  writeSteps: { name: 'write_steps', text: 'select durabase_private.write_steps($1::jsonb) as answer' },
  finishRuns: { name: 'finish_runs', text: 'select durabase_private.finish_runs($1::jsonb) as answer' },
  adoptStart: { name: 'adopt_start', text: 'select durabase_private.adopt_start($1, $2, $3, $4, $5::jsonb) as answer' },
  noteSignal: { name: 'note_signal', text: 'select durabase_private.note_signal($1, $2, $3) as answer' },
} as const satisfies Record<string, Statement>;

const MAX_PLANS = 500;
/** Loaded together at most: each may bring outputs of 5 MB. */
const MAX_LOADED = 20;
/** A conflict of locks between two batches is nobody's fault: the same statement succeeds the next time. */
const MAX_CONFLICTS = 5;

type Finished = Awaited<ReturnType<MirrorPort['finishRun']>>;
type StepWrite =
  | (StepBegin & { readonly op: 'begin' })
  | (StepSkip & { readonly op: 'skip' })
  | (StepEnd & { readonly op: 'end' });
type StepToLoad = Parameters<MirrorPort['loadStep']>[0];
type Skipped = Awaited<ReturnType<MirrorPort['skipStep']>>;

/** Plans by version, the newest {@link MAX_PLANS} of them. */
function createPlanCache(load: (versionId: string) => Promise<Plan>): (versionId: string) => Promise<Plan> {
  const plans = new Map<string, Promise<Plan>>();
  return (versionId) => {
    const known = plans.get(versionId);
    if (known !== undefined) return known;
    const loading = load(versionId);
    plans.set(versionId, loading);
    loading.catch(() => plans.delete(versionId)); // the caller sees the error; the next one tries again
    const oldest = plans.keys().next().value;
    if (plans.size > MAX_PLANS && oldest !== undefined) plans.delete(oldest);
    return loading;
  };
}

type Ask = <Answer>(statement: Statement, values: Parameters<Db['query']>[1]) => Promise<Answer>;

/** The answer of a function that returns one row; asked again where the database broke a conflict of locks. */
const createAsk =
  (db: Db): Ask =>
  async <Answer>(statement: Statement, values: Parameters<Db['query']>[1]): Promise<Answer> => {
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        const [row] = await db.query<{ answer: Answer }>(statement, values);
        if (row === undefined) throw new PlatformError('INTERNAL', { message: `${statement.name} returned no row` });
        return row.answer;
      } catch (error) {
        if (!isConflict(error) || conflicts >= MAX_CONFLICTS) throw error;
      }
    }
  };

/** Options of {@link createMirror}. */
export interface MirrorOptions {
  readonly db: Db;
  /** Permits may have become free. */
  readonly onFreed: () => void;
  /** Something was written that followers want to hear of. */
  readonly onWritten: () => void;
}

/** {@link MirrorPort} over the functions of schema durabase_private. */
export function createMirror({ db, onFreed, onWritten }: MirrorOptions): MirrorPort {
  const ask = createAsk(db);
  const batched = <Item, Answer>(statement: Statement) =>
    createBatcher<Item, Answer>({
      write: async (items) => {
        const answers = await ask<readonly Answer[]>(statement, [JSON.stringify(items)]);
        onWritten();
        return answers;
      },
      isShared: (error) => isPlatformError(error) && error.code === 'DATABASE_UNAVAILABLE',
    });

  const loadRuns = createBatcher<string, { readonly run: LoadedRun | undefined }>({
    write: async (runIds) => {
      const runs = await ask<readonly LoadedRun[]>(SQL.loadRuns, [[...new Set(runIds)]]);
      return runIds.map((runId) => ({ run: runs.find((run) => run.runId === runId) }));
    },
    isShared: () => true,
  });
  const loadSteps = createBatcher<StepToLoad, { readonly answer: LoadedStep | null }>({
    write: (items) => db.query<{ answer: LoadedStep | null }>(SQL.loadSteps, [JSON.stringify(items)]),
    maxItems: MAX_LOADED,
    isShared: () => true,
  });
  const openRuns = batched<JsonObject, Opening>(SQL.openRuns);
  const writeSteps = batched<StepWrite, BeginAnswer | EndAnswer | Skipped>(SQL.writeSteps);
  const finishRuns = batched<RunEnd, Finished>(SQL.finishRuns);
  const loadPlan = createPlanCache(async (versionId) => {
    const plan = await ask<Plan | null>(SQL.loadPlan, [versionId]);
    if (plan === null) throw new PlatformError('TASK_NOT_READY', { message: `version ${versionId} has no plan` });
    return plan;
  });

  return {
    loadRun: async (runId) => (await loadRuns(runId)).run,
    loadPlan,
    adoptStart: async ({ runId, workflowId, workspace, task, input }) => {
      await ask(SQL.adoptStart, [runId, workflowId, workspace ?? null, task, JSON.stringify(input ?? {})]);
    },
    openRun: (request) => openRuns(request as unknown as JsonObject),
    loadStep: async (step) => (await loadSteps(step)).answer ?? undefined,
    beginStep: async (begin) => {
      const answer = (await writeSteps({ op: 'begin', ...begin })) as BeginAnswer;
      if (begin.wait?.kind === 'child') onFreed(); // a run was accepted
      return answer;
    },
    endStep: async (end) => (await writeSteps({ op: 'end', ...end })) as EndAnswer,
    skipStep: async (skip) => (await writeSteps({ op: 'skip', ...skip })) as Skipped,
    ...createLongRunWrites({ ask, onWritten }),
    finishRun: async (end) => {
      const finished = await finishRuns(end);
      onFreed();
      return finished;
    },
    noteSignal: async ({ runId, temporalRunId, name }) => {
      await ask<Json>(SQL.noteSignal, [runId, temporalRunId, name]);
    },
  };
}
