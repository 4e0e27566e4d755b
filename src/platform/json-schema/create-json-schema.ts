import { Worker } from 'node:worker_threads';
import type { Json, JsonObject, Problem } from '@durabase/contracts';
import { problem } from '../../domain/plan/problem.ts';
import type { JsonSchemaPort } from '../../ports/json-schema.ts';
import { checkBounds } from './check-bounds.ts';
import { explain, type SchemaError } from './explain.ts';
import type { SchemaAnswer, SchemaJob } from './schema-worker.ts';

/** Options of {@link createJsonSchema}. */
export interface JsonSchemaOptions {
  /** How long one check may take, in milliseconds. @default 200 */
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly job: SchemaJob;
  readonly resolve: (answer: SchemaAnswer | 'late' | 'crashed') => void;
}

/** The first check pays for starting the thread and loading the validator. */
const START_MS = 5_000;
const TOO_LONG = 'the schema takes too long to check';
const CRASHED = 'the schema takes too much memory to check';

const refuse = (message: string, hint?: string): { readonly refused: readonly Problem[] } => ({
  refused: [problem(['input'], message, { hint })],
});

/** Runs jobs one after the other in a thread that is ended, and made anew, when one takes too long. */
function createThread(timeoutMs: number) {
  const waiting: Waiting[] = [];
  let current: Waiting | undefined;
  let worker: Worker | undefined;
  let isWarm = false;
  let timer: NodeJS.Timeout | undefined;
  let nextId = 1;

  const settle = (outcome: SchemaAnswer | 'late' | 'crashed'): void => {
    clearTimeout(timer);
    const { resolve } = current ?? {};
    current = undefined;
    resolve?.(outcome);
    next();
  };
  const end = (outcome: 'late' | 'crashed'): void => {
    const ended = worker;
    worker = undefined;
    isWarm = false;
    void ended?.terminate();
    settle(outcome);
  };
  const spawn = (): Worker => {
    const made = new Worker(new URL('./schema-worker.ts', import.meta.url), {
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
    });
    made.unref();
    made.on('message', (answer: SchemaAnswer) => {
      isWarm = true;
      if (answer.id === current?.job.id) settle(answer);
    });
    made.on('error', () => made === worker && end('crashed'));
    return made;
  };
  const next = (): void => {
    if (current !== undefined) return;
    current = waiting.shift();
    if (current === undefined) return;
    worker ??= spawn();
    timer = setTimeout(() => end('late'), isWarm ? timeoutMs : START_MS + timeoutMs);
    worker.postMessage(current.job);
  };

  return {
    run: (job: Omit<SchemaJob, 'id'>) =>
      new Promise<SchemaAnswer | 'late' | 'crashed'>((resolve) => {
        waiting.push({ job: { ...job, id: nextId++ }, resolve });
        next();
      }),
    close: async () => {
      const ended = worker;
      worker = undefined;
      await ended?.terminate();
    },
  };
}

/** {@link JsonSchemaPort} with the validator in a thread of its own: static bounds first, then a deadline for everything else. */
export function createJsonSchema({ timeoutMs = 200 }: JsonSchemaOptions): JsonSchemaPort & { close(): Promise<void> } {
  const thread = createThread(timeoutMs);
  const check = async (
    schema: JsonObject,
    value?: Json,
  ): Promise<readonly SchemaError[] | { readonly refused: readonly Problem[] }> => {
    const bounds = checkBounds(schema);
    if (bounds.length > 0) return { refused: bounds };
    const outcome = await thread.run({
      schema: JSON.stringify(schema),
      ...(value === undefined ? {} : { value: JSON.stringify(value) }),
    });
    if (outcome === 'late') return refuse(TOO_LONG, 'make it smaller: fewer alternatives, simpler patterns');
    if (outcome === 'crashed') return refuse(CRASHED);
    if ('broken' in outcome) return refuse(`this is no usable JSON Schema: ${outcome.broken}`);
    return outcome.errors;
  };
  return {
    checkSchema: async (schema) => {
      const answer = await check(schema);
      return 'refused' in answer ? answer.refused : [];
    },
    checkValue: async (schema, value) => {
      const answer = await check(schema, value);
      return 'refused' in answer
        ? answer.refused.map((found) => ({ ...found, code: 'INVALID_INPUT' as const }))
        : answer.map(explain);
    },
    close: thread.close,
  };
}
