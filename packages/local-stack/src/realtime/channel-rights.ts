import type { Identity } from './tokens.ts';
import type { AskPolicies, Extension, TopicAnswer } from './topic-policies.ts';
import type { TopicName } from './topics.ts';

/** What a channel may do on its topic. Public topics are open to all; of private ones the policies decide. */
export interface ChannelRights {
  mayRead(extension: Extension): boolean;
  /** Asked once, and then for a new token again. */
  mayWrite(extension: Extension): Promise<boolean>;
  /** A join without presence did not ask who may see it; tracking is a way to ask for it later. */
  askForPresence(): Promise<void>;
  /** Asks anew for a new token; the answer is what keeps the channel from going on, in the real server's words. */
  renew(identity: Identity): Promise<string | undefined>;
}

export interface ChannelRightsOptions {
  readonly askPolicies: AskPolicies;
  readonly name: TopicName;
  /** What the join found out. */
  readonly allowed: NonNullable<TopicAnswer>;
  readonly hasPresence: boolean;
  readonly identity: () => Identity;
}

export const createChannelRights = (options: ChannelRightsOptions): ChannelRights => {
  const { askPolicies, name, identity } = options;
  const { topic, isPrivate } = name;
  let { allowed, hasPresence } = options;
  let writes = new Map<Extension, boolean>();
  return {
    mayRead: (extension) => !isPrivate || allowed.has(`read:${extension}`),
    mayWrite: async (extension) => {
      if (!isPrivate) return true;
      const known = writes.get(extension);
      if (known !== undefined) return known;
      const cache = writes;
      const answer = await askPolicies({ identity: identity(), topic, writes: [extension] });
      if (answer === undefined) return false;
      cache.set(extension, answer.has(`write:${extension}`));
      return answer.has(`write:${extension}`);
    },
    askForPresence: async () => {
      if (hasPresence) return;
      hasPresence = true;
      if (!isPrivate) return;
      const answer = await askPolicies({ identity: identity(), topic, reads: ['presence'] });
      allowed = new Set([...allowed, ...(answer ?? [])]);
    },
    renew: async (next) => {
      writes = new Map();
      if (!isPrivate) return undefined;
      const answer = await askPolicies({ identity: next, topic, reads: hasPresence ? ['broadcast', 'presence'] : ['broadcast'] });
      if (answer === undefined) return 'Realtime was unable to connect to the project database';
      if (answer.size === 0) return `You do not have permissions to read from this Channel topic: ${topic}`;
      if ([...allowed].some((right) => !answer.has(right)))
        return `You no longer have permission to read from this Channel topic: ${topic}`;
      allowed = answer;
      return undefined;
    },
  };
};
