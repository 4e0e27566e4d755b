import type { CodecKey } from './payload-codec.ts';

/** Keys of the configuration, decoded. */
export const decodeKeys = (keys: readonly { readonly id: string; readonly key: string }[] | undefined): readonly CodecKey[] =>
  (keys ?? []).map(({ id, key }) => ({ id, key: Buffer.from(key, 'base64') }));
