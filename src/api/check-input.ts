import { type Json, type JsonObject, PlatformError } from '@durabase/contracts';
import type { Identity } from '../ports/db.ts';
import type { CheckInputPort } from './ports.ts';
import { findInputSchemas } from './queries/tasks.ts';
import type { RunAsCaller } from './run-as-caller.ts';

/** Throws INVALID_INPUT when the input does not fit the task's ready version. */
export type InputCheck = (start: {
  readonly identity: Identity;
  readonly task: string;
  readonly workspace?: string | undefined;
  readonly input?: Json | undefined;
}) => Promise<void>;

interface Known {
  readonly schema: JsonObject | undefined;
  readonly untilMs: number;
}

/** A worker checks again before admission, so that a schema may be this old without harm. */
const FRESH_MS = 2_000;
const MAX_KNOWN = 2_000;

/** Early refusal of inputs that could never be admitted. A burst of starts by one caller reads the schema once. */
export function createInputCheck({
  runAsCaller,
  checkInput,
}: {
  readonly runAsCaller: RunAsCaller;
  readonly checkInput: CheckInputPort | undefined;
}): InputCheck {
  if (checkInput === undefined) return async () => {};
  const knownByKey = new Map<string, Known>();

  const findSchema = async ({ identity, task, workspace }: Parameters<InputCheck>[0]): Promise<JsonObject | undefined> => {
    const key = JSON.stringify([identity.role, identity.claims, task, workspace]);
    const known = knownByKey.get(key);
    if (known !== undefined && known.untilMs > performance.now()) return known.schema;
    // As the caller: problems must not tell of the schema of a task that he does not see.
    const schemas = await runAsCaller(identity, (tx) => findInputSchemas(tx, { task, workspace }));
    const schema = schemas.length === 1 ? (schemas[0]?.schema ?? undefined) : undefined; // start_run refuses none and several
    if (knownByKey.size >= MAX_KNOWN) knownByKey.clear();
    knownByKey.set(key, { schema, untilMs: performance.now() + FRESH_MS });
    return schema;
  };

  return async (start) => {
    const schema = await findSchema(start);
    if (schema === undefined) return;
    const problems = await checkInput(schema, start.input ?? {});
    const [first] = problems;
    if (first === undefined) return;
    throw new PlatformError('INVALID_INPUT', { message: `${first.path}: ${first.message}`, path: first.path, problems });
  };
}
