import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { PlatformError } from '@durabase/contracts';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';

/** A key of the codec: 32 bytes under an id that stands beside each payload. */
export interface CodecKey {
  readonly id: string;
  readonly key: Uint8Array;
}

/** Options of {@link createPayloadCodec}. */
export interface CodecOptions {
  /** The first encrypts, all decrypt. */
  readonly keys: readonly CodecKey[];
  /** The workspace of a workflow; `undefined` when it cannot be told (an operator's start, say). */
  readonly workspaceOf: (workflowId: string) => Promise<string | undefined>;
}

/** How payloads of this codec name themselves. */
export const ENCODING = 'binary/durabase-aes-256-gcm';
/** In place of the workspace id where there is none. */
export const NO_WORKSPACE = 'instance';
const IV_BYTES = 12;
const TAG_BYTES = 16;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const read = (value: Uint8Array | null | undefined): string => new TextDecoder().decode(value ?? new Uint8Array());
const associated = (workspaceId: string, keyId: string): Buffer => Buffer.from(`durabase/1/${keyId}/${workspaceId}`);

const parseKey = ({ id, key }: CodecKey): CodecKey => {
  if (key.length !== 32)
    throw new PlatformError('INVALID_REQUEST', { message: `the codec key "${id}" has ${key.length} bytes instead of 32` });
  return { id, key };
};

/**
 * AES-256-GCM over whole payloads, failures included. The workspace id stands readable in the payload's metadata and is
 * authenticated, so that a decoder can ask whether a reader belongs to it and nobody can move a payload to another one.
 */
export function createPayloadCodec({ keys, workspaceOf }: CodecOptions): PayloadCodec {
  const all = new Map(keys.map(parseKey).map(({ id, key }) => [id, key]));
  const [current] = keys;
  if (current === undefined) throw new PlatformError('INVALID_REQUEST', { message: 'the payload codec needs a key' });

  const encodeOne = (payload: Payload, workspaceId: string): Payload => {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', current.key, iv);
    cipher.setAAD(associated(workspaceId, current.id));
    const plain = proto.temporal.api.common.v1.Payload.encode(payload).finish();
    const data = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return {
      metadata: { encoding: text(ENCODING), 'durabase-key': text(current.id), 'durabase-workspace': text(workspaceId) },
      data,
    };
  };

  const decodeOne = (payload: Payload): Payload => {
    if (read(payload.metadata?.['encoding']) !== ENCODING) return payload;
    const keyId = read(payload.metadata?.['durabase-key']);
    const key = all.get(keyId);
    if (key === undefined)
      throw new PlatformError('INTERNAL', {
        message: `no codec key "${keyId}"`,
        hint: 'keep old keys in DURABASE_CODEC_KEYS until retention has passed',
      });
    const data = Buffer.from(payload.data ?? new Uint8Array());
    const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, IV_BYTES));
    decipher.setAAD(associated(read(payload.metadata?.['durabase-workspace']), keyId));
    decipher.setAuthTag(data.subarray(data.length - TAG_BYTES));
    const plain = Buffer.concat([decipher.update(data.subarray(IV_BYTES, data.length - TAG_BYTES)), decipher.final()]);
    return proto.temporal.api.common.v1.Payload.decode(plain);
  };

  const findWorkspace = async (context: SerializationContext | undefined): Promise<string> =>
    (context?.workflowId === undefined ? undefined : await workspaceOf(context.workflowId)) ?? NO_WORKSPACE;

  return {
    encode: async (payloads, context) => {
      if (payloads.length === 0) return [];
      const workspaceId = await findWorkspace(context);
      return payloads.map((payload) => encodeOne(payload, workspaceId));
    },
    decode: (payloads) => Promise.resolve(payloads.map(decodeOne)),
  };
}
