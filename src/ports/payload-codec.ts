/** A payload of Temporal: bytes, and bytes about them. */
export interface PayloadBytes {
  readonly metadata?: Readonly<Record<string, Uint8Array>>;
  readonly data?: Uint8Array;
}

/** The payload codec as those use it who read histories. */
export interface PayloadCodecPort {
  /** For which workspace a payload says that it was encrypted; `undefined`: it is not encrypted by us. Proven by decoding only. */
  workspaceOf(payload: PayloadBytes): string | undefined;
  /** Encrypts in the name of the instance. */
  encode(payloads: readonly PayloadBytes[]): Promise<readonly PayloadBytes[]>;
  /** Throws when it was altered, cut off or moved to another workspace, or its key is not known. */
  decode(payload: PayloadBytes): Promise<PayloadBytes>;
}
