import { describeError } from '../stack-error.ts';
import { buildCheck } from './checks.ts';
import type { Change } from './change-payload.ts';
import { isStatementError, type Database } from './database.ts';
import type { Condition } from './filters.ts';
import type { Table } from './tables.ts';
import type { Log } from './throttled-log.ts';
import type { Identity } from './tokens.ts';

/** A filter on a table that somebody has, and the changes that it is about. */
export interface Question {
  readonly table: Table;
  readonly filterKey: string;
  readonly conditions: readonly Condition[];
  /** Numbers of the changes within the batch. */
  readonly changes: Set<number>;
}

export type Verdict = 'visible' | 'hidden' | 'unknown';

/** Says of a change and a filter whether the caller gets it. */
export type Verdicts = (changeNumber: number, filterKey: string) => Verdict;

export type AskVisibility = (identity: Identity, questions: readonly Question[], batch: readonly Change[]) => Promise<Verdicts>;

export interface VisibilityPorts {
  readonly database: Pick<Database, 'query'>;
  readonly log: Log;
}

/** Asks the database as the caller, in one round trip for all changes and filters of a batch. */
export const createVisibility = ({ database, log }: VisibilityPorts): AskVisibility => {
  const ask = async (
    identity: Identity,
    questions: readonly Question[],
    batch: readonly Change[],
  ): Promise<readonly (readonly [string, Verdict])[]> => {
    try {
      const groups = groupByTable(questions);
      const rows = await database.query<{ n: number; passed: readonly number[] }>(
        'select n, passed from realtime.check_changes($1, $2, $3::jsonb)',
        [identity.role, identity.claims, `[${groups.map((group) => renderCheck(group, batch)).join(',')}]`],
      );
      const passed = new Map(rows.map((row) => [row.n, row.passed]));
      return groups.flatMap((group) => judge(group, passed));
    } catch (error) {
      // Somebody else with the same rights may have brought the filter that fails: each one alone, then.
      if (questions.length > 1 && isStatementError(error))
        return (await Promise.all(questions.map((question) => ask(identity, [question], batch)))).flat();
      log(`changes could not be checked for a ${identity.role}: ${describeError(error)}`);
      return questions.flatMap(({ filterKey, changes }) => [...changes].map((n) => [keyOf(n, filterKey), 'unknown'] as const));
    }
  };
  return async (identity, questions, batch) => {
    const verdicts = new Map(questions.length === 0 ? [] : await ask(identity, questions, batch));
    return (changeNumber, filterKey) => verdicts.get(keyOf(changeNumber, filterKey)) ?? 'hidden';
  };
};

type Group = readonly [Question, ...Question[]];

const groupByTable = (questions: readonly Question[]): readonly Group[] => {
  const groups = new Map<number, [Question, ...Question[]]>();
  for (const question of questions) {
    const group = groups.get(question.table.entity);
    if (group === undefined) groups.set(question.table.entity, [question]);
    else group.push(question);
  }
  return [...groups.values()];
};

const renderCheck = (group: Group, batch: readonly Change[]): string => {
  const { table } = group[0];
  const check = buildCheck({ table, filters: group.map(({ conditions }) => conditions), looksUpRows: table.hasRls });
  const numbers = new Set(group.flatMap(({ changes }) => [...changes]));
  const rows = [...numbers].map((n) => {
    const change = batch[n];
    const image = (change?.operation === 'DELETE' ? change.oldRecord : change?.record) ?? {};
    const values = check.columns.map(
      (name, index) => `,"c${index}":${(Object.hasOwn(image, name) ? image[name] : undefined) ?? 'null'}`,
    );
    return `{"n":${n},"gone":${String(change?.operation === 'DELETE')}${values.join('')}}`;
  });
  return `{"sql":${JSON.stringify(check.sql)},"rows":[${rows.join(',')}],"values":${JSON.stringify(check.values)}}`;
};

const judge = (group: Group, passed: ReadonlyMap<number, readonly number[]>): readonly (readonly [string, Verdict])[] =>
  group.flatMap(({ filterKey, changes }, index) =>
    [...changes].map((n) => [keyOf(n, filterKey), passed.get(n)?.includes(index) === true ? 'visible' : 'hidden'] as const),
  );

const keyOf = (changeNumber: number, filterKey: string): string => `${changeNumber}:${filterKey}`;
