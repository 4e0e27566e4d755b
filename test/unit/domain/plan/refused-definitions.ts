import type { Json } from '@durabase/contracts';
import { call, httpTask, pause, stepsTask } from './compile-context.ts';
import type { RefusedTask } from './refused-task.ts';

const NO_DURATION = 'is no duration; write for example "30 seconds", "10 minutes" or "2 days"';
const SLUG = 'must be 1 to 63 lower-case letters, digits and inner hyphens';
const STEP_ID = 'must be a letter followed by at most 62 letters, digits or "_"';

const sleepTask = (input: Readonly<Record<string, Json>>) => ({ slug: 'nap', action: 'sleep', with: input });

/** Fields that are missing, too many or malformed. */
export const REFUSED_SHAPES: readonly RefusedTask[] = [
  {
    title: 'neither steps nor action',
    task: { slug: 'a' },
    path: 'steps',
    message: 'give either "steps", or "action" with "with"',
  },
  {
    title: 'both steps and action',
    task: stepsTask([pause('a')], { action: 'sleep' }),
    path: 'steps',
    message: 'give either "steps", or "action" with "with"',
  },
  {
    title: 'with beside steps',
    task: stepsTask([pause('a')], { with: {} }),
    path: 'with',
    message: '"with" at the top goes with "action"; inside "steps" each step has its own',
  },
  { title: 'no step', task: stepsTask([]), path: 'steps', message: 'Too small' },
  {
    title: 'too many steps',
    task: stepsTask(Array.from({ length: 201 }, (_, index) => pause(`s${index}`))),
    path: 'steps',
    message: 'Too big',
  },
  { title: 'an unknown field of the task', task: httpTask({}, { colour: 1 }), path: '', message: 'Unrecognized key: "colour"' },
  {
    title: 'a prototype as a field',
    task: JSON.parse('{"slug":"a","action":"http","with":{"url":"https://x.test"},"__proto__":{}}'),
    path: '',
    message: 'Unrecognized key: "__proto__"',
  },
  {
    title: 'an unknown field of a step',
    task: stepsTask([pause('a', { when: 'x' })]),
    path: 'steps[0]',
    message: 'Unrecognized key: "when"',
  },
  {
    title: 'an unknown field of a retry',
    task: httpTask({}, { retry: { attempts: 3 } }),
    path: 'retry',
    message: 'Unrecognized key: "attempts"',
  },
  {
    title: 'no slug',
    task: { action: 'http', with: { url: 'https://x.test' } },
    path: 'slug',
    message: 'Invalid input: expected string, received undefined',
  },
  { title: 'a slug in capitals', task: httpTask({}, { slug: 'Daily' }), path: 'slug', message: SLUG },
  { title: 'a slug that ends in a hyphen', task: httpTask({}, { slug: 'daily-' }), path: 'slug', message: SLUG },
  { title: 'a slug of 64 characters', task: httpTask({}, { slug: 'a'.repeat(64) }), path: 'slug', message: SLUG },
  {
    title: 'a slug that is a word of the API',
    task: httpTask({}, { slug: 'validate' }),
    path: 'slug',
    message: 'is a word of the API; choose another name',
  },
  { title: 'an id that no template could name', task: stepsTask([pause('a-b')]), path: 'steps[0].id', message: STEP_ID },
  { title: 'an id such as __proto__', task: stepsTask([pause('__proto__')]), path: 'steps[0].id', message: STEP_ID },
  {
    title: 'an unknown mode',
    task: httpTask({}, { mode: 'turbo' }),
    path: 'mode',
    message: 'Invalid option: expected one of "async"|"sync"',
  },
  { title: 'a priority of 0', task: httpTask({}, { priority: 0 }), path: 'priority', message: 'Too small' },
  { title: 'an input schema that is no object', task: httpTask({}, { input: true }), path: 'input', message: 'Invalid input' },
];

