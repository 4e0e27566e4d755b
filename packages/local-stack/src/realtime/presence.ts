import { randomBytes } from 'node:crypto';

/** What a member shows of himself, JSON fields of his choice. */
export type Shown = Readonly<Record<string, unknown>>;

interface Entry {
  readonly key: string;
  readonly meta: Shown;
}

/** Who is there on one topic. Every change comes back as the payload of a `presence_diff`. */
export interface Presence<Member> {
  track(member: Member, key: string, shown: Shown): string;
  /** Undefined: he was not there. */
  untrack(member: Member): string | undefined;
  /** The payload of a `presence_state`. */
  state(): string;
}

export const createPresence = <Member>(): Presence<Member> => {
  const entries = new Map<Member, Entry>();
  return {
    track: (member, key, shown) => {
      const before = entries.get(member);
      const phx_ref = randomBytes(9).toString('base64url');
      const previous = before === undefined ? {} : { phx_ref_prev: before.meta['phx_ref'] };
      const entry = { key, meta: { ...shown, ...previous, phx_ref } };
      entries.set(member, entry);
      return JSON.stringify({ joins: group([entry]), leaves: group(before === undefined ? [] : [before]) });
    },
    untrack: (member) => {
      const before = entries.get(member);
      if (before === undefined) return undefined;
      entries.delete(member);
      return JSON.stringify({ joins: {}, leaves: group([before]) });
    },
    state: () => JSON.stringify(group([...entries.values()])),
  };
};

const group = (entries: readonly Entry[]): Readonly<Record<string, { readonly metas: readonly Shown[] }>> => {
  const groups = new Map<string, Shown[]>();
  for (const { key, meta } of entries) {
    const metas = groups.get(key);
    if (metas === undefined) groups.set(key, [meta]);
    else metas.push(meta);
  }
  return Object.fromEntries([...groups].map(([key, metas]) => [key, { metas }]));
};
