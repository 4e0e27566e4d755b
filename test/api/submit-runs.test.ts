import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PlatformError } from '@durabase/contracts';
import { createSubmitter, type Submission } from '../../src/api/submit-runs.ts';
import { createDb } from '../../src/platform/db/create-db.ts';
import { fromSqlError, isConflict } from '../../src/platform/db/sql-errors.ts';
import type { Db } from '../../src/ports/db.ts';
import { claimsOf } from '../support/as-role.ts';
import { createReadyTask, createWorkspace, type Workspace } from '../support/build-rows.ts';
import { eventually } from '../support/eventually.ts';
import { silentLog } from './support/silent-log.ts';
import { useApi } from './support/use-api.ts';

const used = useApi({ poolSize: 5 });
let workspace: Workspace;

beforeAll(async () => {
  workspace = await createWorkspace(used.database.owner);
  await createReadyTask(used.database.owner, workspace.id);
});

const sqlErrors = { fromSqlError, isConflict };

interface Watched {
  readonly db: Db;
  readonly sizes: number[];
  readonly peak: () => number;
}

/** The real database, with a count of what goes through. */
function watch(db: Db): Watched {
  const sizes: number[] = [];
  let inFlight = 0;
  let peak = 0;
  const query: Db['query'] = async (statement, values) => {
    inFlight += 1;
    peak = Math.max(peak, inFlight);
    sizes.push((JSON.parse(String(values[0])) as unknown[]).length);
    try {
      return await db.query(statement, values);
    } finally {
      inFlight -= 1;
    }
  };
  return { db: { ...db, query }, sizes, peak: () => peak };
}

const submissionOf = (userId: string, extra: Partial<Submission> = {}): Submission => ({
  identity: { role: 'authenticated', claims: JSON.stringify(claimsOf(userId)) },
  task: 'greet',
  ...extra,
});
const codeOf = (error: unknown): string => (error instanceof PlatformError ? error.code : String(error));

describe('coalesced submissions over HTTP', () => {
  it('give each of a hundred callers at once his own run or his own refusal', async () => {
    const roles = ['editor', 'viewer', 'runner', 'nobody'] as const;
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        const role = roles[n % 4] ?? 'editor';
        const path = `/api/v1/tasks/${role === 'nobody' ? 'missing' : 'greet'}/runs`;
        const as = workspace.users[role === 'nobody' ? 'owner' : role];
        const { status, body } = await used.api.call<{ input?: { n: number }; code?: string; actor?: { userId: string } }>(
          'POST',
          path,
          { as, json: { input: { n } } },
        );
        return { n, role, as, status, body };
      }),
    );
    for (const { n, role, as, status, body } of answers) {
      if (role === 'viewer') expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
      else if (role === 'nobody') expect([status, body.code]).toEqual([404, 'TASK_NOT_FOUND']);
      else expect([status, body.input?.n, body.actor?.userId]).toEqual([201, n, as]);
    }
    const { rows } = await used.database.owner.query<{ n: number }>(
      "select (input ->> 'n')::int as n from durabase.task_runs where input ? 'n' order by 1",
    );
    expect(rows.map((row) => row.n)).toEqual(answers.filter(({ status }) => status === 201).map(({ n }) => n));
  });
});

