import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import type { Route } from '../../src/api/route.ts';
import { callRow, readValue } from '../support/call.ts';
import { asWho } from './support/ask-for.ts';
import { createLittleWorld, fill, type LittleWorld } from './support/little-world.ts';
import { operationOf, ROUTES, type Who } from './support/operations.ts';
import { useApi } from './support/use-api.ts';

/** The same cases every time; another number finds others. */
const SEED = Number(process.env['DURABASE_TEST_FUZZ_SEED'] ?? 20_261_121);
const CASES = 40;
/** When one of these was done, the next case has nothing to be about: it gets a world of its own. */
const ENDS_A_WORLD = /^(?:delete|leave|transfer|remove|unshare|revoke|accept)/;
const used = useApi();
let world: LittleWorld;
let settings: object;

beforeAll(async () => {
  settings = await readValue<object>(
    used.database.owner,
    `select jsonb_object_agg(key, value) from durabase.instance_settings s, jsonb_each(to_jsonb(s)) where key = 'sign_up' or key like 'end_user_%'`,
  );
});
afterEach(() => callRow(used.database.owner, 'durabase.update_instance_settings', { settings }));

type Schema = Readonly<Record<string, unknown>>;

const nasty = fc.constantFrom<unknown>(
  '',
  ' ',
  "'",
  '"',
  '\\',
  '%',
  '\u0000',
  '\ud800',
  '💥',
  '__proto__',
  'null',
  '../..',
  "'; drop table durabase.tasks; --",
  'A'.repeat(3_000),
  -1,
  0,
  1e308,
  2 ** 53,
  0.5,
  true,
  null,
  [],
  {},
  [[]],
  { a: { b: {} } },
  '9999-12-31T23:59:59Z',
  '0001-01-01T00:00:00Z',
  '00000000-0000-0000-0000-000000000000',
);

/** Values as a schema asks for them, and now and then something else. */
function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof(
    { arbitrary: fittingOf(schema), weight: 10 },
    { arbitrary: nasty, weight: 1 },
    { arbitrary: fc.jsonValue(), weight: 1 },
  );
}

function fittingOf(schema: Schema): fc.Arbitrary<unknown> {
  const {
    enum: values,
    anyOf,
    type,
    format,
    properties,
    required,
    items,
    minimum,
    maximum,
    maxLength,
    pattern,
  } = schema as {
    readonly enum?: readonly unknown[];
    readonly anyOf?: readonly Schema[];
    readonly type?: string;
    readonly format?: string;
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
    readonly items?: Schema;
    readonly minimum?: number;
    readonly maximum?: number;
    readonly maxLength?: number;
    readonly pattern?: string;
  };
  if (values !== undefined) return fc.constantFrom(...values);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((one) => fittingOf(one)));
  switch (type) {
    case 'object': {
      const fields = Object.fromEntries(Object.entries(properties ?? {}).map(([name, field]) => [name, valuesOf(field)]));
      return properties === undefined
        ? fc.dictionary(fc.string(), fc.jsonValue())
        : fc.record(fields, { requiredKeys: [...(required ?? [])] });
    }
    case 'array':
      return fc.array(items === undefined ? fc.jsonValue() : valuesOf(items), { maxLength: 5 });
    case 'integer':
    case 'number':
      return fc.integer({ min: minimum ?? -1_000, max: maximum ?? 1_000 });
    case 'boolean':
      return fc.boolean();
    case 'string':
      if (format === 'uuid') return fc.oneof(fc.uuid(), fc.constantFrom(...Object.values(world.names)));
      if (format === 'date-time')
        return fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString());
      return pattern === undefined
        ? fc.string({ maxLength: Math.min(maxLength ?? 100, 300) })
        : fc.stringMatching(new RegExp(pattern));
    case undefined:
    default:
      return fc.jsonValue();
  }
}

const schemaOf = (schema: z.ZodType): Schema => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;
const toText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** Mostly those who get in: others are refused before anything of theirs is looked at. */
const callersOf = (name: string) => {
  const { who } = operationOf(name);
  const any = fc.constantFrom<Who>('owner', 'runner', 'otherOwner', 'service');
  return who === 'public' ? any : fc.oneof({ arbitrary: fc.constantFrom<Who>(...who), weight: 3 }, { arbitrary: any, weight: 1 });
};

const casesOf = (name: string, route: Route) =>
  fc.record({
    params: fc.oneof(
      { arbitrary: fc.constant<unknown>({}), weight: 3 },
      { arbitrary: fittingOf(schemaOf(route.params)), weight: 1 },
    ),
    query: fittingOf(schemaOf(route.query)),
    body: route.body === undefined ? fc.constant(undefined) : valuesOf(schemaOf(route.body)),
    who: callersOf(name),
    /** Half of them are what the operation is meant for, with at most one field of the above: they get further inside. */
    isNear: fc.boolean(),
    pick: fc.nat(60),
  });

/** What is meant to be sent, and half the time one field of what was made up. */
const nearTo = (meant: object, madeUp: unknown, pick: number): object => {
  const fields = Object.entries(typeof madeUp === 'object' && madeUp !== null ? madeUp : {});
  return { ...meant, ...Object.fromEntries(fields.slice(pick % (fields.length * 2 + 1)).slice(0, 1)) };
};

const isSendable = (text: string): boolean => text !== '.' && text !== '..' && text.isWellFormed();

describe('what nobody meant to send', () => {
  it.each(ROUTES)('%s answers by its contract', async (name, route) => {
    world = await createLittleWorld(used.database.owner, name);
    const cases = fc.sample(casesOf(name, route), { seed: SEED, numRuns: CASES });
    const meant = operationOf(name);
    for (const { params, who, isNear, pick, ...madeUp } of cases) {
      const names = {
        ...world.names,
        ...Object.fromEntries(Object.entries(params as object).map(([name, value]) => [name, toText(value)])),
      };
      if (!Object.values(names).every(isSendable)) continue;
      const encoded = Object.fromEntries(Object.entries(names).map(([name, text]) => [name, encodeURIComponent(text)]));
      const meantQuery = Object.fromEntries(new URLSearchParams(fill(meant.query ?? '', names)));
      const query = isNear ? nearTo(meantQuery, madeUp.query, pick) : madeUp.query;
      const body =
        isNear && meant.json !== undefined ? nearTo(meant.json(world.names) as object, madeUp.body, pick) : madeUp.body;
      const search = new URLSearchParams(
        Object.fromEntries(Object.entries(query as object).map(([name, value]) => [name, toText(value)])),
      );
      const caller = asWho(who, world);
      // The call itself holds the answer against the contract of the route, and a refusal against the document.
      const { status } = await used.api.call(route.method, `${fill(route.path, encoded)}?${search.toString()}`, {
        ...caller,
        ...(body === undefined ? {} : { json: body }),
      });
      if (route.answers[status] === undefined)
        expect({ status, query, body, isOurs: status < 500 }).toEqual({ status, query, body, isOurs: true });
      if (status < 300 && ENDS_A_WORLD.test(name)) world = await createLittleWorld(used.database.owner, name);
    }
  });
});
