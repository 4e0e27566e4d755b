import { describe, expect, it } from '@jest/globals';
import { createClient } from '@supabase/supabase-js';
import {
  createDurabase,
  type Durabase,
  DurabaseError,
  type FeedWatch,
  isDurabaseError,
  isRunFailedError,
  type Json,
  RunFailedError,
  type Run,
  type RunWatch,
  type StartedRun,
} from '../../../packages/client/src/index.ts';
import { defineTask, text } from '../../../packages/client/src/tasks.ts';

/** An app's own database, as `supabase gen types` writes it: it knows nothing of the schema `durabase`. */
interface AppDatabase {
  public: {
    Tables: { notes: { Row: { id: number }; Insert: { id?: number }; Update: { id?: number }; Relationships: [] } };
    Views: Record<string, never>;
    Functions: Record<string, never>;
  };
}

type Equals<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
/** Fails to compile unless the two types are the same. */
const areSame = <Left, Right>(_same: Equals<Left, Right>): void => {};

const [url, key] = ['http://127.0.0.1:9', 'sb_publishable_key'] as const;
const clients: readonly Durabase[] = [
  createDurabase({ supabase: createClient(url, key) }),
  createDurabase({ supabase: createClient<AppDatabase>(url, key) }),
  createDurabase({ supabase: createClient(url, key, { db: { schema: 'durabase' } }) }),
  createDurabase({ supabase: createClient<AppDatabase, 'public'>(url, key, { accessToken: async () => null }) }),
  createDurabase({ supabaseUrl: url, publishableKey: key, accessToken: async () => null, timing: { slowCheckMs: 60_000 } }),
];

describe('the types', () => {
  it('fit every client of supabase-js, whatever it was made for', () => {
    for (const client of clients) expect(typeof client.start).toBe('function');
    // @ts-expect-error a client or an address must be given
    expect(() => createDurabase({})).toThrow('supabaseUrl');
  });

  it('tell runs from feeds, and carry the type of the output', () => {
    const check = (durabase: Durabase) => {
      const started = durabase.start<{ readonly total: number }>('report');
      areSame<Awaited<typeof started>, StartedRun<{ readonly total: number }>>(true);
      areSame<ReturnType<Awaited<typeof started>['result']>, Promise<{ readonly total: number }>>(true);
      const result = durabase.result('id');
      areSame<typeof result, Promise<Json>>(true);
      const run = durabase.watch('id');
      areSame<typeof run, RunWatch>(true);
      const same = durabase.watch({ id: 'id' }, { after: 3 });
      areSame<typeof same, RunWatch>(true);
      const feed = durabase.watch({ workspace: 'id' });
      areSame<typeof feed, FeedWatch>(true);
      // @ts-expect-error a Date is no JSON
      void durabase.start('report', { day: new Date() });
    };
    expect(typeof check).toBe('function'); // compiled, not called
  });
});

describe('the types of a task that was written in TypeScript', () => {
  const typed = defineTask({
    slug: 'typed',
    input: { type: 'object', properties: { day: { type: 'string' } }, required: ['day'] },
    action: 'http',
    with: ({ input }) => ({ url: text`https://example.com/${input.day}` }),
    output: ({ steps }) => ({ status: steps.main.output.status }),
  });
  const bare = defineTask({ slug: 'bare', action: 'sleep', with: { duration: '1 s' } });

  it('go with its runs', () => {
    const check = (durabase: Durabase) => {
      const started = durabase.start(typed, { input: { day: '2026-11-20' }, idempotencyKey: 'x' });
      areSame<Awaited<typeof started>, StartedRun<{ readonly status: number }>>(true);
      const plain = durabase.start('typed', { day: 7 });
      areSame<Awaited<typeof plain>, StartedRun<Json>>(true);
      const anything = durabase.start(bare);
      areSame<Awaited<typeof anything>, StartedRun<Json>>(true);
      // @ts-expect-error a day is text
      void durabase.start(typed, { input: { day: 7 } });
      // @ts-expect-error the day is missing
      void durabase.start(typed, { input: {} });
      // @ts-expect-error the input is missing
      void durabase.start(typed);
      // @ts-expect-error there is no option "when"
      void durabase.start(bare, { when: 'now' });
    };
    expect(typeof check).toBe('function'); // compiled, not called
  });
});

describe('errors', () => {
  const run = { id: 'r', state: 'timed_out', error: null } as Run;
  it('are told by their names, across copies of the package', () => {
    const failed = new RunFailedError(run);
    expect([isDurabaseError(failed), isRunFailedError(failed), failed instanceof DurabaseError]).toEqual([true, true, true]);
    const copy = Object.assign(new Error('x'), { name: 'DurabaseError', code: 'RUN_NOT_FOUND' });
    expect([isDurabaseError(copy), isRunFailedError(copy), isDurabaseError(new Error('x'))]).toEqual([true, false, false]);
  });
  it('of runs say how they ended, with the code of the run or of its state', () => {
    expect(new RunFailedError(run)).toMatchObject({ code: 'DEADLINE_EXCEEDED', message: 'run r ended as timed_out', run });
    const error = { code: 'STEP_FAILED', message: 'it did not work' };
    expect(new RunFailedError({ ...run, state: 'failed', error })).toMatchObject({
      code: 'STEP_FAILED',
      message: 'run r ended as failed: it did not work',
    });
    expect(new RunFailedError({ ...run, state: 'skipped' }).code).toBe('WORKFLOW_FAILED');
  });
  it('say whether the same call can succeed later', () => {
    const retryable = (code: string): boolean => new DurabaseError(code).retryable;
    expect(['UNREACHABLE', 'DATABASE_UNAVAILABLE', 'NO_ACCESS', 'RUN_NOT_FOUND', 'A_NEW_ONE'].map(retryable)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(new DurabaseError('NO_ACCESS').message).toBe('This is not visible to you, or no longer');
  });
});