describe('createSubmitter', () => {
  let db: Db;
  beforeAll(() => {
    db = createDb({ url: used.database.urls.gatewayUrl, applicationName: 'submit-test', poolSize: 5, log: silentLog });
  });
  afterAll(() => db.close());

  it('sends a lone submission at once, and what waits in few statements, two at a time', async () => {
    const watched = watch(db);
    const submitter = createSubmitter({ db: watched.db, sqlErrors });
    await Promise.all(Array.from({ length: 202 }, () => submitter.submit(submissionOf(workspace.users.editor))));
    expect(watched.peak()).toBe(2);
    expect(watched.sizes.slice(0, 2)).toEqual([1, 1]);
    expect(Math.max(...watched.sizes)).toBe(50);
    expect(watched.sizes).toHaveLength(6);
  });

  it('wakes the dispatchers for accepted runs only', async () => {
    const submitter = createSubmitter({ db, sqlErrors });
    const listener = await used.database.owner.connect();
    const heard: string[] = [];
    listener.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload ?? ''}`));
    try {
      await listener.query('listen durabase_work');
      const submission = submissionOf(workspace.users.editor, { idempotencyKey: 'woken once' });
      await expect(submitter.submit(submissionOf(workspace.users.viewer))).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await submitter.submit(submission);
      await submitter.submit(submission);
      await listener.query("notify durabase_work, 'end'"); // comes behind whatever was said before
      await eventually(() => expect(heard.at(-1)).toBe('durabase_work end'));
      expect(heard).toEqual(['durabase_work ', 'durabase_work end']);
    } finally {
      listener.release(true);
    }
  });

  it('lets only the poisoned one of a batch suffer', async () => {
    const submitter = createSubmitter({ db, sqlErrors });
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        submitter.submit(submissionOf(workspace.users.editor, { input: n === 11 ? 'NUL \u0000' : { n } })),
      ),
    );
    const refused = results.flatMap((result, n) => (result.status === 'rejected' ? [[n, codeOf(result.reason)]] : []));
    expect(refused).toEqual([[11, 'INVALID_STRING']]);
  });

  it('does not send a batch again when it cannot be told whether it was kept', async () => {
    const lost: Db['query'] = async (statement, values) => {
      await db.query(statement, values);
      throw fromSqlError(Object.assign(new Error('read EHOSTUNREACH'), { code: 'EHOSTUNREACH' })); // after the commit
    };
    const submitter = createSubmitter({ db: { ...db, query: lost }, sqlErrors });
    const input = { lost: true };
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, () => submitter.submit(submissionOf(workspace.users.editor, { input }))),
    );
    expect(new Set(results.map((result) => result.status))).toEqual(new Set(['rejected']));
    const { rows } = await used.database.owner.query('select from durabase.task_runs where input = $1', [JSON.stringify(input)]);
    expect(rows).toHaveLength(12);
  });

  it('tries again when the database breaks a deadlock by giving one submission up', async () => {
    const submitter = createSubmitter({ db, sqlErrors });
    const other = await used.database.owner.connect();
    const takeKey = (key: string) =>
      other.query(
        "insert into durabase_private.idempotency_keys values ($1, $2, 'x', gen_random_uuid()) on conflict do nothing",
        [workspace.id, key],
      );
    try {
      await other.query('begin');
      await other.query("set local deadlock_timeout = '1min'"); // so that the batch is the one who notices, and gives up
      await takeKey('second');
      // Two go alone; the keys then share a batch, which takes the first one and waits for the second.
      const submissions = [undefined, undefined, 'first', 'second'].map((idempotencyKey) =>
        submitter.submit(submissionOf(workspace.users.editor, { idempotencyKey })),
      );
      await eventually(async () => {
        const { rows } = await used.database.owner.query(
          "select from pg_stat_activity where application_name = 'submit-test' and wait_event_type = 'Lock'",
        );
        expect(rows).toHaveLength(1);
      });
      await takeKey('first'); // waits for the batch: a circle, broken by the batch
      await other.query('rollback');
      const runs = await Promise.all(submissions);
      expect(new Set(runs.map(({ run }) => run.id)).size).toBe(4);
      expect(runs.map(({ run }) => run.idempotency_key)).toEqual([null, null, 'first', 'second']);
    } finally {
      await other.query('rollback');
      other.release();
    }
  });

  it('never leaks the rights of one caller into the next call of the batch', async () => {
    const submitter = createSubmitter({ db, sqlErrors });
    const service: Submission['identity'] = { role: 'service_role', claims: '{"role":"service_role"}' };
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, n) =>
        submitter.submit(n % 2 === 0 ? { identity: service, task: 'greet' } : submissionOf(workspace.users.viewer)),
      ),
    );
    const kinds = results.map((result) => (result.status === 'fulfilled' ? result.value.run.actor_kind : codeOf(result.reason)));
    expect(kinds).toEqual(Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? 'service' : 'FORBIDDEN')));
  });
});
