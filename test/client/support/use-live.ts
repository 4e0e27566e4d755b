import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { createDb } from '../../../src/platform/db/create-db.ts';
import { createFeeds } from '../../../src/platform/feeds/create-feeds.ts';
import type { Log } from '../../../src/ports/log.ts';
import { createSequencer } from '../../../src/sequencer/create-sequencer.ts';
import { startTcpProxy, type TcpProxy } from '../../api/support/tcp-proxy.ts';
import { createReadyTask, createWorkspace, type ReadyTask, type Workspace } from '../../support/build-rows.ts';
import { useDatabase, type UsedDatabase } from '../../support/use-database.ts';
import { type Endpoint, startEndpoint } from './endpoint.ts';
import { createPerson, type Person, type PersonOptions } from './people.ts';
import { installWriters } from './writers.ts';

/** Postgres, a sequencer, and the Supabase endpoint in a process of its own, for the tests of one file. */
export interface UsedLive {
  readonly db: UsedDatabase;
  readonly endpoint: Endpoint;
  readonly workspace: Workspace;
  readonly task: ReadyTask;
  person(userId: string, options?: PersonOptions): Person;
  /** A network of its own between somebody and the endpoint. */
  network(): Promise<TcpProxy>;
}

const AFTER = readFileSync(join(import.meta.dirname, '../../../packages/local-stack/sql/after.sql'), 'utf8');
const ignore = (): void => undefined;
const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silentLog };

interface Parts {
  readonly endpoint: Endpoint;
  readonly workspace: Workspace;
  readonly task: ReadyTask;
}

/** Call it at the top of a file. */
export const useLive = (): UsedLive => {
  const db = useDatabase();
  const closers: (() => Promise<unknown>)[] = [];
  let parts: Parts | undefined;
  const read = (): Parts => {
    if (parts === undefined) throw new Error('it is there from beforeAll on');
    return parts;
  };
  beforeAll(async () => {
    await db.owner.query(AFTER);
    await installWriters(db.owner);
    const endpoint = await startEndpoint(db.urls);
    closers.push(() => endpoint.close());
    const sequencerDb = createDb({ url: db.urls.engineUrl, applicationName: 'sequencer', log: silentLog });
    const sequencer = createSequencer({ feeds: createFeeds({ db: sequencerDb, workerId: 'test' }), log: silentLog });
    closers.push(() => sequencerDb.close());
    closers.push(() => sequencer.stop());
    const workspace = await createWorkspace(db.owner);
    parts = { endpoint, workspace, task: await createReadyTask(db.owner, workspace.id) };
  }, 60_000);
  afterAll(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  }, 60_000);
  return {
    db,
    get endpoint() {
      return read().endpoint;
    },
    get workspace() {
      return read().workspace;
    },
    get task() {
      return read().task;
    },
    person: (userId, options = {}) => {
      const person = createPerson(read().endpoint, userId, options);
      closers.push(() => person.durabase.close());
      return person;
    },
    network: async () => {
      const proxy = await startTcpProxy(read().endpoint.url);
      closers.push(() => proxy.close());
      return { ...proxy, url: proxy.url.replace(/\/$/, '') };
    },
  };
};
