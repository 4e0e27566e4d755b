import type { Request } from 'express';

export const JSON_TYPE = 'application/json';
export const STREAM_TYPE = 'text/event-stream';

/** Whether the caller would rather have a stream than JSON. Who does not say so gets JSON. */
export const prefersStream = (request: Request): boolean => request.accepts([JSON_TYPE, STREAM_TYPE]) === STREAM_TYPE;
