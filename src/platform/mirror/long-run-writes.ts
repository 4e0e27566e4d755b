import type { JsonObject } from '@durabase/contracts';
import type { Db, Statement } from '../../ports/db.ts';
import type { EndAnswer, LoopAnswer, MirrorPort } from '../../ports/mirror.ts';

const SQL = {
  openLoop: { name: 'open_loop', text: 'select durabase_private.open_loop($1::jsonb) as answer' },
  closeLoop: { name: 'close_loop', text: 'select durabase_private.close_loop($1::jsonb) as answer' },
  readControl: { name: 'read_control', text: 'select durabase_private.read_control($1, $2::jsonb) as answer' },
  leaveRun: { name: 'leave_run', text: 'select durabase_private.leave_run($1, $2) as answer' },
} as const satisfies Record<string, Statement>;

interface Reach {
  readonly ask: <Answer>(statement: Statement, values: Parameters<Db['query']>[1]) => Promise<Answer>;
  readonly onWritten: () => void;
}

/** Loops, and what long runs need beside their steps: seldom enough to travel one by one. */
export const createLongRunWrites = ({
  ask,
  onWritten,
}: Reach): Pick<MirrorPort, 'openLoop' | 'closeLoop' | 'readControl' | 'leaveRun'> => ({
  openLoop: async (opening) => {
    const answer = await ask<LoopAnswer>(SQL.openLoop, [JSON.stringify(opening)]);
    onWritten();
    return answer;
  },
  closeLoop: async (end) => {
    const answer = await ask<EndAnswer & { readonly error?: JsonObject }>(SQL.closeLoop, [JSON.stringify(end)]);
    onWritten();
    return answer;
  },
  readControl: ({ runId, waits }) => ask(SQL.readControl, [runId, JSON.stringify(waits)]),
  leaveRun: ({ runId, temporalRunId }) => ask<boolean>(SQL.leaveRun, [runId, temporalRunId]),
});
