import { isStatementError, type Database } from './database.ts';
import { describeError } from '../stack-error.ts';
import type { Identity } from './tokens.ts';

export type Extension = 'broadcast' | 'presence';

export interface TopicQuestion {
  readonly identity: Identity;
  /** Without `realtime:`. */
  readonly topic: string;
  readonly reads?: readonly Extension[];
  readonly writes?: readonly Extension[];
}

/** What the policies on realtime.messages allow; `undefined` when the database could not be asked. */
export type TopicAnswer = ReadonlySet<`${'read' | 'write'}:${Extension}`> | undefined;

export type AskPolicies = (question: TopicQuestion) => Promise<TopicAnswer>;

export interface TopicPoliciesPorts {
  readonly database: Pick<Database, 'query'>;
  readonly log: (text: string) => void;
}

/** Lets the database answer as the caller: rows are tried against the policies and rolled back, in one round trip. */
export const createTopicPolicies =
  ({ database, log }: TopicPoliciesPorts): AskPolicies =>
  async ({ identity, topic, reads = [], writes = [] }) => {
    try {
      const rows = await database.query<{ allowed: string[] }>('select realtime.check_topic($1, $2, $3, $4, $5) as allowed', [
        identity.role,
        identity.claims,
        topic,
        reads,
        writes,
      ]);
      return new Set(rows[0]?.allowed as Iterable<`${'read' | 'write'}:${Extension}`>);
    } catch (error) {
      log(`policies of a topic could not be checked: ${describeError(error)}`);
      // A policy that raises, say because a part of the topic is no uuid, refuses.
      return isStatementError(error) ? new Set() : undefined;
    }
  };
