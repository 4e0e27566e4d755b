export interface BinaryFrame {
  readonly joinRef?: string;
  readonly ref?: string;
  readonly topic: string;
  readonly event: string;
  /** Text is JSON, bytes are bytes. */
  readonly payload: string | Buffer;
}

/** A client's broadcast as supabase-js sends it. */
export const binaryFrame = ({ joinRef = '', ref = '', topic, event, payload }: BinaryFrame): Buffer => {
  const parts = [joinRef, ref, topic, event, ''].map((part) => Buffer.from(part));
  const head = Buffer.from([3, ...parts.map((part) => part.length), typeof payload === 'string' ? 1 : 0]);
  return Buffer.concat([head, ...parts, Buffer.from(payload)]);
};
