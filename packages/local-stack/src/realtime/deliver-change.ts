import type { Binding } from './bindings.ts';
import { findRefusal, renderChange, renderRefusal, type Change } from './change-payload.ts';
import { textFrame, type OutgoingFrame } from './frames.ts';
import type { Subscriber, Subscription } from './subscriptions.ts';
import type { Table } from './tables.ts';
import type { Identity } from './tokens.ts';
import type { Verdicts } from './visibility.ts';

/** A subscription as it was when the database was asked: tokens change meanwhile. */
export interface Wanted extends Subscription {
  readonly identity: Identity;
  /** The same for the same rights. */
  readonly identityKey: string;
  /** The same for the same columns. */
  readonly dataKey: string;
}

export interface Delivery {
  /** The change's number within its batch. */
  readonly n: number;
  readonly change: Change;
  readonly table: Table;
  readonly verdicts: ReadonlyMap<string, Verdicts>;
}

/** Without policies and without a filter there is nothing to ask; of a deleted row policies cannot be asked. */
export const needsAsking = ({ hasRls }: Table, { operation }: Change, { conditions }: Binding): boolean =>
  conditions.length > 0 || (hasRls && operation !== 'DELETE');

/** Tells one change to those who may know of it; one message for all bindings of a channel that show the same columns. */
export const deliverChange = (delivery: Delivery, wanted: readonly Wanted[]): void => {
  const parcels = new Map<Subscriber, Map<string, Parcel>>();
  for (const one of wanted) {
    if (!isFor(delivery, one)) continue;
    const own = parcels.get(one.subscriber) ?? new Map<string, Parcel>();
    parcels.set(one.subscriber, own);
    const parcel = own.get(one.dataKey) ?? { wanted: one, ids: [] };
    own.set(one.dataKey, parcel);
    parcel.ids.push(one.binding.id);
  }
  send(
    delivery,
    [...parcels.values()].flatMap((own) => [...own.values()]),
  );
};

interface Parcel {
  /** One of those that the message is for. */
  readonly wanted: Wanted;
  readonly ids: number[];
}

const isFor = ({ n, change, table, verdicts }: Delivery, wanted: Wanted): boolean => {
  const { subscriber, identity, identityKey, binding, filterKey } = wanted;
  // A refusal is news for everybody of the role, whatever he filters by.
  if (findRefusal(table, change, identity.role) !== undefined) return true;
  if (!isKnown(table, change, binding)) return false;
  if (!needsAsking(table, change, binding)) return true;
  const verdict = verdicts.get(identityKey)?.(n, filterKey) ?? 'unknown';
  if (verdict === 'unknown') subscriber.restart();
  return verdict === 'visible';
};

/** Of a deleted row only the identity is known: a filter on anything else is not passed. */
const isKnown = (table: Table, change: Change, { conditions }: Binding): boolean => {
  const image = (change.operation === 'DELETE' ? change.oldRecord : change.record) ?? {};
  return conditions.every(({ column: name }) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    return column !== undefined && Object.hasOwn(image, name) && (change.operation !== 'DELETE' || column.isIdentity);
  });
};

/** Subscribers with the same bindings on the same topic share a frame. */
const send = ({ change, table }: Delivery, parcels: readonly Parcel[]): void => {
  const frames = new Map<string, OutgoingFrame>();
  const rendered = new Map<string, string>();
  for (const { wanted, ids } of parcels) {
    const { subscriber, dataKey } = wanted;
    const idList = JSON.stringify(ids);
    const key = JSON.stringify([subscriber.topic, idList, dataKey]);
    const known = frames.get(key);
    if (known !== undefined) {
      subscriber.send(known);
      continue;
    }
    const data = rendered.get(dataKey) ?? render(table, change, wanted);
    rendered.set(dataKey, data);
    const frame = textFrame({
      topic: subscriber.topic,
      event: 'postgres_changes',
      payload: `{"ids":${idList},"data":${data}}`,
    });
    frames.set(key, frame);
    subscriber.send(frame);
  }
};

const render = (table: Table, change: Change, { identity: { role }, binding: { select } }: Wanted): string => {
  const refusal = findRefusal(table, change, role);
  return refusal === undefined ? renderChange(table, change, { role, select }) : renderRefusal(table, change, refusal);
};
