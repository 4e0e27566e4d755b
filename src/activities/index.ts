import type { Bookkeeping, Control } from '../workflows/run-task.messages.ts';
import type { RegisteredAction } from './actions/index.ts';
import { createFinishRun } from './bookkeeping/finish-run.ts';
import { createCloseLoop, createOpenLoop } from './bookkeeping/loops.ts';
import { createOpenRun } from './bookkeeping/open-run.ts';
import { createCloseWait, createOpenWait } from './bookkeeping/waits.ts';
import { staleFailure, translateBookkeeping } from './failure.ts';
import { wrapAction, type WrapperPorts } from './wrap-action.ts';

/** Everything that a worker registers: the engine's own activities, and one for each action under its type. */
export function createActivities(
  ports: WrapperPorts & { readonly actions: readonly RegisteredAction[]; readonly onAdopted: () => void },
) {
  const { mirror } = ports;
  const bookkeeping: Bookkeeping = {
    openRun: translateBookkeeping(createOpenRun(ports)),
    openWait: translateBookkeeping(createOpenWait({ mirror })),
    closeWait: translateBookkeeping(createCloseWait({ mirror })),
    openLoop: translateBookkeeping(createOpenLoop({ mirror })),
    closeLoop: translateBookkeeping(createCloseLoop({ mirror })),
    readControl: translateBookkeeping(async (request) => (await mirror.readControl(request)) as unknown as Control),
    leaveRun: translateBookkeeping(async ({ runId, temporalRunId }) => {
      if (!(await mirror.leaveRun({ runId, temporalRunId }))) throw staleFailure('another execution owns this run');
    }),
    finishRun: translateBookkeeping(createFinishRun({ mirror })),
    noteSignal: translateBookkeeping(({ runId, temporalRunId, name }) => mirror.noteSignal({ runId, temporalRunId, name })),
  };
  const actions = ports.actions.flatMap(({ contract, handler }) =>
    handler === undefined ? [] : [[contract.type, wrapAction(contract, handler, ports)] as const],
  );
  return { ...bookkeeping, ...Object.fromEntries(actions) };
}
