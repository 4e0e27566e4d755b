import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asAnonymous, asUser } from '../../support/as-role.ts';
import { createReadyTask, createRunIn, createUser, createWorkspace, type Run, type Workspace } from '../../support/build-rows.ts';
import { callRows } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('events_since', () => {
  const db = useDatabase();
  let acme: Workspace;
  let run: Run;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    run = await createRunIn(db.owner, await createReadyTask(db.owner, acme.id), 'completed');
  });

  const read = (args: object) => async (client: pg.ClientBase) =>
    (await callRows<{ seq: string; kind: string }>(client, 'durabase.events_since', { run: run.id, ...args })).map(
      ({ seq, kind }) => `${seq} ${kind}`,
    );
  const readAs = (userId: string, args: object = {}) => asUser(db.owner, userId, read(args));
  const ALL = ['1 run.queued', '2 run.running', '3 step.started', '4 run.completed'];

  it('gives the events after a number, in order', async () => {
    expect(await readAs(acme.users.viewer)).toEqual(ALL);
    expect(await readAs(acme.users.viewer, { after_seq: 2 })).toEqual(ALL.slice(2));
    expect(await readAs(acme.users.viewer, { after_seq: null })).toEqual(ALL);
    expect(await readAs(acme.users.viewer, { after_seq: 4 })).toEqual([]);
  });

  it('gives pages', async () => {
    expect(await readAs(acme.users.viewer, { after_seq: 1, page_limit: 2 })).toEqual(ALL.slice(1, 3));
    expect(await readAs(acme.users.viewer, { page_limit: -1 })).toEqual(ALL.slice(0, 1));
  });

  it('gives nothing of runs that the caller does not see', async () => {
    expect(await readAs(acme.users.runner)).toEqual([]);
    expect(await readAs(await createUser(db.owner))).toEqual([]);
    expect(await refusedAs(asAnonymous(db.owner, read({})))).toBe('42501');
  });
});
