import { describeError } from '../stack-error.ts';
import { describeBinding, parseBinding, type Binding, type Operation } from './bindings.ts';
import { buildCheck } from './checks.ts';
import type { Database } from './database.ts';
import { isStatementError } from './database.ts';
import { findConditionProblem } from './filters.ts';
import type { OutgoingFrame } from './frames.ts';
import type { Table, Tables } from './tables.ts';
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

export interface SubscriptionsPorts {
  readonly database: Pick<Database, 'query'>;
  readonly tables: Tables;
  readonly watches: Watches;
}

const MAX_IN_VALUES = 100;
const TEXT_TYPES = ['text', 'varchar', 'bpchar', 'name', 'citext'];

export const createSubscriptions = ({ database, tables, watches }: SubscriptionsPorts): Subscriptions => {
  const byEntity = new Map<number, Set<Subscription>>();
  const bySubscriber = new Map<Subscriber, Prepared>();
  const drop = ({ bindings }: Prepared): void => watches.remove(bindings.flatMap(({ entities }) => entities));
  const resolve = async (identity: Identity, binding: Binding): Promise<readonly number[] | { readonly problem: string }> => {
    const hint = (text: string): { readonly problem: string } => ({
      problem: `Unable to subscribe to changes with given parameters. ${text}`,
    });
    const entities = await tables.findPublished(binding.schema, binding.table);
    if (entities.length === 0)
      return hint(`Please check Realtime is enabled for the given connect parameters: ${describeBinding(binding)}`);
    for (const table of (await tables.describe(entities)).values()) {
      const problem = findColumnProblem(binding, table, identity) ?? (await findValueProblem(binding, table, identity));
      if (problem !== undefined)
        return hint(
          `An exception happened so please check your connect parameters: ${describeBinding(binding)}. Exception: ERROR ${problem}`,
        );
    }
    return entities;
  };
  /** Lets the database read the values, so that nothing can fail later. */
  const findValueProblem = async (binding: Binding, table: Table, { role, claims }: Identity): Promise<string | undefined> => {
    if (binding.conditions.length === 0) return undefined;
    const check = buildCheck({ table, filters: [binding.conditions], looksUpRows: false });
    const row = { n: 0, ...Object.fromEntries(check.columns.map((name, index) => [`c${index}`, sampleOf(table, name)])) };
    try {
      await database.query('select from realtime.check_changes($1, $2, $3)', [
        role,
        claims,
        JSON.stringify([{ sql: check.sql, rows: [row], values: check.values }]),
      ]);
      return undefined;
    } catch (error) {
      if (isStatementError(error)) return describeError(error);
      throw error;
    }
  };
  return {
    prepare: async (identity, wishes) => {
      const bindings: { binding: Binding; entities: readonly number[] }[] = [];
      for (const wish of wishes) {
        const parsed = parseBinding(wish);
        if ('problem' in parsed) return parsed;
        const entities = await resolve(identity, parsed.binding);
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

const findColumnProblem = ({ conditions, select }: Binding, table: Table, { role }: Identity): string | undefined => {
  const readable = new Map(table.columns.filter(({ readers }) => readers.includes(role)).map((column) => [column.name, column]));
  for (const condition of conditions) {
    const column = readable.get(condition.column);
    if (column === undefined) return `invalid column for filter ${condition.column}`;
    const problem = findConditionProblem(condition, column.type);
    if (problem !== undefined) return problem;
    if (condition.operator === 'in' && condition.value.split(',').length > MAX_IN_VALUES)
      return `too many values for \`in\` filter. Maximum ${MAX_IN_VALUES}`;
  }
  const missing = select?.find((name) => !readable.has(name));
  return missing === undefined ? undefined : `invalid column for select ${missing}`;
};

/** Text lets the database try a pattern; null is enough to read a value of any other type. */
const sampleOf = (table: Table, name: string): string | null =>
  TEXT_TYPES.includes(table.columns.find((column) => column.name === name)?.type ?? '') ? '' : null;
