import {
  type ActionContract,
  ACTIONS,
  defineAction,
  duration,
  isJsonObject,
  json,
  type Json,
  jsonObject,
  type JsonObject,
} from '@durabase/contracts';
import { z } from 'zod';
import { createCatalog } from '../../../../src/domain/plan/create-catalog.ts';

/** Drafts of three actions that the example needs and that are still to come. */
const DRAFTS = [
  defineAction({
    type: 'ai-prompt',
    summary: 'Ask a model.',
    input: z.strictObject({ model: z.string().min(1), prompt: z.string().min(1), schema: jsonObject().optional() }),
    output: z.strictObject({ text: z.string(), data: json().optional() }),
  }),
  defineAction({
    type: 'await-input',
    kind: 'wait',
    summary: 'Ask a person.',
    input: z.strictObject({
      question: z.string().min(1),
      assignees: z.array(z.string().min(1)).min(1),
      timeout: duration().optional(),
      onTimeout: json().optional(),
    }),
    output: z.strictObject({ decision: z.string() }),
    effectOf: () => 'none',
  }),
  defineAction({
    type: 'send-message',
    summary: 'Send a message.',
    input: z.strictObject({ channel: z.enum(['email', 'chat']), to: z.string(), text: z.string() }),
    output: z.strictObject({ messageId: z.string() }),
  }),
];

export const EXAMPLE_ACTIONS = createCatalog([...ACTIONS, ...DRAFTS] as readonly ActionContract[]);

/** The example of the design. Its `schedules`, `dependsOn` and `rateLimit` are left out: no compiler knows them yet. */
export const EXAMPLE: JsonObject = {
  slug: 'daily-report',
  name: 'Daily report',
  type: 'DataProcess',
  tags: ['finance'],
  input: {
    type: 'object',
    properties: { day: { type: 'string', format: 'date' }, to: { type: 'string', format: 'email' } },
    required: ['to'],
  },
  steps: [
    {
      id: 'fetch',
      action: 'http',
      with: { url: 'https://api.example.com/sales?day={{ input.day }}', auth: { bearer: '{{ secrets.SALES_KEY }}' } },
    },
    {
      id: 'digest',
      action: 'ai-prompt',
      needs: ['fetch'],
      with: { model: 'gpt-5-mini', prompt: 'Summarise: {{ steps.fetch.output.body }}', schema: { type: 'object' } },
    },
    {
      id: 'ok',
      action: 'await-input',
      needs: ['digest'],
      with: { question: 'Send it?', assignees: ['role:admin'], timeout: '2 days', onTimeout: { decision: 'no' } },
    },
    {
      id: 'send',
      action: 'send-message',
      needs: ['ok'],
      when: "steps.ok.output.decision == 'yes'",
      with: { channel: 'email', to: '{{ input.to }}', text: '{{ steps.digest.output.text }}' },
    },
  ],
  output: { sent: '{{ steps.send.output }}' },
  mode: 'async',
  retry: { maxAttempts: 3, initialInterval: '1 second', backoffCoefficient: 2 },
  timeout: '10 minutes',
  ttl: '1 hour',
  priority: 3,
  concurrency: { key: 'input.to', limit: 2 },
};

const put = (value: Json | undefined, [first, ...rest]: readonly string[], item: Json | undefined): Json | undefined => {
  if (first === undefined) return item;
  if (Array.isArray(value)) {
    const items: Json[] = [...(value as readonly Json[])];
    const next = put(items[Number(first)], rest, item);
    if (next === undefined) items.splice(Number(first), 1);
    else items[Number(first)] = next;
    return items;
  }
  const holder = isJsonObject(value) ? value : {};
  const next = put(Object.hasOwn(holder, first) ? holder[first] : undefined, rest, item);
  const kept = Object.entries(holder).filter(([name]) => name !== first);
  return Object.fromEntries(next === undefined ? kept : [...kept, [first, next]]) as JsonObject;
};

/** The example with other values at some places such as `steps.1.needs`; `undefined` takes a place out. */
export const changeExample = (changes: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.entries(changes).reduce<Json>((task, [at, value]) => put(task, at.split('.'), value) ?? null, EXAMPLE) as JsonObject;
