import { describe, expect, it } from '@jest/globals';
import { createSubject, itemsOf, placeAt, RULES } from './follower-model.ts';

const types = (commands: readonly { readonly type: string }[]): readonly string[] => commands.map(({ type }) => type);
const unreachable = (call: 'look' | 'fetch') =>
  ({ type: 'failed', call, trouble: 'unreachable', error: undefined, reason: 'no network' }) as const;

describe('a follower that begins', () => {
  it('looks, joins both topics, fetches what is there, and looks again when it has joined', () => {
    const subject = createSubject({ after: 0 });
    expect(subject.tell({ type: 'woken' })).toEqual([{ type: 'look' }]);
    expect(subject.connection).toBe('catching up');
    expect(subject.tell({ type: 'looked', place: placeAt(2) })).toEqual([
      { type: 'fetch', after: 0 },
      { type: 'join', topic: 'news:1' },
      { type: 'join', topic: 'moves:1' },
    ]);
    expect(types(subject.tell({ type: 'fetched', items: itemsOf(1, 2) }))).toEqual(['emit']);
    expect(subject.tell({ type: 'joined', topic: 'news:1' })).toEqual([]);
    expect(subject.tell({ type: 'joined', topic: 'moves:1' })).toEqual([{ type: 'look' }]);
    expect(subject.connection).toBe('catching up');
    expect(subject.tell({ type: 'looked', place: placeAt(3) })).toEqual([{ type: 'fetch', after: 2 }]);
    subject.tell({ type: 'fetched', items: itemsOf(3, 3) });
    expect(subject.connection).toBe('live');
    expect(subject.emitted).toEqual([1, 2, 3]);
  });

  it('starts from where the line stands if no number was given', () => {
    const subject = createSubject();
    subject.goLive(40);
    expect(types(subject.commands)).not.toContain('fetch');
    subject.tell({ type: 'heard', last: 41, items: itemsOf(41, 41) });
    expect(subject.emitted).toEqual([41]);
  });

  it('does not join a line that has ended', () => {
    const subject = createSubject({ after: 0 });
    subject.tell({ type: 'woken' });
    expect(types(subject.tell({ type: 'looked', place: placeAt(2, { hasEnded: true }) }))).toEqual(['fetch']);
    subject.tell({ type: 'fetched', items: itemsOf(1, 2) });
    expect(subject.state.ending).toBeUndefined(); // the items say when it is over
    const late = createSubject({ after: 2 });
    late.tell({ type: 'woken' });
    late.tell({ type: 'looked', place: placeAt(2, { hasEnded: true }) });
    expect(late.state.ending).toEqual({ kind: 'done' });
    const beyond = createSubject({ after: 9 });
    beyond.tell({ type: 'woken' });
    beyond.tell({ type: 'looked', place: placeAt(2, { hasEnded: true }) });
    expect(beyond.state.ending).toEqual({ kind: 'done' });
  });
});

