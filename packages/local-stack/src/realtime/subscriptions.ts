import { parseBinding, type Binding, type Operation } from './bindings.ts';
import type { OutgoingFrame } from './frames.ts';
import { resolveBinding, type ResolveBindingPorts } from './resolve-binding.ts';
import type { Identity } from './tokens.ts';
import type { Watches } from './watches.ts';

/** A channel, as far as changes know it. */
export interface Subscriber {
  /** As the client names it. */
  readonly topic: string;
  readonly identity: Identity;
  send(frame: OutgoingFrame): void;
  /** Makes the client join anew, and catch up: what happened could not be told to it. */
  restart(): void;
}

export interface Subscription {
  readonly subscriber: Subscriber;
  readonly binding: Binding;
  /** The same for the same conditions. */
  readonly filterKey: string;
}

/** Bindings that have been checked, and whose tables are watched. */
export interface Prepared {
  readonly bindings: readonly { readonly binding: Binding; readonly entities: readonly number[] }[];
}

export interface Subscriptions {
  prepare(identity: Identity, wishes: readonly unknown[]): Promise<Prepared | { readonly problem: string }>;
  add(subscriber: Subscriber, prepared: Prepared): void;
  remove(subscriber: Subscriber): void;
  /** Gives up what was prepared but not added. */
  drop(prepared: Prepared): void;
  of(entity: number, operation: Operation): readonly Subscription[];
}

export interface SubscriptionsPorts extends ResolveBindingPorts {
  readonly watches: Watches;
}

export const createSubscriptions = ({ database, tables, watches }: SubscriptionsPorts): Subscriptions => {
  const byEntity = new Map<number, Set<Subscription>>();
  const bySubscriber = new Map<Subscriber, Prepared>();
  const drop = ({ bindings }: Prepared): void => watches.remove(bindings.flatMap(({ entities }) => entities));
  return {
    prepare: async (identity, wishes) => {
      const bindings: { binding: Binding; entities: readonly number[] }[] = [];
      for (const wish of wishes) {
        const parsed = parseBinding(wish);
        if ('problem' in parsed) return parsed;
        const entities = await resolveBinding({ database, tables }, parsed.binding, identity);
        if ('problem' in entities) return entities;
        bindings.push({ binding: parsed.binding, entities });
      }
      await watches.add(bindings.flatMap(({ entities }) => entities));
      return { bindings };
    },
    add: (subscriber, prepared) => {
      bySubscriber.set(subscriber, prepared);
      for (const { binding, entities } of prepared.bindings)
        for (const entity of entities) {
          const subscription = { subscriber, binding, filterKey: JSON.stringify(binding.conditions) };
          byEntity.set(entity, (byEntity.get(entity) ?? new Set()).add(subscription));
        }
    },
    remove: (subscriber) => {
      const prepared = bySubscriber.get(subscriber);
      if (prepared === undefined) return;
      bySubscriber.delete(subscriber);
      for (const entity of prepared.bindings.flatMap(({ entities }) => entities)) {
        const all = byEntity.get(entity);
        for (const subscription of all ?? []) if (subscription.subscriber === subscriber) all?.delete(subscription);
        if (all?.size === 0) byEntity.delete(entity);
      }
      drop(prepared);
    },
    drop,
    of: (entity, operation) =>
      [...(byEntity.get(entity) ?? [])].filter(({ binding: { event } }) => event === '*' || event === operation),
  };
};
