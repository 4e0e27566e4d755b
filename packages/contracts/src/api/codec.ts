import { z } from 'zod';

/** A payload of Temporal as protobuf writes it in JSON: bytes in base64. */
const codecPayload = z.strictObject({
  metadata: z.record(z.string().max(200), z.base64()).optional(),
  data: z.base64().optional(),
});
/** A payload of Temporal as protobuf writes it in JSON: bytes in base64. */
export type CodecPayload = z.infer<typeof codecPayload>;

/** Largest number of payloads in one call. */
export const MAX_CODEC_PAYLOADS = 1_000;

/** Body of `POST /codec/encode` and `POST /codec/decode`. */
export const codecBody = z.strictObject({ payloads: z.array(codecPayload).max(MAX_CODEC_PAYLOADS).default([]) });

/** Query of `POST /codec/encode` and `POST /codec/decode`: what Temporal's own programs append, which changes nothing here. */
export const codecQuery = z.strictObject({
  preserveStorageRefs: z
    .enum(['true', 'false'])
    .optional()
    .describe("Temporal's Web UI sends it; nothing is stored elsewhere here."),
});

/** Answer of `POST /codec/encode` and `POST /codec/decode`: as many payloads as were sent, in their order. */
export const codecPayloads = z.strictObject({ payloads: z.array(codecPayload) });
