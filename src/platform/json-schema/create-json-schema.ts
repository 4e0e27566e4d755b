import type { Json, Problem } from '@durabase/contracts';
import type { JsonSchemaPort } from '../../ports/json-schema.ts';
import { checkBounds } from './check-bounds.ts';
import { createJobQueue, type JobQueue } from './create-job-queue.ts';
import type { JsonSchema } from './definitions.ts';
import type { Verdict } from './messages.ts';

/** Options of {@link createJsonSchema}. */
export interface JsonSchemaOptions {
  /**
   * Processor time that one check may take, in milliseconds. What compiling and reading need is added: one millisecond for
   * each object and list of the schema, and for each 10,000 characters of the value. @default 200
   */
  readonly timeoutMs?: number;
  /** How much longer a check may take by the clock, where the machine is busy with other things, in milliseconds. @default 5_000 */
  readonly patienceMs?: number;
  /** Memory that checks may take, in MB, at least 16: with less no thread comes up. @default 128 */
  readonly memoryMb?: number;
}

/** {@link JsonSchemaPort} that also takes the schemas `true` and `false`. */
export interface JsonSchemaChecker extends JsonSchemaPort {
  checkSchema(schema: JsonSchema): Promise<readonly Problem[]>;
  checkValue(schema: JsonSchema, value: Json): Promise<readonly Problem[]>;
  close(): Promise<void>;
}

const MAX_SCHEMA_CHARACTERS = 256_000;
/** Inputs have at most 1 MiB, what other callers check may be longer. */
const MAX_VALUE_CHARACTERS = 4_000_000;
/** How fast a value is read at least. */
const CHARACTERS_PER_MS = 10_000;

const unusable = (message: string, hint: string): Verdict => ({
  kind: 'unusable',
  problems: [{ code: 'INVALID_TASK', path: 'input', message, hint }],
});
const unfit = (message: string, hint: string): readonly Problem[] => [{ code: 'INVALID_INPUT', path: 'input', message, hint }];

const TOO_LONG = ['the schema takes too long to check', 'make it simpler: fewer alternatives inside each other'] as const;
const TOO_MUCH = ['the schema takes too much memory to check', 'make it smaller, or shorten what is checked'] as const;

/** A value as text; `undefined` when it is too large or nested too deeply to be checked. */
function toText(value: Json): string | undefined {
  try {
    const text = JSON.stringify(value);
    return text.length > MAX_VALUE_CHARACTERS ? undefined : text;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Check {
  readonly schema: JsonSchema;
  readonly value?: string;
}

interface CheckContext {
  readonly queue: JobQueue;
  readonly timeoutMs: number;
  readonly patienceMs: number;
}

async function runCheck({ schema, value }: Check, { queue, timeoutMs, patienceMs }: CheckContext): Promise<Verdict> {
  const { nodeCount, problems } = checkBounds(schema);
  if (problems.length > 0) return { kind: 'unusable', problems };
  const text = JSON.stringify(schema);
  if (text.length > MAX_SCHEMA_CHARACTERS) {
    return unusable(`the schema is longer than ${MAX_SCHEMA_CHARACTERS} characters`, 'leave out long lists and descriptions');
  }
  const job = { schema: text, ...(value === undefined ? {} : { value }) };
  const allowanceMs = timeoutMs + nodeCount + (value?.length ?? 0) / CHARACTERS_PER_MS;
  const outcome = await queue.run(job, { allowanceMs, patienceMs });
  if (outcome.kind === 'answered') return outcome.verdict;
  const [message, hint] = outcome.kind === 'late' ? TOO_LONG : TOO_MUCH;
  return unusable(message, hint);
}

/** A schema that cannot be used, told to whoever brings a value for it. */
const asInputProblem = ({ path, message, hint }: Problem): Problem => ({
  code: 'INVALID_INPUT',
  path: 'input',
  message: path === 'input' ? message : `the input schema cannot be used: ${path} ${message}`,
  ...(hint === undefined ? {} : { hint }),
});

/** The port for schemas of users: static bounds first, then a thread with a deadline and a limit of memory for all else. */
export function createJsonSchema({ timeoutMs = 200, patienceMs = 5_000, memoryMb = 128 }: JsonSchemaOptions): JsonSchemaChecker {
  const queue = createJobQueue({ memoryMb });
  const context = { queue, timeoutMs, patienceMs };
  return {
    checkSchema: async (schema) => (await runCheck({ schema }, context)).problems,
    checkValue: async (schema, value) => {
      const text = toText(value);
      if (text === undefined)
        return unfit('is too large or nested too deeply to be checked', 'store it elsewhere and pass its address');
      const { kind, problems } = await runCheck({ schema, value: text }, context);
      return kind === 'checked' ? problems : problems.map(asInputProblem);
    },
    close: queue.close,
  };
}
