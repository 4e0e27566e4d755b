import { DefaultFailureConverter } from '@temporalio/common';

/** Messages and stack traces of failures go through the codec like every other payload. Loaded by path, also into workflows. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
