import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace } from '../../support/build-rows.ts';
import { inShort } from '../support/test-api.ts';
import { useApi } from '../support/use-api.ts';
import { finishRun, startLiveRun } from './support/live-run.ts';
import { openStream, type StreamOptions } from './support/open-stream.ts';

const used = useApi();
let editor: string;
let runId: string;

beforeAll(async () => {
  const acme = await createWorkspace(used.database.owner);
  const task = await createReadyTask(used.database.owner, acme.id);
  editor = acme.users.editor;
  ({ id: runId } = await startLiveRun(used.database.owner, task));
  await finishRun(used.database.owner, runId);
});

const pathOf = (query = ''): string => `/api/v1/runs/${runId}/events${query}`;
const open = (options: StreamOptions) => openStream(used.api, pathOf(), { as: editor, ...options });

describe('hostile requests', () => {
  it.each([
    '-1',
    '1.5',
    'NaN',
    'Infinity',
    '1e3',
    '0x10',
    '9'.repeat(16),
    '9'.repeat(400),
    '',
    '1, 2',
    '\u00b2',
    '\u00e9',
    'null',
  ])('Last-Event-ID %j is refused with the path', async (value) => {
    const stream = await open({ headers: { 'last-event-id': value } });
    await stream.ended();
    expect([stream.status, JSON.parse(stream.text)]).toMatchObject([422, { code: 'INVALID_REQUEST', path: 'Last-Event-ID' }]);
    const list = await used.api.call('GET', pathOf(), { as: editor });
    expect(list.status).toBe(200); // no stream: the header means nothing
  });

  it.each(['-1', '1.5', 'NaN', '9'.repeat(16), '', '%C2%B2', '%D9%A1', '1%0a2', 'null'])(
    'after=%s is refused with the path',
    async (value) => {
      const refusal = await used.api.refusal('GET', pathOf(`?after=${value}`), {
        as: editor,
        headers: { accept: 'text/event-stream' },
      });
      expect([inShort(refusal), refusal.path]).toEqual(['422 INVALID_REQUEST', 'after']);
    },
  );

  it('a huge number that is one is refused as not reached', async () => {
    const stream = await open({ headers: { 'last-event-id': '9'.repeat(15) } });
    await stream.ended();
    expect([stream.status, JSON.parse(stream.text)]).toMatchObject([410, { code: 'CHANGES_PRUNED', path: 'after' }]);
  });

  it.each(['HEAD', 'POST', 'OPTIONS'])('%s is not possible', async (method) => {
    const stream = await open({ method });
    await stream.ended();
    expect([stream.status, stream.headers['allow']]).toEqual([405, 'GET']);
  });
});
