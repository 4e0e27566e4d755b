import { describe, expect, it } from '@jest/globals';
import {
  cel,
  defineTask,
  type DefinedTask,
  type FromSchema,
  shape,
  text,
  type TaskInput,
  type TaskOutput,
} from '@durabase/contracts/define-task/index';
import type { Json, JsonObject } from '@durabase/contracts';
import { z } from 'zod';

type Equals<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
/** Fails to compile unless the two types are the same. */
const areSame = <Left, Right>(_same: Equals<Left, Right>): void => {};

interface Order {
  readonly id: string;
  readonly total: number;
}

const input = z.object({ day: z.iso.date(), dryRun: z.boolean().optional(), count: z.number().default(1) });

const imported = defineTask({
  slug: 'typed',
  input,
  steps: ({ input: given, step, secret, run }) => {
    const fetch = step('fetch', {
      action: 'http',
      with: { url: text`https://api.example.com/${given.day}`, auth: { bearer: secret('TOKEN') }, query: { run: run.id } },
    });
    const { orders } = shape<{ readonly orders: readonly Order[] }>(fetch.output.body);
    const store = step('store', {
      action: 'http',
      forEach: orders,
      when: cel`${given.dryRun} != true`,
      with: ({ item, index, self }) => ({
        url: 'https://store.example.com',
        method: 'POST',
        json: { id: item.id, at: index, key: self.key },
        maxResponseBytes: item.total,
      }),
    });
    step('reserve', {
      action: 'http',
      with: { url: 'https://store.example.com', method: 'POST' },
      onFailure: ({ self, output }) => ({
        action: 'http',
        with: { url: text`https://store.example.com/${self.key}`, method: 'DELETE', query: { status: output.status } },
      }),
    });
    const nap = step('nap', { action: 'sleep', needs: [store, 'fetch'], with: { duration: '1 second' } });
    return { fetch, store, nap };
  },
  output: ({ steps, input: given }) => ({
    status: steps.fetch.output.status,
    wokeAt: steps.nap.output.wokeAt,
    stored: cel<number>`size(${steps.store.output})`,
    day: given.day,
    kind: 'report',
    any: steps.fetch.output.body,
    text: '{{ input.day }}',
  }),
});

