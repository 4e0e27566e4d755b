import type { Payload } from '@temporalio/common';
import type { PayloadBytes, PayloadCodecPort } from '../../ports/payload-codec.ts';
import { type CodecKey, createPayloadCodec, ENCODING } from './payload-codec.ts';

const read = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes ?? new Uint8Array());

const toBytes = ({ metadata, data }: Payload): PayloadBytes => ({
  ...(metadata ? { metadata } : {}),
  ...(data ? { data } : {}),
});

/** The codec of the workers, for the API; without keys there is none. */
export function createCodecPort(keys: readonly CodecKey[]): PayloadCodecPort | undefined {
  if (keys.length === 0) return undefined;
  const codec = createPayloadCodec({ keys, workspaceOf: () => Promise.resolve(undefined) });
  return {
    workspaceOf: ({ metadata }) =>
      read(metadata?.['encoding']) === ENCODING ? read(metadata?.['durabase-workspace']) : undefined,
    encode: async (payloads) => (await codec.encode([...payloads])).map(toBytes),
    decode: async (payload) => {
      const [decoded] = await codec.decode([payload]);
      return decoded === undefined ? payload : toBytes(decoded);
    },
  };
}