describe('messages', () => {
  it('are handed out at once where they tell everything, and fetched where they tell a number', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    expect(types(subject.tell({ type: 'heard', last: 2, items: itemsOf(1, 2) }))).toEqual(['emit']);
    expect(subject.tell({ type: 'heard', last: 4 })).toEqual([{ type: 'fetch', after: 2 }]);
    expect(subject.connection).toBe('live');
    subject.tell({ type: 'fetched', items: itemsOf(3, 4) });
    expect(subject.emitted).toEqual([1, 2, 3, 4]);
  });

  it('cause one more fetch, however many come while one is under way', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'heard', last: 1 });
    for (let last = 2; last <= 50; last += 1) expect(subject.tell({ type: 'heard', last })).toEqual([]);
    expect(subject.tell({ type: 'fetched', items: itemsOf(1, 10) })).toContainEqual({ type: 'fetch', after: 10 });
    expect(types(subject.tell({ type: 'fetched', items: itemsOf(11, 50) }))).toEqual(['emit']);
    expect(subject.commands.filter(({ type }) => type === 'fetch').length).toBe(2);
  });

  it('that come twice, or late, change nothing', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'heard', last: 3, items: itemsOf(1, 3) });
    expect(subject.tell({ type: 'heard', last: 3, items: itemsOf(1, 3) })).toEqual([]);
    expect(subject.tell({ type: 'heard', last: 2, items: itemsOf(2, 2) })).toEqual([]);
    expect(types(subject.tell({ type: 'heard', last: 4, items: itemsOf(2, 4) }))).toEqual(['emit']);
    expect(subject.emitted).toEqual([1, 2, 3, 4]);
  });

  it('behind a gap wait, and the gap is fetched at once', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    expect(subject.tell({ type: 'heard', last: 6, items: itemsOf(5, 6) })).toEqual([{ type: 'fetch', after: 0 }]);
    expect(subject.connection).toBe('catching up');
    subject.tell({ type: 'heard', last: 8, items: itemsOf(7, 8) });
    subject.tell({ type: 'fetched', items: itemsOf(1, 4) });
    expect(subject.emitted).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(subject.connection).toBe('live');
  });

  it('behind a gap are let go when there are too many: their numbers are fetched', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'heard', last: 12, items: itemsOf(3, 12) });
    subject.tell({ type: 'heard', last: 3 + RULES.maxHeld, items: itemsOf(13, 3 + RULES.maxHeld) });
    expect(subject.state.held).toEqual([]);
    expect(subject.tell({ type: 'fetched', items: itemsOf(1, 7) })).toContainEqual({ type: 'fetch', after: 7 });
  });
});

describe('a fetch', () => {
  it('that does not bring what was announced is tried again later, with a look', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'heard', last: 1 });
    expect(subject.tell({ type: 'fetched', items: [] })).toEqual([]);
    expect([subject.connection, subject.timerInMs]).toEqual(['reconnecting', 375]);
    expect(types(subject.pass(375))).toEqual(['look', 'fetch']);
  });

  it('with an old answer is no failure where messages have brought more meanwhile', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'heard', last: 2, items: itemsOf(2, 2) });
    subject.tell({ type: 'heard', last: 1, items: itemsOf(1, 1) });
    subject.tell({ type: 'heard', last: 5, items: itemsOf(5, 5) });
    expect(subject.tell({ type: 'fetched', items: itemsOf(1, 2) })).toEqual([{ type: 'fetch', after: 2 }]);
    expect(subject.state.failures).toEqual({ look: 0, fetch: 0 });
  });

  it('of numbers that are no longer kept leads to a resync, from where the line stands then', () => {
    const subject = createSubject({ after: 3 });
    subject.tell({ type: 'woken' });
    subject.tell({ type: 'looked', place: placeAt(90) });
    expect(types(subject.tell({ type: 'pruned' }))).toEqual(['look']);
    subject.tell({ type: 'heard', last: 99 });
    const commands = subject.tell({ type: 'looked', place: placeAt(95) });
    expect(commands).toEqual([{ type: 'resync', after: 95 }, { type: 'look' }]);
    expect(subject.tell({ type: 'looked', place: placeAt(99) })).toEqual([{ type: 'fetch', after: 95 }]);
    subject.tell({ type: 'fetched', items: itemsOf(96, 99) });
    expect(subject.emitted).toEqual([96, 97, 98, 99]);
  });
});

