import type pg from 'pg';
import { readValue } from '../../support/call.ts';
import type { World } from './world.ts';

/** How far the number at the end of a topic's name is from the one of this moment. */
export type Age = 'current' | 'stale' | 'forged';

const OFFSETS: Readonly<Record<Age, number>> = { current: 0, stale: -1, forged: 1 };
export const RUNS = ['ownerShared', 'runnerOwnPlain', 'runnerOtherShared', 'removedPlain', 'endUserPlain', 'theirs'] as const;
export const TASKS = ['plain', 'shared', 'theirTask'] as const;
const RUNNERS = ['runnerOwn', 'runnerOther', 'owner', 'endUser'] as const;

/** Every topic of the world by what it is about, such as `run ownerShared`. */
export const readTopics = async (owner: pg.Pool, { idOf }: World, age: Age = 'current'): Promise<ReadonlyMap<string, string>> => {
  const epochOf = async (workspace: string): Promise<number> =>
    Number(await readValue<string>(owner, 'select durabase_private.feed_epoch($1)', [idOf(workspace)])) + OFFSETS[age];
  const [acme, other] = [await epochOf('acme'), await epochOf('other')];
  const epochBeside = (name: string): number => (name === 'theirs' || name === 'theirTask' ? other : acme);
  return new Map([
    ['workspace acme', `durabase:workspace:${idOf('acme')}:${acme}`],
    ['workspace other', `durabase:workspace:${idOf('other')}:${other}`],
    ...RUNNERS.map((name) => [`own ${name}`, `durabase:own:${idOf('acme')}:${idOf(name)}:${acme}`] as const),
    ...TASKS.map((name) => [`task ${name}`, `durabase:task:${idOf(name)}:${epochBeside(name)}`] as const),
    ...RUNS.map((name) => [`run ${name}`, `durabase:run:${idOf(name)}:${epochBeside(name)}`] as const),
    ['moves acme', `durabase:moves:${idOf('acme')}:${acme}`],
    ['moves other', `durabase:moves:${idOf('other')}:${other}`],
  ]);
};

/** Takes whatever waits for a number. */
export const sequence = async (owner: pg.Pool): Promise<void> => {
  // -1: another sequencer is at it
  while ((await readValue<number>(owner, 'select durabase_private.sequence_changes(2000)')) !== 0);
};