describe('the types of defineTask', () => {
  it('come from the schema, and from the outputs that are named', () => {
    areSame<TaskInput<typeof imported>, z.input<typeof input>>(true);
    areSame<
      TaskOutput<typeof imported>,
      {
        readonly status: number;
        readonly wokeAt: string;
        readonly stored: number;
        readonly day: string;
        readonly kind: 'report';
        readonly any: Json;
        readonly text: Json;
      }
    >(true);
    expect(imported.slug).toBe('typed');
  });

  it('come from a JSON Schema as well, without "as const"', () => {
    const task = defineTask({
      slug: 'by-schema',
      input: {
        type: 'object',
        properties: { to: { type: 'string' }, size: { enum: ['s', 'l'] }, tags: { type: 'array', items: { type: 'integer' } } },
        required: ['to'],
      },
      action: 'http',
      with: ({ input: given }) => ({ url: text`https://example.com/${given.to}`, query: { size: given.to } }),
      output: ({ steps }) => steps.main.output.status,
    });
    areSame<TaskInput<typeof task>, { readonly to: string; readonly size?: 's' | 'l'; readonly tags?: readonly number[] }>(true);
    areSame<TaskOutput<typeof task>, number>(true);
    expect(task.definition.output).toBe('{{ steps.main.output.status }}');
  });

  it('are those of JSON where nothing is said', () => {
    const task = defineTask({ slug: 'bare', action: 'sleep', with: { duration: '1 s' } });
    areSame<typeof task, DefinedTask<Json, Json>>(true);
    areSame<FromSchema<{ type: 'object' }>, JsonObject>(true);
    areSame<FromSchema<{ type: ['string', 'null'] }>, string | null>(true);
    areSame<FromSchema<{ anyOf: [{ type: 'boolean' }, { const: 3 }] }>, boolean | 3>(true);
    areSame<FromSchema<{ type: 'object'; additionalProperties: { type: 'number' } }>, { readonly [name: string]: number }>(true);
    areSame<FromSchema<{ $ref: '#/x' }>, Json>(true);
    expect(task.definition).toEqual({ slug: 'bare', action: 'sleep', with: { duration: '1 s' } });
  });

  it('of a loop are lists, of a step with a condition null as well', () => {
    const task = defineTask({
      slug: 'listed',
      steps: {
        once: { action: 'sleep', when: 'true', with: { duration: '1 s' } },
        each: { action: 'sleep', needs: ['once'], forEach: '[1, 2]', with: { duration: '{{ item }} s' } },
      },
      output: ({ steps }) => ({ once: steps.once.output, each: steps.each.output }),
    });
    areSame<TaskOutput<typeof task>, { readonly once: { wokeAt: string } | null; readonly each: readonly { wokeAt: string }[] }>(
      true,
    );
    expect(task.definition.steps).toHaveLength(2);
  });

  it('refuse what is wrong', () => {
    const check = () => {
      defineTask({
        slug: 'wrong',
        input,
        steps: ({ input: given, step }) => {
          const loop = { action: 'sleep', forEach: '[1]', with: { duration: '1 s' } } as const;
          // @ts-expect-error the input has no "dya"
          step('a', { action: 'http', with: { url: text`https://example.com/${given.dya}` } });
          // @ts-expect-error http has no field "adress"
          step('b', { action: 'http', with: { adress: 'https://example.com' } });
          // @ts-expect-error http needs an address
          step('c', { action: 'http' });
          // @ts-expect-error an address is text
          step('d', { action: 'http', with: { url: given.count } });
          // @ts-expect-error a response type is one of four words
          step('e', { action: 'http', with: { url: 'https://example.com', responseType: 'xml' } });
          const f = step('f', { action: 'sleep', with: { duration: '1 s' } });
          // @ts-expect-error sleep gives "wokeAt"
          step('g', { action: 'run-task', with: { task: 'x', input: { at: f.output.wokenAt } } });
          // @ts-expect-error there is nothing to be at without forEach
          step('h', { action: 'http', with: ({ item }) => ({ url: text`https://example.com/${item.id}` }) });
          // @ts-expect-error a step has no field "timout"
          step('i', { action: 'sleep', timout: '1 s', with: { duration: '1 s' } });
          // @ts-expect-error the task of run-task is text
          step('j', { action: 'run-task', with: { task: 7 } });
          // @ts-expect-error a loop cannot be undone as a whole
          step('l', { ...loop, onFailure: { action: 'http', with: { url: 'https://example.com' } } });
          step('m', {
            action: 'sleep',
            with: { duration: '1 s' },
            // @ts-expect-error what undoes a step is checked by its own action
            onFailure: { action: 'sleep', with: { url: 'https://example.com' } },
          });
          step('k', { action: 'an-action-of-ours', with: { anything: [1, given.day] } });
          return {};
        },
      });
      const nap = { action: 'sleep', with: { duration: '1 s' } } as const;
      // @ts-expect-error there is no step "c"
      defineTask({ slug: 'wrong', steps: { a: nap, b: { ...nap, needs: ['c'] } } });
      // @ts-expect-error a step does not need itself
      defineTask({ slug: 'wrong', steps: { a: { ...nap, needs: ['a'] } } });
      // @ts-expect-error the mode is async or sync
      defineTask({ slug: 'wrong', mode: 'fast', action: 'sleep', with: { duration: '1 s' } });
      // @ts-expect-error there is no field "timout"
      defineTask({ slug: 'wrong', timout: '1 s', action: 'sleep', with: { duration: '1 s' } });
      // @ts-expect-error a task does something
      defineTask({ slug: 'wrong' });
      // @ts-expect-error a Date is no JSON
      defineTask({ slug: 'wrong', action: 'sleep', with: { duration: '1 s' }, output: { at: new Date() } });
    };
    expect(typeof check).toBe('function'); // compiled, not called
  });
});
