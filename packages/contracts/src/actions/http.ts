import { z } from 'zod';
import { defineAction } from '../define-action.ts';
import { duration, json } from '../schemas.ts';

/** Largest answer that the action reads, counted after decompression, in bytes: 5 MB. */
export const HTTP_RESPONSE_MAX_BYTES = 5_000_000;

/** Methods that change nothing at the target. */
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** Any HTTP call, through the guard that every outgoing call passes. */
export const httpAction = defineAction({
  type: 'http',
  summary: 'Call a URL.',
  input: z
    .strictObject({
      url: z.string().min(1).max(8_192).describe('http or https.'),
      method: z
        .string()
        .regex(/^[A-Za-z]{1,20}$/, { error: 'must be the name of an HTTP method' })
        .default('GET'),
      headers: z.record(z.string(), z.string()).default({}),
      query: z.record(z.string(), z.union([scalar, z.array(scalar)])).default({}),
      json: json().optional().describe('Body as JSON.'),
      form: z.record(z.string(), scalar).optional().describe('Body as application/x-www-form-urlencoded.'),
      body: z.string().optional().describe('Body as it is; give its content-type in headers.'),
      auth: z
        .union([
          z.strictObject({ bearer: z.string() }),
          z.strictObject({ basic: z.strictObject({ user: z.string(), password: z.string() }) }),
          z.strictObject({ header: z.strictObject({ name: z.string(), value: z.string() }) }),
        ])
        .optional(),
      expect: z
        .array(z.union([z.int().min(100).max(599), z.string().regex(/^[1-5]xx$/)]))
        .min(1)
        .default(['2xx'])
        .describe('Statuses that count as success, such as 200 or "2xx".'),
      timeout: duration().default('60 seconds').describe('Until the answer is complete.'),
      redirects: z.int().min(0).max(5).default(5),
      responseType: z.enum(['auto', 'json', 'text', 'base64']).default('auto'),
      maxResponseBytes: z.int().min(1).max(HTTP_RESPONSE_MAX_BYTES).default(1_000_000),
      idempotencyHeader: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,64}$/)
        .default('Idempotency-Key')
        .describe('Header that carries the key of the step on every call that may change something.'),
      repeatable: z
        .boolean()
        .default(true)
        .describe('false: the target cannot recognise a repeat, so an attempt whose end is unknown is not repeated.'),
    })
    .refine((input) => [input.json, input.form, input.body].filter((value) => value !== undefined).length <= 1, {
      error: 'give one of "json", "form" and "body"', // at no field: a template there would hide it until the step runs
    }),
  output: z.strictObject({
    status: z.int(),
    headers: z.record(z.string(), z.string()),
    body: json(),
    url: z.string().describe('Where the answer came from, after redirects; without credentials and query.'),
    durationMs: z.number(),
  }),
  secretFields: ['headers.*', 'query.*', 'auth.bearer', 'auth.basic.user', 'auth.basic.password', 'auth.header.value'],
  effectOf: (input) => {
    const method = typeof input['method'] === 'string' ? input['method'].toUpperCase() : 'GET';
    if (READING.has(method)) return 'none';
    return input['repeatable'] === false ? 'doubtful' : 'idempotent';
  },
  timeouts: { startToCloseMs: 90_000 },
  errors: [
    'HTTP_STATUS',
    'HTTP_REFUSED',
    'HTTP_CONNECTION',
    'HTTP_TIMEOUT',
    'HTTP_REDIRECTS',
    'HTTP_RESPONSE_TOO_LARGE',
    'ADDRESS_REFUSED',
  ],
});
