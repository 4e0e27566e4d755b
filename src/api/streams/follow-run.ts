import { isTerminal, PlatformError } from '@durabase/contracts';
import { toRunEvent } from '../mappers/run-event.ts';
import { readRunFeed } from '../queries/runs.ts';
import type { StreamSource } from './stream-source.ts';

const PAGE = 200;

/** The events of a run, until it has ended and the last of them is sent. */
export const followRun = ({ runId, after: first }: { readonly runId: string; readonly after: number }): StreamSource => ({
  key: `run:${runId.toLowerCase()}`,
  after: first,
  read: async (tx, after) => {
    const { state, lastSeq, events } = await readRunFeed(tx, { runId, after, limit: PAGE });
    if (after > lastSeq) throw ahead(lastSeq);
    const sentSeq = events.at(-1)?.seq ?? after;
    return {
      messages: events.map((row) => ({ id: row.seq, event: row.kind, data: toRunEvent(row) })),
      lastSeq: sentSeq,
      isFull: events.length === PAGE,
      ...(isTerminal(state) && sentSeq >= lastSeq ? { end: { event: 'end', data: { state, lastSeq: sentSeq } } } : {}),
    };
  },
});

/** To wait until the run comes there would leave out what comes before. */
const ahead = (lastSeq: number): PlatformError =>
  new PlatformError('CHANGES_PRUNED', {
    message: `the run has come to event ${lastSeq} only`,
    hint: 'the number is of another run, or the database was restored: begin anew, without a number',
    path: 'after',
  });
