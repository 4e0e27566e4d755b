import { z } from 'zod';
import { defineRoute } from '../../route.ts';

export const getReferenceRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/reference',
  access: 'public',
  summary: 'This API as a page for people. It loads nothing from anywhere.',
  answersText: 'text/html',
  answers: { 200: z.string() },
  handler: async (_call, { reference }) => {
    const { html, policy } = reference.page();
    return { status: 200, headers: { 'Content-Security-Policy': policy }, contentType: 'text/html; charset=utf-8', body: html };
  },
});
