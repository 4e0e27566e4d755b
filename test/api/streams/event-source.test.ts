import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, EventSource } from 'undici';
import { createReadyTask, createWorkspace, type ReadyTask, type Workspace } from '../../support/build-rows.ts';
import { eventually } from '../../support/eventually.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { useApi } from '../support/use-api.ts';
import { finishRun, sequence, startLiveRun, upTo, writeEvent } from './support/live-run.ts';

const used = useApi();
let proxy: TcpProxy;
let acme: Workspace;
let task: ReadyTask;

beforeAll(async () => {
  proxy = await startTcpProxy(used.api.url);
  acme = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, acme.id);
});
afterAll(() => proxy.close());

/** A client that knows nothing of us but the standard, and reads the run to its end. */
async function follow(runId: string) {
  const authorization = `Bearer ${await used.api.auth.sign(acme.users.viewer)}`;
  const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
    Object.assign(options.headers ?? {}, { authorization });
    return dispatch(options, handler);
  });
  const source = new EventSource(new URL(`/api/v1/runs/${runId}/events`, proxy.url).href, { node: { dispatcher } });
  const ids: number[] = [];
  let endCount = 0;
  let openCount = 0;
  for (const kind of ['run.queued', 'run.admitted', 'run.started', 'run.running', 'step.log', 'step.started', 'run.completed'])
    source.addEventListener(kind, (event) => ids.push(Number((event as MessageEvent).lastEventId)));
  source.addEventListener('open', () => (openCount += 1));
  source.addEventListener('end', () => (endCount += 1));
  return { source, ids, endCount: () => endCount, openCount: () => openCount };
}

describe('an EventSource', () => {
  it('has 1…n after connections were cut, and is told when to close', async () => {
    const { id, lastSeq } = await startLiveRun(used.database.owner, task);
    const client = await follow(id);
    const total = lastSeq + 4;
    await eventually(() => expect(client.openCount()).toBe(1));
    for (const n of upTo(3)) {
      await writeEvent(used.database.owner, id, { n });
      await sequence(used.database);
      await eventually(() => expect(client.ids.at(-1)).toBe(lastSeq + n));
      if (n === 2) {
        await proxy.cut();
        await proxy.restore();
      }
    }
    await finishRun(used.database.owner, id);
    await sequence(used.database);
    await eventually(() => expect(client.endCount()).toBe(1));
    expect(client.openCount()).toBe(2);
    expect(client.ids).toEqual(upTo(total));
    client.source.close();
    await eventually(async () => expect((await used.api.call('GET', '/metrics')).text).toMatch(/^durabase_streams_open 0$/m));
  });

  it('that does not close when it is told comes back, and is told again', async () => {
    const { id, lastSeq } = await startLiveRun(used.database.owner, task);
    await finishRun(used.database.owner, id);
    const client = await follow(id);
    await eventually(() => expect(client.endCount()).toBe(2));
    expect(client.ids).toEqual(upTo(lastSeq + 1));
    client.source.close();
  });
});
