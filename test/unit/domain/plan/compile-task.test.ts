import { describe, expect, it } from '@jest/globals';
import { DEFAULT_RETRY, DEFAULT_TIMEOUTS, DOUBTFUL_HEARTBEAT_MS, type Json } from '@durabase/contracts';
import { call, compile, httpTask, pause, planOf, problemsOf, stepsTask } from './compile-context.ts';

const USUAL_MS = DEFAULT_TIMEOUTS.heartbeatMs;

describe('compileTask', () => {
  it('makes one step named main of an action, with every default resolved', () => {
    expect(planOf({ slug: 'nap', action: 'sleep', with: { duration: '2 days' } })).toEqual({
      format: 1,
      steps: [
        {
          id: 'main',
          name: 'main',
          action: 'sleep',
          kind: 'wait',
          needs: [],
          with: { duration: '2 days' },
          effect: 'none',
          retry: DEFAULT_RETRY,
          timeouts: DEFAULT_TIMEOUTS,
        },
      ],
      mode: 'async',
      priority: 3,
    });
  });

  it('orders steps by their needs and keeps what they say of themselves', () => {
    const { steps } = planOf(
      stepsTask([
        call('send', { method: 'POST', json: '{{ steps.fetch.output.body }}' }, { name: 'Send it', needs: ['fetch'] }),
        call('fetch'),
        pause('rest', { needs: ['send', 'fetch'] }),
      ]),
    );
    expect(steps.map(({ id, name, needs, kind, effect }) => ({ id, name, needs, kind, effect }))).toEqual([
      { id: 'fetch', name: 'fetch', needs: [], kind: 'activity', effect: 'none' },
      { id: 'send', name: 'Send it', needs: ['fetch'], kind: 'activity', effect: 'idempotent' },
      { id: 'rest', name: 'rest', needs: ['send', 'fetch'], kind: 'wait', effect: 'none' },
    ]);
  });

  it('takes over everything that a run needs of the task', () => {
    const input = { type: 'object', properties: { customer: { type: 'string' } } };
    const more = {
      input,
      mode: 'sync',
      priority: 1,
      deadline: '1 hour 30 minutes',
      ttl: '90 s',
      output: { sent: '{{ steps.main.output.body }}', to: '{{ input.customer }}' },
      concurrency: { key: 'input.customer', limit: 2 },
    };
    expect(planOf(httpTask({}, more))).toMatchObject({
      inputSchema: input,
      mode: 'sync',
      priority: 1,
      deadlineMs: 5_400_000,
      ttlMs: 90_000,
      output: more.output,
      concurrency: more.concurrency,
    });
  });

  it('puts the retry of a step before that of the task, and that before that of the action, field by field', () => {
    const [first, second] = planOf(
      stepsTask([pause('a', { retry: { maxAttempts: 9, maxInterval: '2 hours' } }), pause('b')], {
        retry: { maxAttempts: 5, initialInterval: '250 ms', backoffCoefficient: 1.5 },
      }),
    ).steps;
    expect(first?.retry).toEqual({ maxAttempts: 9, initialIntervalMs: 250, backoffCoefficient: 1.5, maxIntervalMs: 7_200_000 });
    expect(second?.retry).toEqual({ maxAttempts: 5, initialIntervalMs: 250, backoffCoefficient: 1.5, maxIntervalMs: 60_000 });
  });

  it('bounds an attempt by the step, else by the action, and all attempts by no less', () => {
    const [short, long, usual] = planOf(
      stepsTask([call('short', {}, { timeout: '5 seconds' }), call('long', {}, { timeout: '3 days' }), call('usual')]),
    ).steps;
    expect(short?.timeouts).toEqual({ startToCloseMs: 5_000, scheduleToCloseMs: 86_400_000, heartbeatMs: USUAL_MS });
    expect(long?.timeouts).toEqual({ startToCloseMs: 259_200_000, scheduleToCloseMs: 259_200_000, heartbeatMs: USUAL_MS });
    expect(usual?.timeouts.startToCloseMs).toBe(90_000);
  });

  it.each([
    ['GET', {}, 'none', USUAL_MS],
    ['head', {}, 'none', USUAL_MS],
    ['POST', {}, 'idempotent', USUAL_MS],
    ['POST', { repeatable: false }, 'doubtful', DOUBTFUL_HEARTBEAT_MS],
    ['GET', { repeatable: false }, 'none', USUAL_MS],
    ['{{ input.method }}', { repeatable: false }, 'doubtful', DOUBTFUL_HEARTBEAT_MS],
  ] as const)('knows what a repeat of %s %j does, and gives a doubtful one time', (method, more, effect, heartbeatMs) => {
    const [step] = planOf(httpTask({ method, ...more })).steps;
    expect(step).toMatchObject({ effect, timeouts: { heartbeatMs } });
  });

  const SECRETS_AT: readonly Readonly<Record<string, Json>>[] = [
    { headers: { authorization: 'Bearer {{ secrets.TOKEN }}' } },
    { headers: { authorization: 'Api-Key {{ secrets.TOKEN }}' } },
    { headers: { 'x-anything': '{{ secrets.TOKEN }}' } },
    { query: { api_key: '{{secrets["TOKEN"]}}' } },
    { auth: { bearer: '{{ secrets.SALES_KEY }}' } },
    { auth: { basic: { user: '{{ secrets.SALES_KEY }}', password: '{{ secrets.TOKEN }}' } } },
    { auth: { header: { name: 'x-key', value: '{{ secrets.TOKEN }}' } } },
  ];
  it.each(SECRETS_AT)('lets a secret stand in %j', (input) => {
    expect(planOf(httpTask(input)).steps[0]?.with).toMatchObject(input);
  });

  const ACCEPTED: readonly (readonly [string, unknown])[] = [
    [
      'a template where a type is asked for',
      httpTask({ redirects: '{{ input.n }}', expect: ['{{ input.s }}'], headers: '{{ input.h }}' }),
    ],
    ['a template in a duration', { slug: 'nap', action: 'sleep', with: { duration: '{{ input.wait }}' } }],
    [
      'an output of a step that is needed by way of another',
      stepsTask([
        call('a'),
        pause('b', { needs: ['a'] }),
        call('c', { json: '{{ steps.a.output.body.x[0] }}' }, { needs: ['b'] }),
      ]),
    ],
    [
      'every fact of the run',
      httpTask({
        json: ['{{ run.id }}', '{{ step.id }}', '{{ step.key }}', '{{ workspace.id }}', '{{ task.slug }}', '{{ input }}'],
      }),
    ],
    [
      'any name of an open input schema',
      httpTask({ json: '{{ input.x }}' }, { input: { properties: { a: {} }, additionalProperties: true } }),
    ],
    [
      'names by pattern',
      httpTask({ json: '{{ input.x_1 }}' }, { input: { properties: { a: {} }, patternProperties: { '^x_': {} } } }),
    ],
    [
      'names that another part of the schema declares',
      httpTask({ json: '{{ input.b }}' }, { input: { properties: { a: {} }, allOf: [{ properties: { b: {} } }] } }),
    ],
    [
      'names behind a reference',
      httpTask({ json: '{{ input.b }}' }, { input: { properties: { a: {} }, $ref: '#/$defs/x', $defs: { x: {} } } }),
    ],
    ['any name without properties', httpTask({ json: '{{ input.x.y }}' }, { input: { type: 'object' } })],
    [
      'words that only resemble credentials',
      httpTask({ json: { task: 'risk-assessment-of-the-quarter-2026', password: 'see vault' } }),
    ],
    ['a literal user name', httpTask({ auth: { basic: { user: 'ada', password: '{{ secrets.TOKEN }}' } } })],
    ['a time to wake at', { slug: 'nap', action: 'sleep', with: { until: '2030-01-01T00:00:00+02:00' } }],
    ['a calculation', httpTask({ json: '{{ 1 + 1 }}', redirects: '{{ 1 + 1 }}' })],
    ['an action without an input that it could lack', httpTask({ json: null })],
  ];
  it.each(ACCEPTED)('accepts %s', (_, definition) => {
    expect(compile(definition)).toMatchObject({ ok: true });
  });

  it('keeps every step of a large task', () => {
    const steps = Array.from({ length: 200 }, (_, index) => pause(`s${index}`));
    expect(planOf(stepsTask(steps)).steps.map(({ id }) => id)).toEqual(steps.map(({ id }) => id));
  });

  it('tells of everything at once, fifty problems at most', () => {
    const several = stepsTask([{ id: 'a', action: 'htp' }, pause('a', { needs: ['x'] })], { output: '{{ steps.y.output }}' });
    expect(problemsOf(several).map(({ path }) => path)).toEqual([
      'steps[1].id',
      'steps[1].needs[0]',
      'steps[0].action',
      'output',
    ]);
    const many = httpTask({ json: Array.from({ length: 80 }, () => '{{ nothing }}') });
    expect(problemsOf(many)).toHaveLength(50);
  });

  it.each([null, undefined, 1, 'task', [], [{}], true])('refuses %j as a task', (definition) => {
    expect(problemsOf(definition)).toEqual([
      { code: 'INVALID_TASK', path: '', message: 'a task is a JSON object', hint: 'give {"slug": …, "steps": […]}' },
    ]);
  });

  it('changes nothing of what it is given, and gives the same plan each time', () => {
    const definition = Object.freeze(httpTask({ json: { a: ['{{ input }}'] } }));
    const before = JSON.stringify(definition);
    expect(JSON.stringify(planOf(definition))).toBe(JSON.stringify(planOf(JSON.parse(before))));
    expect(JSON.stringify(definition)).toBe(before);
  });

  it('drops names that could reach a prototype', () => {
    const definition: unknown = JSON.parse(
      '{"slug":"a","action":"http","with":{"url":"https://x.test","__proto__":{"polluted":1}}}',
    );
    expect(JSON.stringify(planOf(definition))).not.toContain('polluted');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