/** Retries, time-outs and durations. */
export const REFUSED_POLICIES: readonly RefusedTask[] = [
  {
    title: 'no attempt at all',
    task: httpTask({}, { retry: { maxAttempts: 0 } }),
    path: 'retry.maxAttempts',
    message: 'Too small',
  },
  {
    title: 'too many attempts',
    task: httpTask({}, { retry: { maxAttempts: 101 } }),
    path: 'retry.maxAttempts',
    message: 'Too big',
  },
  {
    title: 'half an attempt',
    task: stepsTask([pause('a', { retry: { maxAttempts: 1.5 } })]),
    path: 'steps[0].retry.maxAttempts',
    message: 'Invalid input: expected int',
  },
  {
    title: 'waits that shrink',
    task: httpTask({}, { retry: { backoffCoefficient: 0.5 } }),
    path: 'retry.backoffCoefficient',
    message: 'Too small',
  },
  {
    title: 'an interval as a number',
    task: httpTask({}, { retry: { initialInterval: 5 } }),
    path: 'retry.initialInterval',
    message: 'Invalid input: expected string, received number',
  },
  {
    title: 'an interval without a unit',
    task: httpTask({}, { retry: { maxInterval: '5' } }),
    path: 'retry.maxInterval',
    message: NO_DURATION,
  },
  { title: 'an unknown unit', task: httpTask({}, { deadline: '5 fortnights' }), path: 'deadline', message: NO_DURATION },
  { title: 'a negative duration', task: httpTask({}, { ttl: '-1 s' }), path: 'ttl', message: NO_DURATION },
  {
    title: 'a duration of twenty years',
    task: stepsTask([pause('a', { timeout: '1044 weeks' })]),
    path: 'steps[0].timeout',
    message: NO_DURATION,
  },
  {
    title: 'a unit that is a name of a prototype',
    task: httpTask({}, { ttl: '1 constructor' }),
    path: 'ttl',
    message: NO_DURATION,
  },
];

/** Inputs that do not fit their action. */
export const REFUSED_INPUTS: readonly RefusedTask[] = [
  {
    title: 'no URL',
    task: { slug: 'a', action: 'http', with: {} },
    path: 'with.url',
    message: 'Invalid input: expected string, received undefined',
  },
  {
    title: 'two bodies',
    task: httpTask({ json: {}, body: 'x' }),
    path: 'with',
    message: 'give one of "json", "form" and "body"',
  },
  {
    title: 'two bodies from templates',
    task: httpTask({ json: '{{ input.a }}', body: '{{ input.b }}' }),
    path: 'with',
    message: 'give one of "json", "form" and "body"',
  },
  {
    title: 'three bodies',
    task: stepsTask([call('a', { json: null, form: {}, body: '' })]),
    path: 'steps[0].with',
    message: 'give one of "json", "form" and "body"',
  },
  {
    title: 'an unknown field of an action',
    task: httpTask({ metod: 'GET' }),
    path: 'with',
    message: 'Unrecognized key: "metod"',
  },
  {
    title: 'no name of a method',
    task: httpTask({ method: 'GET /' }),
    path: 'with.method',
    message: 'must be the name of an HTTP method',
  },
  { title: 'no status', task: httpTask({ expect: [200, '6xx'] }), path: 'with.expect[1]', message: 'Invalid string' },
  {
    title: 'a header that is a number',
    task: httpTask({ headers: { 'x-a': 1 } }),
    path: 'with.headers.x-a',
    message: 'Invalid input: expected string, received number',
  },
  {
    title: 'half an authentication',
    task: httpTask({ auth: { basic: { user: 'a' } } }),
    path: 'with.auth.basic.password',
    message: 'Invalid input: expected string, received undefined',
  },
  {
    title: 'an authentication with too much',
    task: httpTask({ auth: { bearer: '{{ secrets.TOKEN }}', realm: 'x' } }),
    path: 'with.auth',
    message: 'Unrecognized key: "realm"',
  },
  { title: 'too many redirects', task: httpTask({ redirects: 6 }), path: 'with.redirects', message: 'Too big' },
  { title: 'a bad duration of an action', task: httpTask({ timeout: 'soon' }), path: 'with.timeout', message: NO_DURATION },
  {
    title: 'a sleep with neither duration nor until',
    task: sleepTask({}),
    path: 'with.duration',
    message: 'Invalid input: expected string, received undefined',
  },
  {
    title: 'a sleep with both',
    task: sleepTask({ duration: '1 s', until: '2030-01-01T00:00:00Z' }),
    path: 'with',
    message: 'Unrecognized key: "until"',
  },
  {
    title: 'a sleep until no time',
    task: stepsTask([{ id: 'a', action: 'sleep', with: { until: 'tomorrow' } }]),
    path: 'steps[0].with.until',
    message: 'Invalid ISO datetime',
  },
  {
    title: 'a sleep without with',
    task: { slug: 'a', action: 'sleep' },
    path: 'with.duration',
    message: 'Invalid input: expected string, received undefined',
  },
];
