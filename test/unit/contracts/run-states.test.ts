import { describe, expect, it } from '@jest/globals';
import { isTerminal, RUN_STATES, type RunState, STATE_WORDS, STEP_STATES, TERMINAL_RUN_STATES } from '@durabase/contracts';

const SYSTEMS = ['taskKit', 'tasker', 'scheduler', 'queue', 'chat'] as const;

/** The words of each system as it documents them, several where it has several; '' where it has none. */
const DOCUMENTED: Readonly<Record<RunState, readonly [string, string, string, string, string]>> = {
  scheduled: ['scheduled', '', 'scheduled', '', ''],
  queued: ['pending', 'pending, queued', 'pending', 'pending', 'pending'],
  running: ['progress', 'running, processing', 'running', 'in progress', 'processing'],
  waiting: ['progress', 'suspended_waiting_child', 'running', 'in progress', 'processing'],
  awaiting_input: ['input-await', '', '', '', 'processing'],
  retrying: ['retry', '', 'retrying', 'in progress', 'processing'],
  paused: ['stopped', '', '', '', ''],
  completed: ['completed', 'completed', 'completed', 'completed', 'completed'],
  failed: ['failed', 'failed, error', 'failed', 'failed', 'failed'],
  timed_out: ['failed', 'failed', 'failed', 'failed', 'timeout'],
  cancelled: ['stopped', 'failed', 'cancelled', 'failed', 'cancelled'],
  skipped: ['', '', 'skipped', '', ''],
  expired: ['failed', '', 'skipped', 'abandoned', 'timeout'],
};

const CELLS = RUN_STATES.flatMap((state) =>
  SYSTEMS.map((system, index) => ({ state, system, documented: DOCUMENTED[state][index] ?? '' })),
);

/** Every word that a system knows at all. */
const vocabularyOf = (system: (typeof SYSTEMS)[number]): ReadonlySet<string> =>
  new Set(CELLS.filter((cell) => cell.system === system).flatMap(({ documented }) => documented.split(', ').filter(Boolean)));

describe('STATE_WORDS', () => {
  it.each(CELLS.filter(({ documented }) => documented !== ''))('calls $state in $system $documented', (cell) => {
    expect(cell.documented.split(', ')[0]).toBe(STATE_WORDS[cell.state][cell.system]);
  });

  it.each(CELLS.filter(({ documented }) => documented === ''))('calls $state in $system by a word that it knows', (cell) => {
    expect(vocabularyOf(cell.system)).toContain(STATE_WORDS[cell.state][cell.system]);
  });

  it('has a word for every state in every system', () => {
    expect(Object.keys(STATE_WORDS)).toEqual([...RUN_STATES]);
    for (const words of Object.values(STATE_WORDS)) expect(Object.keys(words)).toEqual([...SYSTEMS]);
  });

  it.each(SYSTEMS)('never calls a run ended in %s that goes on, nor the other way round', (system) => {
    const ended = new Set(['completed', 'failed', 'error', 'cancelled', 'skipped', 'abandoned', 'timeout']);
    for (const state of RUN_STATES) {
      const word = STATE_WORDS[state][system];
      if (word !== 'stopped') expect([state, ended.has(word)]).toEqual([state, isTerminal(state)]);
    }
  });
});

describe('isTerminal', () => {
  it('is true of exactly the states that a run never leaves by itself', () => {
    expect(RUN_STATES.filter(isTerminal)).toEqual(['completed', 'failed', 'timed_out', 'cancelled', 'skipped', 'expired']);
    expect(RUN_STATES.filter(isTerminal)).toEqual([...TERMINAL_RUN_STATES]);
  });
});

describe('STEP_STATES', () => {
  it('are states of runs too, without those of a run that has not started or is held', () => {
    const others = RUN_STATES.filter((state) => !(STEP_STATES as readonly string[]).includes(state));
    expect(others).toEqual(['scheduled', 'queued', 'paused', 'expired']);
    expect(STEP_STATES.every((state) => (RUN_STATES as readonly string[]).includes(state))).toBe(true);
  });
});
