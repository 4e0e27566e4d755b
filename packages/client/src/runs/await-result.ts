import type { Json } from '@durabase/contracts/json';
import type { Run } from '@durabase/contracts/api/run';
import { isTerminal } from '@durabase/contracts/run-states';
import { RunFailedError } from '../errors.ts';
import type { LivePorts } from '../live/live-ports.ts';
import { watchRun } from '../live/watch-run.ts';
import type { Calls } from '../supabase/create-calls.ts';
import { getRun } from './get-run.ts';
import { unescapeResult } from './unescape.ts';

/** Waits to the end of a run, then gives its output. Throws `RunFailedError` where it did not complete. */
export const awaitResult = async (runId: string, ports: LivePorts, signal: AbortSignal | undefined): Promise<Json> => {
  for (;;) {
    const run = await getRun(ports.calls, runId, signal);
    if (run.state === 'completed') return await readOutput(run, ports.calls, signal);
    if (isTerminal(run.state)) throw new RunFailedError(run);
    // Ends with the event that ends the run; if somebody resets it at once, this waits again.
    await watchRun(runId, { after: run.lastEventSeq, signal, onEvent: () => {} }, ports).done;
  }
};

/** A value that is too large for its row stands elsewhere. */
export const readPayload = async (calls: Calls, payloadId: string, signal?: AbortSignal): Promise<Json> =>
  unescapeResult((await calls.call('get_payload', { payload: payloadId }, signal)) as Json);

const readOutput = async ({ output, outputRef }: Run, calls: Calls, signal: AbortSignal | undefined): Promise<Json> => {
  const { payload } = (typeof outputRef === 'object' && outputRef !== null ? outputRef : {}) as { readonly payload?: unknown };
  return typeof payload === 'string' ? await readPayload(calls, payload, signal) : output;
};
