import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, type ReadyTask, type Workspace } from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { useDatabase } from '../../support/use-database.ts';
import { SECRET_KEY, type TestApi, withApi } from '../support/test-api.ts';
import { urlOf, useProgram } from '../support/use-program.ts';
import { sequence, startLiveRun, upTo, writeEvent } from './support/live-run.ts';
import { openStream } from './support/open-stream.ts';

const database = useDatabase();
const startProgram = useProgram(database);
let acme: Workspace;
let task: ReadyTask;

beforeAll(async () => {
  acme = await createWorkspace(database.owner);
  task = await createReadyTask(database.owner, acme.id);
});

const pathOf = (runId: string): string => `/api/v1/runs/${runId}/events`;
const isEmpty = async (api: TestApi): Promise<void> =>
  expect((await api.call('GET', '/metrics')).text).toMatch(/^durabase_streams_open 0$/m);

describe('a process that is asked to end', () => {
  it('closes its streams without saying that they are over, so that clients go on elsewhere', async () => {
    const { id, lastSeq } = await startLiveRun(database.owner, task);
    await withApi({ gatewayUrl: database.urls.gatewayUrl }, async (api) => {
      const stream = await openStream(api, pathOf(id), { asService: true });
      await stream.received(lastSeq);
      api.endStreams();
      await stream.ended();
      expect([stream.end, stream.ids()]).toEqual(['clean', upTo(lastSeq)]);
      expect(stream.messages.map(({ event }) => event)).not.toContain('end');
      const late = await openStream(api, pathOf(id), { asService: true });
      await late.ended();
      expect([late.status, late.end, late.messages]).toEqual([200, 'clean', []]);
      expect(late.text).toMatch(/^retry: \d+\n\n$/);
      await eventually(() => isEmpty(api));
    });
    await withApi({ gatewayUrl: database.urls.gatewayUrl }, async (elsewhere) => {
      await writeEvent(database.owner, id);
      await sequence(database);
      const rest = await openStream(elsewhere, pathOf(id), { asService: true, headers: { 'last-event-id': String(lastSeq) } });
      await rest.received(1);
      expect(rest.ids()).toEqual([lastSeq + 1]);
    });
  });

  it('does not wait for a reader that takes nothing', async () => {
    const { id } = await startLiveRun(database.owner, task);
    await database.owner.query(
      `select durabase_private.follow_step($1, 'step.log', null, null, null, jsonb_build_object('text', repeat('x', 20000)))
       from generate_series(1, 1500)`,
      [id],
    );
    await withApi({ gatewayUrl: database.urls.gatewayUrl }, async (api) => {
      const stream = await openStream(api, pathOf(id), { asService: true });
      stream.pause();
      await eventually(async () => expect((await api.call('GET', '/metrics')).text).toMatch(/^durabase_streams_open 1$/m));
      api.endStreams();
      await eventually(() => isEmpty(api));
      stream.resume();
      await stream.ended();
      expect(stream.end).toBe('cut');
    });
  });

  it('ends long before its grace is over, however many streams are open', async () => {
    const { id, lastSeq } = await startLiveRun(database.owner, task);
    const program = startProgram({ DURABASE_SHUTDOWN_GRACE_MS: '3600000' });
    const url = await urlOf(program);
    const headers = { apikey: SECRET_KEY, accept: 'text/event-stream' };
    const answers = await Promise.all(upTo(10).map(() => fetch(`${url}${pathOf(id)}`, { headers })));
    const texts = answers.map((answer) => answer.text());
    const listeners = `select count(*)::int from pg_stat_activity
      where datname = current_database() and application_name = 'durabase listener (durabase_changes)'`;
    await eventually(async () => expect(await readValue(database.owner, listeners)).toBe(1));
    program.child.kill('SIGTERM');
    expect(await program.exit).toBe(0);
    for (const text of await Promise.all(texts)) {
      expect(text.match(/^id: /gm)).toHaveLength(lastSeq);
      expect(text).not.toContain('event: end');
    }
  });
});
