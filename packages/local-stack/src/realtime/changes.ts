import { findRefusal, renderChange, renderRefusal, type Change } from './change-payload.ts';
import type { Operation } from './bindings.ts';
import type { Database } from './database.ts';
import { createDrain, type Drain } from './drain.ts';
import { textFrame, type OutgoingFrame } from './frames.ts';
import type { Subscriber, Subscription, Subscriptions } from './subscriptions.ts';
import type { Table, Tables } from './tables.ts';
import type { Log } from './throttled-log.ts';
import type { Identity } from './tokens.ts';
import { createVisibility, type Question, type Verdicts } from './visibility.ts';

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

interface Asked {
  readonly identity: Identity;
  readonly questions: Map<string, Question>;
}

/** Hands on what changed in published tables, to each subscriber as far as he may see it. */
export const createChanges = (ports: ChangesPorts): Drain => {
  const { database, tables, subscriptions, recordBytes, onTaken, log } = ports;
  const askVisibility = createVisibility({ database, log });
  return createDrain<Change>({
    name: 'changes',
    batchSize: BATCH_SIZE,
    onTaken,
    log,
    take: (batchSize) => database.query<Change & { operation: Operation }>(TAKE, [batchSize, BATCH_BYTES, recordBytes]),
    handle: async (batch) => {
      const described = await tables.describe([...new Set(batch.map(({ entity }) => entity))]);
      // Those who subscribe while the answers are on their way have not asked: they get what comes from now on.
      const wanted = batch.map(({ entity, operation }) =>
        subscriptions
          .of(entity, operation)
          .map((subscription) => ({ ...subscription, identity: subscription.subscriber.identity })),
      );
      const asked = collectQuestions({ batch, wanted, described });
      const verdicts = new Map<string, Verdicts>();
      await Promise.all(
        [...asked].map(async ([key, { identity, questions }]) => {
          verdicts.set(key, await askVisibility(identity, [...questions.values()], batch));
        }),
      );
      batch.forEach((change, n) => {
        const table = described.get(change.entity);
        if (table !== undefined) deliver({ n, change, table, verdicts }, wanted[n] ?? []);
      });
    },
  });
};

/** With the identity as it was when the database was asked: tokens change meanwhile. */
interface Wanted extends Subscription {
  readonly identity: Identity;
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
    for (const { identity, binding, filterKey } of wanted[n] ?? []) {
      if (!needsAsking(table, change, binding.conditions.length) || findRefusal(table, change, identity.role) !== undefined)
        continue;
      const key = identityKey(identity);
      const own = asked.get(key) ?? { identity, questions: new Map() };
      asked.set(key, own);
      const questionKey = `${table.entity}:${filterKey}`;
      const question = own.questions.get(questionKey) ?? { table, filterKey, conditions: binding.conditions, changes: new Set() };
      own.questions.set(questionKey, question);
      question.changes.add(n);
    }
  });
  return asked;
};

/** Without policies and without a filter there is nothing to ask; of a deleted row policies cannot be asked. */
const needsAsking = ({ hasRls }: Table, { operation }: Change, conditionCount: number): boolean =>
  conditionCount > 0 || (hasRls && operation !== 'DELETE');

interface Delivery {
  readonly n: number;
  readonly change: Change;
  readonly table: Table;
  readonly verdicts: ReadonlyMap<string, Verdicts>;
}

interface Parcel {
  readonly subscriber: Subscriber;
  /** The same for the same columns. */
  readonly dataKey: string;
  readonly data: () => string;
  readonly ids: number[];
}

const deliver = ({ n, change, table, verdicts }: Delivery, wanted: readonly Wanted[]): void => {
  const rendered = new Map<string, string>();
  const parcels = new Map<Subscriber, Map<string, Parcel>>();
  for (const { subscriber, identity, binding, filterKey } of wanted) {
    const { role } = identity;
    const refusal = findRefusal(table, change, role);
    if (refusal === undefined && !isKnownOf(table, change, binding.conditions)) continue;
    if (refusal === undefined && needsAsking(table, change, binding.conditions.length)) {
      const verdict = verdicts.get(identityKey(identity))?.(n, filterKey) ?? 'unknown';
      if (verdict === 'unknown') subscriber.restart();
      if (verdict !== 'visible') continue;
    }
    const dataKey = `${role}:${JSON.stringify(binding.select)}`;
    const data = (): string => {
      const text =
        rendered.get(dataKey) ??
        (refusal === undefined
          ? renderChange(table, change, { role, select: binding.select })
          : renderRefusal(table, change, refusal));
      rendered.set(dataKey, text);
      return text;
    };
    const own = parcels.get(subscriber) ?? new Map<string, Parcel>();
    parcels.set(subscriber, own);
    const parcel = own.get(dataKey) ?? { subscriber, dataKey, data, ids: [] };
    own.set(dataKey, parcel);
    parcel.ids.push(binding.id);
  }
  sendParcels([...parcels.values()].flatMap((own) => [...own.values()]));
};

/** Subscribers with the same bindings on the same topic share a frame. */
const sendParcels = (parcels: readonly Parcel[]): void => {
  const frames = new Map<string, OutgoingFrame>();
  for (const { subscriber, dataKey, data, ids } of parcels) {
    const { topic } = subscriber;
    const key = JSON.stringify([topic, ids, dataKey]);
    const frame =
      frames.get(key) ??
      textFrame({ topic, event: 'postgres_changes', payload: `{"ids":${JSON.stringify(ids)},"data":${data()}}` });
    frames.set(key, frame);
    subscriber.send(frame);
  }
};

/** Of a deleted row only the identity is known: a filter on anything else is not passed. */
const isKnownOf = (table: Table, change: Change, conditions: readonly { readonly column: string }[]): boolean => {
  const image = (change.operation === 'DELETE' ? change.oldRecord : change.record) ?? {};
  return conditions.every(({ column: name }) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    return column !== undefined && Object.hasOwn(image, name) && (change.operation !== 'DELETE' || column.isIdentity);
  });
};

const identityKey = ({ role, claims }: Identity): string => `${role}:${claims}`;