describe('a failing call', () => {
  it('is repeated after growing waits, never in a loop', () => {
    const subject = createSubject({ after: 0 });
    subject.tell({ type: 'woken' });
    const waits: (number | undefined)[] = [];
    for (let tries = 0; tries < 9; tries += 1) {
      expect(subject.tell(unreachable('look'))).toEqual([]);
      expect([subject.connection, subject.nextTryInMs]).toEqual(['reconnecting', subject.timerInMs]);
      waits.push(subject.timerInMs);
      expect(subject.pass((subject.timerInMs ?? 0) - 1)).toEqual([]);
      expect(types(subject.pass(1))).toEqual(['look']);
    }
    expect(waits).toEqual([375, 750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500]);
    subject.tell({ type: 'looked', place: placeAt(0) });
    expect(subject.state.failures).toEqual({ look: 0, fetch: 0 });
  });

  it('waits longer each time also while the other one works', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'heard', last: 1 });
    const waits: (number | undefined)[] = [];
    for (let tries = 0; tries < 4; tries += 1) {
      subject.tell(unreachable('fetch'));
      waits.push(subject.nextTryInMs);
      expect(types(subject.pass(subject.nextTryInMs ?? 0))).toEqual(['look', 'fetch']);
      subject.tell({ type: 'looked', place: placeAt(1) });
      expect(subject.connection).toBe('reconnecting');
    }
    expect(waits).toEqual([375, 750, 1_500, 3_000]);
    subject.tell({ type: 'fetched', items: itemsOf(1, 1) });
    expect(subject.connection).toBe('live');
  });

  it('does not hold up messages that tell everything', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'heard', last: 1 });
    subject.tell(unreachable('fetch'));
    expect(subject.tell({ type: 'heard', last: 2 })).toEqual([]);
    subject.tell({ type: 'heard', last: 3, items: itemsOf(1, 3) });
    expect([subject.emitted, subject.connection]).toEqual([[1, 2, 3], 'live']);
  });

  it('is repeated at once on a wake-up', () => {
    const subject = createSubject({ after: 0 });
    subject.tell({ type: 'woken' });
    for (let tries = 0; tries < 5; tries += 1) {
      subject.tell(unreachable('look'));
      subject.pass(subject.timerInMs ?? 0);
    }
    subject.tell(unreachable('look'));
    expect(types(subject.tell({ type: 'woken' }))).toEqual(['look']);
  });

  it('ends it where it can never succeed, unless it has worked before', () => {
    const error = new Error('what is that');
    const failure = { type: 'failed', call: 'look', trouble: 'permanent', error, reason: 'what is that' } as const;
    const subject = createSubject({ after: 0 });
    subject.tell({ type: 'woken' });
    subject.tell(failure);
    expect(subject.state.ending).toEqual({ kind: 'failed', error, reason: 'what is that' });
    const known = createSubject({ after: 0 });
    known.goLive();
    known.pass(known.timerInMs ?? 0);
    known.tell(failure);
    expect(known.connection).toBe('reconnecting');
  });

  it('for want of an identity is repeated twice: a token may be renewed at this moment', () => {
    const failure = { type: 'failed', call: 'look', trouble: 'unauthenticated', error: undefined, reason: 'expired' } as const;
    const subject = createSubject({ after: 0 });
    subject.goLive();
    for (let tries = 0; tries < 2; tries += 1) {
      subject.pass(subject.timerInMs ?? 0);
      subject.tell(failure);
      expect(subject.state.ending).toBeUndefined();
    }
    subject.pass(subject.timerInMs ?? 0);
    subject.tell(failure);
    expect([subject.state.ending, subject.connection]).toEqual([{ kind: 'signed out' }, 'signed out']);
  });
});

describe('the end', () => {
  it('comes with the last item, if nothing newer is known', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'heard', last: 2 });
    const items = [{ seq: 1 }, { seq: 2, isTerminal: true }];
    expect(types(subject.tell({ type: 'fetched', items }))).toEqual(['emit', 'leave', 'leave']);
    expect(subject.state.ending).toEqual({ kind: 'done' });
  });

  it('does not come where the line went on after its end', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'heard', last: 3 });
    expect(types(subject.tell({ type: 'fetched', items: [{ seq: 1 }, { seq: 2, isTerminal: true }] }))).toEqual([
      'emit',
      'fetch',
    ]);
    subject.tell({ type: 'fetched', items: [{ seq: 3 }] });
    expect(subject.state.ending).toBeUndefined();
    subject.tell({ type: 'heard', last: 4, items: [{ seq: 4, isTerminal: true }] });
    expect(subject.state.ending).toEqual({ kind: 'done' });
  });

  it('is not believed from an old look', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive(0);
    subject.pass(subject.timerInMs ?? 0);
    subject.tell({ type: 'heard', last: 2, items: itemsOf(1, 2) });
    subject.tell({ type: 'looked', place: placeAt(1, { hasEnded: true }) });
    expect(subject.state.ending).toBeUndefined();
  });
});

