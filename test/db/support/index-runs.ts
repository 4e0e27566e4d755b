import type pg from 'pg';
import { readValue } from '../../support/call.ts';

/** Does what the sequencer and the pass over texts do, until nothing is left for them. */
export async function indexRuns(engine: pg.Pool, passSize = 500): Promise<void> {
  while ((await readValue<number>(engine, 'select durabase_private.sequence_changes(2000)')) !== 0);
  while ((await readValue<number>(engine, 'select durabase_private.index_runs($1)', [passSize])) !== 0);
}
