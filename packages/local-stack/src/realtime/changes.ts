import { describeError } from '../stack-error.ts';
import { findRefusal, type Change } from './change-payload.ts';
import type { Operation } from './bindings.ts';
import type { Database } from './database.ts';
import { deliverChange, needsAsking, type Wanted } from './deliver-change.ts';
import { createDrain, type Drain } from './drain.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Table, Tables } from './tables.ts';
import type { Log } from './throttled-log.ts';
import type { Identity } from './tokens.ts';
import { createVisibility, type AskVisibility, type Question, type Verdicts } from './visibility.ts';

export interface ChangesPorts {
  readonly database: Pick<Database, 'query'>;
  readonly tables: Tables;
  readonly subscriptions: Pick<Subscriptions, 'of'>;
  readonly recordBytes: number;
  /** Called for each batch that was not empty. */
  readonly onTaken: () => void;
  readonly log: Log;
}

const BATCH_SIZE = 500;
const BATCH_BYTES = 16_000_000;

/** Values come as JSON text each, and travel on as they are: no number loses a digit. */
const TAKE = `
  with next as (
    select id, sum(coalesce(pg_column_size(record), 0) + coalesce(pg_column_size(old_record), 0)) over (order by id) as bytes
    from (select * from realtime.change_outbox order by id limit $1) c
  ),
  taken as (
    delete from realtime.change_outbox
    where id in (select id from next where bytes <= $2 union all select min(id) from next)
    returning *
  )
  select t.entity, t.operation, s.too_large as "isTooLarge",
    to_char(t.captured_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "committedAt",
    case when t.record is not null then
      (select coalesce(jsonb_object_agg(key, value::text), '{}') from jsonb_each(t.record) where not s.too_large or octet_length(value::text) <= 64)
    end as record,
    case when t.old_record is not null then
      (select coalesce(jsonb_object_agg(key, value::text), '{}') from jsonb_each(t.old_record) where not s.too_large or octet_length(value::text) <= 64)
    end as "oldRecord"
  from taken t, lateral (select octet_length(coalesce(t.record, t.old_record)::text) > $3 as too_large) s
  order by t.id`;

/** Hands on what changed in published tables, to each subscriber as far as he may see it. */
export const createChanges = (ports: ChangesPorts): Drain => {
  const { database, tables, subscriptions, recordBytes, onTaken, log } = ports;
  const askVisibility = createVisibility({ database, log });
  return createDrain<Change>({
    name: 'changes',
    batchSize: BATCH_SIZE,
    onTaken,
    log,
    take: (batchSize) =>
      database.query<Change & { operation: Operation }>(TAKE, [batchSize, BATCH_BYTES, recordBytes], 'take_changes'),
    handle: async (batch) => {
      // Those who subscribe while the answers are on their way get what comes from now on.
      const wantedFor = rememberWanted(subscriptions);
      const wanted = batch.map(wantedFor);
      try {
        const described = await tables.describe([...new Set(batch.map(({ entity }) => entity))]);
        const verdicts = await askAll(collectQuestions({ batch, wanted, described }), batch, askVisibility);
        batch.forEach((change, n) => {
          const table = described.get(change.entity);
          if (table !== undefined) deliverChange({ n, change, table, verdicts }, wanted[n] ?? []);
        });
      } catch (error) {
        log(`changes could not be told: ${describeError(error)}`);
        // They are gone from the outbox: whoever waits for them joins anew, and catches up.
        for (const { subscriber } of new Set(wanted.flat())) subscriber.restart();
      }
    },
  });
};

/** The same changes of the same table are wanted by the same subscribers, within a batch. */
const rememberWanted = (subscriptions: Pick<Subscriptions, 'of'>): ((change: Change) => readonly Wanted[]) => {
  const known = new Map<string, readonly Wanted[]>();
  return ({ entity, operation }) => {
    const key = `${entity}:${operation}`;
    const wanted =
      known.get(key) ??
      subscriptions.of(entity, operation).map((subscription) => {
        const { identity } = subscription.subscriber;
        return {
          ...subscription,
          identity,
          identityKey: `${identity.role}:${identity.claims}`,
          dataKey: `${identity.role}:${JSON.stringify(subscription.binding.select)}`,
        };
      });
    known.set(key, wanted);
    return wanted;
  };
};

interface Asked {
  readonly identity: Identity;
  readonly questions: Map<string, Question>;
}

interface Batch {
  readonly batch: readonly Change[];
  readonly wanted: readonly (readonly Wanted[])[];
  readonly described: ReadonlyMap<number, Table>;
}

const collectQuestions = ({ batch, wanted, described }: Batch): ReadonlyMap<string, Asked> => {
  const asked = new Map<string, Asked>();
  batch.forEach((change, n) => {
    const table = described.get(change.entity);
    if (table === undefined) return;
    for (const { identity, identityKey, binding, filterKey } of wanted[n] ?? []) {
      if (!needsAsking(table, change, binding) || findRefusal(table, change, identity.role) !== undefined) continue;
      const own = asked.get(identityKey) ?? { identity, questions: new Map() };
      asked.set(identityKey, own);
      const questionKey = `${table.entity}:${filterKey}`;
      const question = own.questions.get(questionKey) ?? {
        table,
        filterKey,
        conditions: binding.conditions,
        changes: new Set(),
      };
      own.questions.set(questionKey, question);
      question.changes.add(n);
    }
  });
  return asked;
};

const askAll = async (
  asked: ReadonlyMap<string, Asked>,
  batch: readonly Change[],
  askVisibility: AskVisibility,
): Promise<ReadonlyMap<string, Verdicts>> => {
  const answers = [...asked].map(async ([identityKey, { identity, questions }]) => {
    const verdicts = await askVisibility(identity, [...questions.values()], batch);
    return [identityKey, verdicts] as const;
  });
  return new Map(await Promise.all(answers));
};
