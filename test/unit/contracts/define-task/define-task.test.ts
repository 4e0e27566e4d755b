import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { isPlatformError, type PlatformError } from '@durabase/contracts';
import { cel, defineTask, isDefinedTask, shape, text } from '@durabase/contracts/define-task/index';
import { z } from 'zod';
import { planOf } from '../../domain/plan/compile-context.ts';

const page = readFileSync(`${import.meta.dirname}/../../../../docs/tasks.md`, 'utf8');
/** The example of the page that has this slug. */
const exampleOf = (slug: string): unknown =>
  [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)]
    .map(([, text]) => JSON.parse(text ?? '') as { slug: string })
    .find((task) => task.slug === slug);

const refusalOf = (define: () => unknown): PlatformError => {
  try {
    define();
  } catch (error) {
    if (isPlatformError(error)) return error;
    throw error;
  }
  throw new Error('the task was not refused');
};
/** A draft as JavaScript would let it pass. */
const loose = defineTask as unknown as (draft: unknown) => { readonly definition: Readonly<Record<string, unknown>> };
const nap = { action: 'sleep', with: { duration: '1 s' } } as const;

const importOrders = defineTask({
  slug: 'import-orders',
  name: 'Import orders',
  description: 'Fetches the orders of a day and stores each.',
  type: 'DataProcess',
  tags: ['orders'],
  input: {
    type: 'object',
    properties: { day: { type: 'string', format: 'date' }, dryRun: { type: 'boolean' } },
    required: ['day'],
  },
  steps: ({ input, secret, step }) => {
    const fetch = step('fetch', {
      name: 'Fetch the orders',
      action: 'http',
      with: { url: text`https://api.example.com/orders?day=${input.day}`, auth: { bearer: secret('TOKEN') } },
      retry: { maxAttempts: 5, initialInterval: '2 seconds', backoffCoefficient: 2, maxInterval: '1 minute' },
      timeout: '30 seconds',
    });
    const store = step('store', {
      action: 'http',
      when: cel`!coalesce(${input.dryRun}, false)`,
      forEach: shape<{ readonly orders: readonly object[] }>(fetch.output.body).orders,
      maxParallel: 5,
      with: ({ item, index }) => ({
        url: 'https://store.example.com/orders',
        method: 'POST',
        json: { order: item, at: cel`${index} + 1` },
      }),
    });
    return { store };
  },
  output: ({ steps }) => ({ stored: cel`size(${steps.store.output})` }),
  mode: 'async',
  priority: 2,
  retry: { maxAttempts: 3 },
  timeout: '10 minutes',
  deadline: '2 hours',
  ttl: '1 day',
  concurrency: ({ input }) => ({ key: input.day, limit: 1 }),
});

