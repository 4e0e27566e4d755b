import { describe, expect, it } from '@jest/globals';
import { connectionOf } from '../../../../packages/client/src/follower/connection.ts';
import { startFollower, type FollowerState } from '../../../../packages/client/src/follower/state.ts';
import { stepFollower } from '../../../../packages/client/src/follower/step-follower.ts';
import type { Command, Input, Place } from '../../../../packages/client/src/follower/words.ts';
import { type Item, RULES } from './follower-model.ts';
import { createRandom } from './random.ts';

const WALKS = 400;
const PAGE = 7;
/** Everything that may still happen after the weather has cleared up. */
const MAX_QUIET_STEPS = 5_000;

/**
 * A world in which everything goes wrong that can: messages are lost, doubled, delayed and overtaken; answers are slow, fail
 * or are old; channels are refused, lost and closed; topics move; the consumer is slow. Its only promise is that a fetch tells
 * the truth of the moment when it is answered.
 */
const createWorld = (seed: number) => {
  const random = createRandom(seed);
  const chance = (share: number): boolean => random() < share;
  const below = (limit: number): number => Math.floor(random() * limit);
  let nowMs = 0;
  let epoch = 1;
  let last = 0;
  let isCalm = false;
  let state: FollowerState<Item> = startFollower<Item>(0);
  let timerAtMs: number | undefined;
  let pending: Input<Item>[] = [];
  const emitted: number[] = [];
  const joined = new Set<string>();
  let flying = 0;

  const place = (): Place => ({ topic: `news:${epoch}`, movesTopic: `moves:${epoch}`, last, hasEnded: false });
  const send = (input: Input<Item>): void => {
    if (!isCalm && input.type === 'heard' && chance(0.3)) return;
    pending.push(input);
    if (!isCalm && input.type === 'heard' && chance(0.2)) pending.push(input);
  };
  const answer = (command: Command<Item>): void => {
    switch (command.type) {
      case 'emit':
        return void emitted.push(...command.items.map(({ seq }) => seq));
      case 'look':
        flying += 1;
        if (isCalm || chance(0.7)) return send({ type: 'looked', place: place() });
        return send({ type: 'failed', call: 'look', trouble: 'unreachable', error: undefined, reason: 'bad weather' });
      case 'fetch': {
        flying += 1;
        if (!isCalm && chance(0.2))
          return send({ type: 'failed', call: 'fetch', trouble: 'unreachable', error: undefined, reason: 'bad weather' });
        // now and then a database that lags behind what was announced
        const visible = !isCalm && chance(0.1) ? Math.max(command.after, last - 3) : last;
        const upTo = Math.min(visible, command.after + PAGE);
        const items = Array.from({ length: Math.max(0, upTo - command.after) }, (_, index) => ({
          seq: command.after + 1 + index,
        }));
        return send({ type: 'fetched', items });
      }
      case 'join': {
        const { topic } = command;
        if (!topic.endsWith(`:${epoch}`)) return send({ type: 'join-refused', topic, reason: 'an old name' });
        if (!isCalm && chance(0.2)) return send({ type: 'join-refused', topic, reason: 'bad weather' });
        joined.add(topic);
        return send({ type: 'joined', topic });
      }
      case 'leave':
        joined.delete(command.topic);
        return;
      case 'resync':
        throw new Error('nothing was pruned');
    }
  };
  const tell = (input: Input<Item>): void => {
    const before = state.at;
    const step = stepFollower(state, input, { rules: RULES, nowMs, random: random() });
    ({ state, timerAtMs } = step);
    for (const command of step.commands) answer(command);
    if ((state.at ?? 0) < (before ?? 0)) throw new Error('it went backwards');
  };
  const write = (): void => {
    const first = last + 1;
    last += 1 + below(3);
    if (!joined.has(`news:${epoch}`)) return;
    const items = Array.from({ length: last - first + 1 }, (_, index) => ({ seq: first + index }));
    send(chance(0.5) ? { type: 'heard', last, items } : { type: 'heard', last });
  };
  const breakChannel = (): void => {
    const [topic] = [...joined].slice(below(joined.size));
    if (topic === undefined) return;
    joined.delete(topic);
    if (chance(0.5)) return send({ type: 'closed', topic, reason: 'bad weather' });
    send({ type: 'lost', topic, reason: 'bad weather' });
    // the channel joins again by itself, or it does not
    if (topic.endsWith(`:${epoch}`) && chance(0.6)) {
      joined.add(topic);
      send({ type: 'joined', topic });
    }
  };
  const move = (): void => {
    const isHeard = joined.has(`moves:${epoch}`) && chance(0.7);
    joined.clear();
    epoch += 1;
    if (isHeard) send({ type: 'moved' });
  };
  const deliver = (): void => {
    const index = isCalm ? 0 : below(pending.length);
    const [input] = pending.splice(index, 1);
    if (input === undefined) return;
    if (input.type === 'looked' || input.type === 'fetched' || input.type === 'failed') flying -= 1;
    tell(input);
  };
  const ring = (): void => {
    if (timerAtMs === undefined) return;
    // It rings late, now and then very late.
    nowMs = Math.max(nowMs, timerAtMs) + (chance(0.2) ? below(5_000) : 0);
    tell({ type: 'timer' });
    if (timerAtMs !== undefined && timerAtMs <= nowMs) throw new Error('a timer that rings for ever');
  };
  const storm = (): void => {
    const dice = random();
    if (dice < 0.25) write();
    else if (dice < 0.7) deliver();
    else if (dice < 0.8) ring();
    else if (dice < 0.86) breakChannel();
    else if (dice < 0.89) move();
    else if (dice < 0.92) tell({ type: 'woken' });
    else if (dice < 0.96) tell({ type: state.isFull ? 'drained' : 'filled' });
    else nowMs += below(400);
  };
  const calmDown = (): void => {
    isCalm = true;
    if (state.isFull) tell({ type: 'drained' });
    for (let steps = 0; steps < MAX_QUIET_STEPS; steps += 1) {
      if (pending.length > 0) deliver();
      else if (state.at === last && connectionOf(state)?.state === 'live') return;
      else ring();
    }
    throw new Error(`it does not come to rest: at ${state.at} of ${last}`);
  };
  return {
    storm,
    calmDown,
    begin: () => tell({ type: 'woken' }),
    emitted,
    get last() {
      return last;
    },
    get flying() {
      return flying;
    },
    get state() {
      return state;
    },
  };
};

describe('a follower in any weather', () => {
  it(`emits 1…n in order, each once, and is live in the end, in ${WALKS} random walks`, () => {
    let total = 0;
    for (let seed = 1; seed <= WALKS; seed += 1) {
      const world = createWorld(seed);
      world.begin();
      for (let steps = 0; steps < 600; steps += 1) {
        world.storm();
        if (world.flying > 2) throw new Error(`seed ${seed}: more than one look and one fetch are under way`);
        if (world.state.held.length > RULES.maxHeld + PAGE) throw new Error(`seed ${seed}: it holds too much`);
      }
      world.calmDown();
      const expected = Array.from({ length: world.last }, (_, index) => index + 1);
      if (JSON.stringify(world.emitted) !== JSON.stringify(expected))
        throw new Error(`seed ${seed}: emitted ${JSON.stringify(world.emitted)}, expected 1…${world.last}`);
      total += world.last;
    }
    expect(total).toBeGreaterThan(WALKS * 200);
  });
});
