// Fetches the orders of a day and stores each: `durabase tasks apply examples/tasks/import-orders.ts`
import { cel, defineTask, shape, text } from '@durabase/client/tasks';
import { z } from 'zod';

interface Order {
  readonly id: string;
  readonly total: number;
}

export const importOrders = defineTask({
  slug: 'import-orders',
  name: 'Import orders',
  tags: ['orders'],
  input: z.object({ shop: z.url(), day: z.iso.date(), dryRun: z.boolean().optional() }),
  steps: ({ input, step }) => {
    const fetch = step('fetch', {
      action: 'http',
      with: { url: text`${input.shop}/orders?day=${input.day}` },
      timeout: '30 seconds',
    });
    const { orders } = shape<{ readonly orders: readonly Order[] }>(fetch.output.body);
    const store = step('store', {
      action: 'http',
      forEach: orders,
      when: cel`!coalesce(${input.dryRun}, false)`,
      maxParallel: 5,
      with: ({ item, index }) => ({
        url: text`${input.shop}/stored/${item.id}`,
        method: 'POST',
        json: { total: item.total, place: cel`${index} + 1` },
      }),
    });
    return { fetch, store };
  },
  output: ({ steps }) => ({
    stored: cel<number>`size(${steps.store.output})`,
    status: steps.fetch.output.status,
  }),
  concurrency: ({ input }) => ({ key: input.day, limit: 1 }),
  ttl: '1 day',
});
