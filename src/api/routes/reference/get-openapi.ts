import { z } from 'zod';
import { defineRoute } from '../../route.ts';

export const getOpenApiRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/openapi.json',
  access: 'public',
  summary: 'This API as a document in OpenAPI 3.1.',
  answers: { 200: z.looseObject({ openapi: z.string(), paths: z.looseObject({}) }) },
  handler: async (_call, { reference }) => ({ status: 200, body: reference.document() }),
});
