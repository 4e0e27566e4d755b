import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { type CodecKey, createPayloadCodec } from './payload-codec.ts';

/** File of the failure converter that hides messages and stack traces. */
export const FAILURE_CONVERTER_PATH = fileURLToPath(new URL('./failure-converter.ts', import.meta.url));

/** Payloads as they are, or encrypted with failures when there are keys. */
export const createDataConverter = (
  keys: readonly CodecKey[],
  workspaceOf: (workflowId: string) => Promise<string | undefined>,
): DataConverter =>
  keys.length === 0
    ? {}
    : { payloadCodecs: [createPayloadCodec({ keys, workspaceOf })], failureConverterPath: FAILURE_CONVERTER_PATH };
