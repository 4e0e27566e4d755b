import type { ActionContext } from '../../src/ports/action.ts';
import type { Log } from '../../src/ports/log.ts';

const ignore = (): void => undefined;
const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silentLog };

/** What a handler is told of its attempt, for tests that call handlers directly. */
export const actionContext = (changes: Partial<ActionContext> = {}): ActionContext => ({
  workspaceId: 'workspace',
  runId: 'run',
  stepId: 'call',
  iteration: 0,
  attempt: 1,
  idempotencyKey: 'run/call/0',
  signal: new AbortController().signal,
  secrets: [],
  log: silentLog,
  ...changes,
});