describe('a slow consumer', () => {
  it('is given nothing more; numbers are remembered and fetched when he has read', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'filled' });
    for (let last = 1; last <= 500; last += 1)
      expect(subject.tell({ type: 'heard', last, items: itemsOf(last, last) })).toEqual([]);
    expect(subject.state.held).toEqual([]);
    expect(subject.tell({ type: 'drained' })).toEqual([{ type: 'fetch', after: 0 }]);
    expect(subject.connection).toBe('catching up');
    subject.tell({ type: 'fetched', items: itemsOf(1, 500) });
    expect([subject.emitted.length, subject.connection]).toEqual([500, 'live']);
  });

  it('still learns that he may see no more', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.tell({ type: 'filled' });
    expect(types(subject.tell({ type: 'moved' }))).toEqual(['look']);
  });
});

describe('time', () => {
  it('brings a look soon after joining, and then a slow one', () => {
    const subject = createSubject({ after: 0 });
    subject.tell({ type: 'woken' });
    subject.tell({ type: 'looked', place: placeAt(0) });
    subject.tell({ type: 'joined', topic: 'news:1' });
    subject.tell({ type: 'joined', topic: 'moves:1' });
    expect(subject.timerInMs).toBe(3_000);
    subject.tell({ type: 'looked', place: placeAt(0) });
    expect(subject.timerInMs).toBe(3_000);
    expect(types(subject.pass(3_000))).toEqual(['look']);
    subject.tell({ type: 'looked', place: placeAt(2) });
    expect(subject.connection).toBe('catching up');
    subject.tell({ type: 'fetched', items: itemsOf(1, 2) });
    expect([subject.connection, subject.timerInMs]).toEqual(['live', 30_000]);
  });

  it('that passes without a join means polling', () => {
    const subject = createSubject({ after: 0 });
    subject.tell({ type: 'woken' });
    subject.tell({ type: 'looked', place: placeAt(0) });
    expect([subject.connection, subject.timerInMs]).toEqual(['catching up', 2_000]);
    subject.pass(2_000);
    expect(subject.connection).toBe('reconnecting');
    subject.tell({ type: 'looked', place: placeAt(0) });
    expect([subject.connection, subject.nextTryInMs]).toEqual(['polling', 2_000]);
  });

  it('is noticed with whatever happens, though the timer be late', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    subject.skip(100_000);
    expect(types(subject.tell({ type: 'heard', last: 1, items: itemsOf(1, 1) }))).toEqual(['emit', 'look']);
    expect(subject.timerInMs).toBe(30_000);
  });

  it('is left between a slow answer and the next question', () => {
    const subject = createSubject({ after: 0 });
    subject.tell({ type: 'woken' });
    subject.tell({ type: 'looked', place: placeAt(0) });
    expect(types(subject.pass(2_000))).toEqual(['look']);
    expect(subject.pass(2_000)).toEqual([]);
    subject.skip(1_900);
    expect(subject.tell({ type: 'looked', place: placeAt(0) })).toEqual([]);
    expect(subject.timerInMs).toBe(2_000);
  });

  it('that came too early changes nothing', () => {
    const subject = createSubject({ after: 0 });
    subject.goLive();
    expect(subject.pass(100)).toEqual([]);
  });
});
