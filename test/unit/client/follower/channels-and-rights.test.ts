import { describe, expect, it } from '@jest/globals';
import { createSubject, itemsOf, placeAt } from './follower-model.ts';

const topicsAt = (epoch: number) => ({ topic: `news:${epoch}`, movesTopic: `moves:${epoch}` });
const types = (commands: readonly { readonly type: string }[]): readonly string[] => commands.map(({ type }) => type);

describe('channels', () => {
  it('that are lost come back by themselves; until then it polls', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    expect(subject.tell({ type: 'lost', topic: 'news:1', reason: 'socket closed: 1006' })).toEqual([]);
    expect([subject.connection, subject.nextTryInMs]).toEqual(['reconnecting', 2_000]);
    expect(types(subject.pass(2_000))).toEqual(['look']);
    subject.tell({ type: 'looked', place: placeAt(1) });
    expect(subject.connection).toBe('polling');
    subject.tell({ type: 'fetched', items: itemsOf(1, 1) });
    expect(subject.emitted).toEqual([1]);
    expect(types(subject.tell({ type: 'joined', topic: 'news:1' }))).toEqual(['look']);
    subject.tell({ type: 'looked', place: placeAt(1) });
    expect(subject.connection).toBe('live');
  });

  it('that do not come back for long are asked for again', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'lost', topic: 'news:1', reason: 'socket closed: 1006' });
    const joins: string[] = [];
    for (let polls = 0; polls < 31; polls += 1) {
      joins.push(...types(subject.pass(2_000)).filter((type) => type === 'join'));
      subject.tell({ type: 'looked', place: placeAt(0) });
    }
    expect(joins.length).toBe(2);
  });

  it('that were closed are replaced, after growing waits', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    for (const waitMs of [375, 750, 1_500]) {
      expect(subject.tell({ type: 'closed', topic: 'news:1', reason: 'token expired' })).toEqual([]);
      expect(subject.pass(waitMs - 1)).not.toContainEqual({ type: 'join', topic: 'news:1' });
      expect(subject.pass(1)).toContainEqual({ type: 'join', topic: 'news:1' });
    }
  });

  it('that were refused are looked up at once: the name may be another one', () => {
    const subject = createSubject({ after: 0 });
    subject.tell({ type: 'woken' });
    subject.tell({ type: 'looked', place: placeAt(0) });
    expect(types(subject.tell({ type: 'join-refused', topic: 'news:1', reason: 'Unauthorized' }))).toContain('look');
    const commands = subject.tell({ type: 'looked', place: placeAt(0, topicsAt(2)) });
    expect(commands).toEqual([
      { type: 'leave', topic: 'moves:1' },
      { type: 'join', topic: 'news:2' },
      { type: 'join', topic: 'moves:2' },
    ]);
  });

  it('of a new name are not held up by the refusals of the old one', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    for (let tries = 0; tries < 5; tries += 1) {
      subject.tell({ type: 'join-refused', topic: 'news:1', reason: 'Unauthorized' });
      subject.tell({ type: 'looked', place: placeAt(0) });
      subject.pass(30_000);
      subject.tell({ type: 'looked', place: placeAt(0) });
    }
    subject.tell({ type: 'join-refused', topic: 'news:1', reason: 'Unauthorized' });
    expect(subject.tell({ type: 'looked', place: placeAt(0, topicsAt(2)) })).toContainEqual({ type: 'join', topic: 'news:2' });
    subject.tell({ type: 'join-refused', topic: 'news:2', reason: 'Unauthorized' });
    subject.tell({ type: 'looked', place: placeAt(0, topicsAt(2)) });
    expect(subject.pass(375)).toContainEqual({ type: 'join', topic: 'news:2' });
  });

  it('that are refused again and again are asked for after growing waits, and it polls meanwhile', () => {
    const subject = createSubject({ after: 0 });
    subject.tell({ type: 'woken' });
    subject.tell({ type: 'looked', place: placeAt(0) });
    let passedMs = 0;
    const joinedAtMs: number[] = [];
    subject.tell({ type: 'join-refused', topic: 'news:1', reason: 'Unauthorized' });
    for (let rounds = 0; rounds < 60; rounds += 1) {
      if (subject.state.isLooking) subject.tell({ type: 'looked', place: placeAt(0) });
      if (subject.state.channels['news:1'] === 'joining') {
        joinedAtMs.push(passedMs);
        subject.tell({ type: 'join-refused', topic: 'news:1', reason: 'Unauthorized' });
        continue;
      }
      expect(subject.connection).toBe('polling');
      const waitMs = subject.timerInMs ?? 0;
      passedMs += waitMs;
      subject.pass(waitMs);
    }
    const waits = joinedAtMs.slice(1).map((at, index) => at - (joinedAtMs[index] ?? 0));
    expect(joinedAtMs[0]).toBe(375);
    expect(waits.slice(0, 4)).toEqual([750, 1_500, 3_000, 6_000]);
  });

  it('of other names are none of its business', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'moved' });
    subject.tell({ type: 'looked', place: placeAt(0, topicsAt(2)) });
    for (const type of ['lost', 'closed', 'join-refused'] as const)
      expect(subject.tell({ type, topic: 'news:1', reason: 'an old one' })).toEqual([]);
    subject.tell({ type: 'joined', topic: 'news:1' });
    expect(subject.state.channels).toEqual({ 'news:2': 'joining', 'moves:2': 'joining' });
  });
});

describe('rights', () => {
  it('that moved are looked up at once, and the new names joined', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    expect(types(subject.tell({ type: 'moved' }))).toEqual(['look']);
    expect(subject.tell({ type: 'looked', place: placeAt(0, topicsAt(2)) })).toEqual([
      { type: 'leave', topic: 'news:1' },
      { type: 'leave', topic: 'moves:1' },
      { type: 'join', topic: 'news:2' },
      { type: 'join', topic: 'moves:2' },
    ]);
  });

  it('that moved while a look was under way are looked up once more', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.pass(subject.timerInMs ?? 0);
    expect(subject.tell({ type: 'moved' })).toEqual([]);
    expect(types(subject.tell({ type: 'looked', place: placeAt(0) }))).toEqual(['look']);
  });

  it('that are gone end it: everything is left, and nothing more is done', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'moved' });
    const error = new Error('no such run');
    expect(subject.tell({ type: 'refused', error, reason: 'no such run is visible to you' })).toEqual([
      { type: 'leave', topic: 'news:1' },
      { type: 'leave', topic: 'moves:1' },
    ]);
    expect(subject.connection).toBe('no access');
    expect(subject.state.ending).toMatchObject({ kind: 'no access', error });
    expect(subject.tell({ type: 'heard', last: 5, items: itemsOf(1, 5) })).toEqual([]);
    expect([subject.emitted, subject.timerInMs]).toEqual([[], undefined]);
  });

  it('go with the one who signs out', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    expect(types(subject.tell({ type: 'signed-out' }))).toEqual(['leave', 'leave']);
    expect(subject.connection).toBe('signed out');
  });
});
