import { z } from 'zod';
import { defineRoute } from '../../route.ts';

export const getMetricsRoute = defineRoute({
  method: 'GET',
  path: '/metrics',
  access: 'public',
  summary: 'Counts for Prometheus.',
  answersText: 'text/plain',
  answers: { 200: z.string() },
  handler: async (_call, { metrics }) => {
    const { text, contentType } = await metrics.render();
    return { status: 200, body: text, contentType };
  },
});
