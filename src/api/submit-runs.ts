import { type Json, PlatformError } from '@durabase/contracts';
import type { Db, Identity, Statement } from '../ports/db.ts';
import { inApiWords } from './in-api-words.ts';
import type { RunRow } from './mappers/run.ts';
import type { SqlErrors } from './ports.ts';

/** A start, as its caller asks for it. */
export interface Submission {
  readonly identity: Identity;
  readonly task: string;
  readonly input?: Json | undefined;
  readonly workspace?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly runAt?: string | undefined;
  readonly priority?: number | undefined;
}

export interface Submitted {
  readonly run: RunRow;
  /** The idempotency key belongs to a run that was there before. Two starts at the very same time may both say no. */
  readonly isReplayed: boolean;
}

export interface Submitter {
  /** Resolves when the run is committed. Throws PlatformError: whatever `start_run` refuses, or DATABASE_UNAVAILABLE. */
  submit(submission: Submission): Promise<Submitted>;
}

interface Waiting {
  readonly text: string;
  tries: number;
  readonly resolve: (submitted: Submitted) => void;
  readonly reject: (error: PlatformError) => void;
}

interface ResultRow {
  readonly result: { readonly run: RunRow } | { readonly error: SqlRefusal };
  readonly is_replayed: boolean | null;
}

interface SqlRefusal {
  readonly sqlstate: string;
  readonly message: string;
  readonly detail: string;
  readonly hint: string;
}

const MAX_BATCHES_IN_FLIGHT = 2;
const MAX_BATCH_SIZE = 50;
const MAX_BATCH_LENGTH = 8 * 1_048_576;
const MAX_TRIES = 3;
/** What may wait while the database is slow, in characters: more would only be refused later. */
const MAX_WAITING_LENGTH = 128 * 1_048_576;

/**
 * A run that this statement made is not older than the statement. Such runs wake the dispatchers with the commit, which saves a
 * round trip; few statements are under way at a time, so it does no harm that commits which notify go one by one.
 */
const START_RUNS: Statement = {
  name: 'api_start_runs',
  text: `select c.item as result, f.is_replayed,
      case when c.item ? 'run' and not f.is_replayed then pg_notify('durabase_work', '') end as woken
    from jsonb_array_elements(durabase_private.start_runs_as($1::jsonb)) with ordinality as c (item, n),
      lateral (select (c.item #>> '{run,created_at}')::timestamptz < now() as is_replayed) f
    order by c.n`,
};
/** A code of the server; errors of the connection have others. */
const SQLSTATE = /^(?:\d[0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/;

/** What submitting asks for. */
export interface SubmitPorts {
  readonly db: Db;
  readonly sqlErrors: SqlErrors;
}

/**
 * Coalesces what waits into few statements: one commit for many submissions, each with its own caller and its own refusal.
 * No timer: a lone submission goes at once, others gather while two batches are on their way.
 */
export function createSubmitter(ports: SubmitPorts): Submitter {
  const waiting: Waiting[] = [];
  let waitingLength = 0;
  let inFlightCount = 0;

  const enqueue = (item: Waiting): void => {
    waiting.push(item);
    waitingLength += item.text.length;
  };
  const takeBatch = (): readonly Waiting[] => {
    let length = 0;
    const end = waiting.findIndex((item, index) => {
      length += item.text.length;
      return index > 0 && (index >= MAX_BATCH_SIZE || length > MAX_BATCH_LENGTH);
    });
    const batch = waiting.splice(0, end === -1 ? waiting.length : end);
    waitingLength -= batch.reduce((sum, item) => sum + item.text.length, 0);
    return batch;
  };
  const flush = (): void => {
    while (inFlightCount < MAX_BATCHES_IN_FLIGHT && waiting.length > 0) {
      inFlightCount += 1;
      void sendBatch(takeBatch(), { ...ports, retry: enqueue }).finally(() => {
        inFlightCount -= 1;
        flush();
      });
    }
  };

  return {
    submit: (submission) =>
      new Promise((resolve, reject) => {
        if (waitingLength > MAX_WAITING_LENGTH) {
          reject(
            new PlatformError('DATABASE_UNAVAILABLE', {
              message: 'too many submissions wait for the database',
              retryAfterMs: 2_000,
            }),
          );
          return;
        }
        enqueue({ text: toCallText(submission), tries: 0, resolve, reject });
        flush();
      }),
  };
}

const toCallText = ({ identity, task, input, workspace, idempotencyKey, runAt, priority }: Submission): string =>
  JSON.stringify({ role: identity.role, claims: identity.claims, task, input, workspace, idempotencyKey, runAt, priority });

interface SendOptions extends SubmitPorts {
  readonly retry: (item: Waiting) => void;
}

/** Never rejects: each submission learns of its own end. */
async function sendBatch(batch: readonly Waiting[], options: SendOptions): Promise<void> {
  const sent = await startRuns(batch, options.db);
  if ('rows' in sent) {
    for (const [index, item] of batch.entries()) settle(item, sent.rows[index], options);
    return;
  }
  if (batch.length === 1 || !wasRolledBack(sent.refusal)) {
    // Whether it was committed is not known here; with an idempotency key the caller finds out by asking again.
    for (const item of batch) item.reject(sent.refusal);
    return;
  }
  // One of them is poisoned, and only that one may suffer.
  for (const item of batch) await sendBatch([item], options);
}

async function startRuns(
  batch: readonly Waiting[],
  db: Db,
): Promise<{ readonly rows: readonly ResultRow[] } | { readonly refusal: PlatformError }> {
  try {
    return { rows: await db.query<ResultRow>(START_RUNS, [`[${batch.map((item) => item.text).join(',')}]`]) };
  } catch (error) {
    return { refusal: error instanceof PlatformError ? error : new PlatformError('INTERNAL', { cause: error }) };
  }
}

/** Whether the server itself refused the statement, so that nothing of it was kept: sending it again makes no second run. */
const wasRolledBack = ({ code, details }: PlatformError): boolean =>
  code === 'INTERNAL' ? SQLSTATE.test(String(details.data?.['sqlstate'])) : code !== 'DATABASE_UNAVAILABLE';

function settle(item: Waiting, row: ResultRow | undefined, { sqlErrors, retry }: SendOptions): void {
  if (row === undefined) {
    return item.reject(new PlatformError('INTERNAL', { cause: new Error('start_runs_as gave too few results') }));
  }
  if ('run' in row.result) return item.resolve({ run: row.result.run, isReplayed: row.is_replayed === true });
  const refusal = toRefusal(row.result.error, sqlErrors);
  item.tries += 1;
  // Two batches met the same idempotency keys in another order; the database gave one of them up.
  if (sqlErrors.isConflict(refusal) && item.tries < MAX_TRIES) return retry(item);
  item.reject(refusal);
}

const toRefusal = ({ sqlstate, ...rest }: SqlRefusal, { fromSqlError }: SqlErrors): PlatformError =>
  inApiWords(fromSqlError({ code: sqlstate, ...rest }));
