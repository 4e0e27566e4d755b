import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { routesByName } from '../../src/api/routes/index.ts';
import type { Method } from '../../src/api/route.ts';
import { readValue } from '../support/call.ts';
import { askFor, asWho } from './support/ask-for.ts';
import { createLittleWorld } from './support/little-world.ts';
import { operationOf } from './support/operations.ts';
import type { CallOptions } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

interface Told {
  readonly operationId: string;
  readonly method: Method;
  readonly path: string;
}
interface Verdict {
  readonly isIntact: boolean;
  readonly rows: number;
  readonly unsealed: number;
  readonly problems: readonly { readonly problem: string; readonly n?: number }[];
}

const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
};
const OPERATIONS: readonly Told[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId }]) => ({
    operationId,
    method: method.toUpperCase() as Method,
    path: path.replace(/\{(\w+)\}/g, ':$1'),
  })),
);
const isReading = ({ method }: Told): boolean => method === 'GET';
/** They take a body, and change nothing. Whatever else is no GET leaves a line. */
const CHANGE_NOTHING = new Set(['validateTask', 'diffTask', 'decodePayloads', 'encodePayloads']);

const used = useApi();
const columns = 'n, workspace_id, actor_kind, actor_user_id, actor_name, action, entity, entity_id';
interface Row {
  readonly n: string;
  readonly actor_kind: string;
  readonly actor_user_id: string | null;
}
const rowsAfter = async (n: string): Promise<readonly Row[]> =>
  (await used.database.owner.query<Row>(`select ${columns} from durabase.audit_log where n > $1 order by n`, [n])).rows;
const lastRow = () => readValue<string>(used.database.owner, 'select coalesce(max(n), 0)::text from durabase.audit_log');

/** Does it as somebody who may; gives what the log got by it. */
const doIt = async ({ operationId: name, ...route }: Told) => {
  const { who, auditAs } = operationOf(name);
  const world = await createLittleWorld(used.database.owner, name);
  const caller = auditAs ?? (who === 'public' || who.includes('owner') ? 'owner' : 'service');
  const options: CallOptions = who === 'public' ? {} : asWho(caller, world);
  const before = await lastRow();
  const { status, text } = await askFor(used.api, { name, route, world, options });
  const userId = who === 'public' ? null : caller === 'service' ? null : world.users[caller];
  return { status, text, userId, rows: await rowsAfter(before) };
};

it('reads every operation from the document', () => {
  expect(OPERATIONS.map(({ operationId }) => operationId).toSorted()).toEqual(
    Object.keys(routesByName)
      .map((name) => name.replace(/Route$/, ''))
      .toSorted(),
  );
});

describe('an operation that changes something', () => {
  const mutating = OPERATIONS.filter((told) => !isReading(told) && !CHANGE_NOTHING.has(told.operationId));

  it.each(mutating.map((told) => [told.operationId, told] as const))(
    '%s leaves its line, with who it was',
    async (name, told) => {
      const { auditRows } = operationOf(name);
      const { status, text, userId, rows } = await doIt(told);
      expect({ isDone: status < 300, text }).toEqual({ isDone: true, text });
      expect(auditRows).toBeGreaterThan(0);
      expect({ count: rows.length, rows }).toEqual({ count: auditRows, rows });
      const [deed] = rows;
      if (userId !== null) expect(deed).toMatchObject({ actor_kind: 'user', actor_user_id: userId });
      else expect(deed).toMatchObject({ actor_user_id: null });
    },
  );
});

describe('an operation that changes nothing', () => {
  const reading = OPERATIONS.filter((told) => isReading(told) || CHANGE_NOTHING.has(told.operationId));

  it.each(reading.map((told) => [told.operationId, told] as const))('%s leaves no line', async (_name, told) => {
    expect((await doIt(told)).rows).toEqual([]);
  });
});

describe('every line that was left', () => {
  let all: readonly string[];
  const verify = (): Promise<Verdict> => readValue<Verdict>(used.database.owner, 'select durabase.verify_audit(null)');
  /** As somebody who owns the database, and knows how to get past its triggers. */
  const tamper = async (sql: string, values: readonly unknown[]): Promise<void> => {
    const client = await used.database.owner.connect();
    try {
      await client.query("set session_replication_role = 'replica'");
      await client.query(sql, [...values]);
    } finally {
      client.release(true);
    }
  };

  beforeAll(async () => {
    const seal = () => readValue(used.database.engine, 'select durabase_private.seal_audit(1000)');
    while ((await seal()) !== null);
    all = (await rowsAfter('0')).map(({ n }) => n);
  });
  afterAll(async () => expect((await verify()).isIntact).toBe(true));

  it('is sealed, and verifies', async () => {
    expect(all.length).toBeGreaterThan(OPERATIONS.length);
    expect(await verify()).toMatchObject({ isIntact: true, rows: all.length, unsealed: 0, problems: [] });
  });

  it('is named when it alone was altered', async () => {
    const silent: string[] = [];
    for (const n of all) {
      await tamper("update durabase.audit_log set action = action || '.' where n = $1", [n]);
      const { problems } = await verify();
      if (problems.length !== 1 || String(problems[0]?.n) !== n) silent.push(n);
      await tamper('update durabase.audit_log set action = left(action, -1) where n = $1', [n]);
    }
    expect(silent).toEqual([]);
  }, 60_000);
});