describe('defineTask', () => {
  it('makes the plain definition of docs/tasks.md, needs included', () => {
    expect(importOrders.definition).toEqual(exampleOf('import-orders'));
    expect(planOf(importOrders.definition).steps.map(({ id, needs }) => [id, needs])).toEqual([
      ['fetch', []],
      ['store', ['fetch']],
    ]);
    expect(JSON.parse(JSON.stringify(importOrders.definition))).toEqual(importOrders.definition);
  });

  it('takes steps as an object, with what undoes them', () => {
    const trip = defineTask({
      slug: 'book-a-trip',
      steps: {
        flight: {
          action: 'http',
          with: { url: 'https://flights.example.com/bookings', method: 'POST', json: { to: '{{ input.city }}' } },
          onFailure: {
            name: 'Cancel the flight',
            action: 'http',
            with: { url: 'https://flights.example.com/bookings/{{ steps.flight.output.body.id }}', method: 'DELETE' },
            retry: { maxAttempts: 10 },
            timeout: '1 minute',
          },
        },
        hotel: {
          action: 'http',
          needs: ['flight'],
          with: { url: 'https://hotels.example.com/bookings', method: 'POST', json: { in: '{{ input.city }}' } },
        },
      },
    });
    expect(trip.definition).toEqual(exampleOf('book-a-trip'));
  });

  it('takes one action in place of steps', () => {
    expect(defineTask({ slug: 'ping', action: 'http', with: { url: 'https://api.example.com/health' } }).definition).toEqual(
      exampleOf('ping'),
    );
  });

  it('names the step in what undoes it', () => {
    const { definition } = defineTask({
      slug: 'undo',
      steps: ({ step }) => ({
        make: step('make', {
          action: 'http',
          with: { url: 'https://example.com', method: 'POST' },
          onFailure: ({ output, self }) => ({
            action: 'http',
            with: {
              url: text`https://example.com/${shape<{ id: string }>(output.body).id}`,
              method: 'DELETE',
              headers: { key: self.key },
            },
          }),
        }),
      }),
    });
    expect(definition.steps?.[0]).toEqual({
      id: 'make',
      action: 'http',
      with: { url: 'https://example.com', method: 'POST' },
      onFailure: {
        action: 'http',
        with: {
          url: 'https://example.com/{{ steps.make.output.body.id }}',
          method: 'DELETE',
          headers: { key: '{{ step.key }}' },
        },
      },
    });
    planOf(definition);
  });

  it('writes the schema of zod as JSON Schema, without what says nothing more', () => {
    const { definition } = defineTask({
      slug: 'by-zod',
      input: z.object({ to: z.email(), day: z.iso.date().optional(), n: z.int().default(3), code: z.string().regex(/^a+$/) }),
      action: 'sleep',
      with: { duration: '1 s' },
    });
    expect(definition.input).toEqual({
      type: 'object',
      properties: {
        to: { type: 'string', format: 'email' },
        day: { type: 'string', format: 'date' },
        n: { type: 'integer', default: 3 },
        code: { type: 'string', pattern: '^a+$' },
      },
      required: ['to', 'code'],
    });
  });

  it('reads parts of values by any name, and writes literals into cel', () => {
    const { definition } = defineTask({
      slug: 'parts',
      steps: ({ step }) => {
        const get = step('get', { action: 'http', with: { url: 'https://example.com' } });
        const body = shape<{ readonly 'a-b': readonly { readonly in: string }[] }>(get.output.body);
        step('use', {
          action: 'run-task',
          when: cel`${body['a-b']}.size() > ${1} && "x'" != ${"it's"}`,
          with: { task: 'x', input: { v: shape<{ in: string }>(body['a-b'][0] ?? body).in } },
        });
        return { get };
      },
    });
    expect(definition.steps?.[1]).toEqual({
      id: 'use',
      action: 'run-task',
      needs: ['get'],
      when: `steps.get.output.body["a-b"].size() > 1 && "x'" != "it's"`,
      with: { task: 'x', input: { v: '{{ steps.get.output.body["a-b"][0]["in"] }}' } },
    });
    planOf(definition);
  });

  it('takes needs from every field, from text as well, but not from what stands in quotes', () => {
    const { definition } = defineTask({
      slug: 'linked',
      steps: {
        a: nap,
        b: nap,
        c: nap,
        d: { ...nap, when: 'steps.b.output.wokeAt != "steps.z"', forEach: '[steps.c.output.wokeAt]', needs: ['a'] },
        e: { ...nap, onFailure: { action: 'run-task', with: { task: '{{ steps.d.output[0].wokeAt }}' } } },
      },
    });
    expect(definition.steps?.map(({ needs }) => needs)).toEqual([undefined, undefined, undefined, ['a', 'b', 'c'], ['d']]);
  });

  it('takes plain template literals as well', () => {
    const { definition } = defineTask({
      slug: 'literal',
      input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      action: 'http',
      // oxlint-disable-next-line typescript/no-base-to-string, typescript/restrict-template-expressions
      with: ({ input }) => ({ url: `https://example.com/${input.id}` }),
    });
    expect(definition.with).toEqual({ url: 'https://example.com/{{ input.id }}' });
  });

  it('takes an object with "id" and "output" for what it is', () => {
    const { definition } = defineTask({
      slug: 'lookalike',
      steps: ({ step }) => {
        const get = step('get', { action: 'http', with: { url: 'https://example.com' } });
        step('tell', { action: 'run-task', with: { task: 'x', input: { id: 'a', output: get.output } } });
        return {};
      },
    });
    expect(definition.steps?.[1]?.with).toEqual({ task: 'x', input: { id: 'a', output: '{{ steps.get.output }}' } });
  });

  it('is told from other values', () => {
    expect([isDefinedTask(importOrders), isDefinedTask(importOrders.definition), isDefinedTask(null)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('defineTask refuses', () => {
  it.each<readonly [string, unknown, path: string, message: RegExp]>([
    ['an unknown step', { steps: { a: { ...nap, when: 'steps.b.output == 1' } } }, 'steps[0].when', /no step "b"; steps are: a/],
    ['an unknown need', { steps: { a: { ...nap, needs: ['b'] } } }, 'steps[0].needs', /no step "b"/],
    ['an unknown step in the output', { ...nap, output: '{{ steps.b.output }}' }, 'output', /no step "b"; steps are: main/],
    [
      'steps that need each other',
      { steps: { a: { ...nap, needs: ['b'] }, b: { ...nap, when: 'steps.a.output != null' } } },
      'steps',
      /a → b → a/,
    ],
    ['a malformed id', { steps: { '2nd': nap } }, 'steps[0].id', /must be a letter/],
    ['a bad slug', { slug: 'Bad Slug', ...nap }, 'slug', /lower-case/],
    ['no duration', { ...nap, timeout: 'soon' }, 'timeout', /is no duration; write/],
    ['nothing to do', {}, 'steps', /neither "steps" nor "action"/],
    ['both', { ...nap, steps: { a: nap } }, 'steps', /cannot stand beside/],
    ['a field that is not there', { ...nap, timout: '1 s' }, '', /timout/],
    [
      'a date',
      { action: 'run-task', with: { task: 'x', input: { at: new Date() } } },
      'with.input.at',
      /class Date cannot stand here; a task is JSON/,
    ],
    ['a function', { action: 'run-task', with: { task: () => 'x' } }, 'with.task', /type function/],
    ['no number', { action: 'run-task', with: { task: 'x', priority: Number.NaN } }, 'with.priority', /the number NaN/],
    ['a list of steps', { steps: [nap] }, 'steps', /callback/],
    ['a schema that JSON does not know', { ...nap, input: z.object({ at: z.date() }) }, 'input', /no form in JSON/],
    ['a schema that cannot write itself', { ...nap, input: { '~standard': { version: 1, vendor: 'zod' } } }, 'input', /zod 4\.2/],
    [
      'a template where an expression stands',
      { steps: { a: { ...nap, when: '{{ input.x }} == 1' } } },
      'steps[0].when',
      /without braces/,
    ],
    ['a value that is no expression', { steps: { a: { ...nap, when: true } } }, 'steps[0].when', /no expression/],
    ['a key that is no expression', { ...nap, concurrency: { key: 7, limit: 1 } }, 'concurrency.key', /no expression/],
  ])('%s, with path and cure', (_name, draft, path, message) => {
    const refusal = refusalOf(() => loose({ slug: 'bad', ...(draft as object) }));
    expect([refusal.code, refusal.details.path]).toEqual(['INVALID_TASK', path]);
    expect(refusal.message).toMatch(message);
    expect(refusal.message).toContain(path === '' ? 'task "bad"' : `: ${path}: `);
  });

  it('what contains itself', () => {
    const round: Record<string, unknown> = {};
    round['round'] = round;
    expect(refusalOf(() => loose({ slug: 'round', action: 'run-task', with: round })).message).toMatch(/nested too deeply/);
  });

  it('two steps of one name, and a step in place of its output', () => {
    const steps = ({ step }: { step: (id: string, draft: object) => { output: unknown } }) => {
      const first = step('a', nap);
      step('a', { action: 'run-task', with: { task: 'x', input: { first } } });
      return {};
    };
    const { details } = refusalOf(() => loose({ slug: 'twice', steps }));
    expect(details.problems?.map(({ path }) => path)).toEqual(['steps[1].with.input.first', 'steps[1].id']);
    const inText = ({ step }: { step: (id: string, draft: object) => object }) => {
      const first = step('a', nap);
      // oxlint-disable-next-line typescript/no-base-to-string
      return step('b', { action: 'run-task', with: { task: `x-${String(first)}` } });
    };
    expect(refusalOf(() => loose({ slug: 'in-text', steps: inText })).message).toMatch(/name its output/);
  });
});
