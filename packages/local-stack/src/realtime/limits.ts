/** How much one endpoint, and one connection, may ask for. What goes beyond is refused or cut off, never queued without bound. */
export interface RealtimeLimits {
  /** Open sockets; one more is refused with 429. @default 2_000 */
  readonly connections: number;
  /** Joined channels of one socket. @default 100, as on Supabase */
  readonly channelsPerConnection: number;
  /** Joins of all sockets in a second; the socket that goes beyond is closed. @default 2_500, as on Supabase's Pro plan */
  readonly joinsPerSecond: number;
  /** Joins of one socket in a second: all its channels at once, and a little more. @default 150 */
  readonly joinsPerSecondPerConnection: number;
  /** Frames from one socket in a second, joins and heartbeats included; beyond, the channel is closed. @default 1_000 */
  readonly messagesPerSecond: number;
  /** Presence events of one socket in a second; beyond, the channel is closed. @default 50 */
  readonly presenceEventsPerSecond: number;
  /** Bytes of a broadcast's payload. @default 3_000_000, as on Supabase's Pro plan */
  readonly payloadBytes: number;
  /** Bytes of what somebody tracks in presence. @default 65_536 */
  readonly presenceBytes: number;
  /** Bytes of a changed row; larger ones arrive as error 413 with their short values. @default 1_048_576, as on Supabase */
  readonly recordBytes: number;
  /** Bytes of a frame from a client; a larger one closes the socket. @default 3_200_000 */
  readonly frameBytes: number;
  /** Bytes of a topic, `realtime:` included. Lengths in binary frames are one byte. @default 255 */
  readonly topicBytes: number;
  /** How deep JSON from clients may nest. @default 100 */
  readonly jsonDepth: number;
  /** Bindings to postgres_changes of one channel. @default 100 */
  readonly bindingsPerChannel: number;
  /** Frames of one socket that wait for an answer; beyond, reading from it pauses. @default 200 */
  readonly pendingFrames: number;
  /** Bytes that wait for a slow reader; beyond, it is cut off. @default 16_777_216 */
  readonly bufferedBytes: number;
  /** A socket from which nothing came for so long is dead. Clients send a heartbeat every 25 s. @default 60_000 */
  readonly silenceMs: number;
}

export const DEFAULT_LIMITS: RealtimeLimits = {
  connections: 2_000,
  channelsPerConnection: 100,
  joinsPerSecond: 2_500,
  joinsPerSecondPerConnection: 150,
  messagesPerSecond: 1_000,
  presenceEventsPerSecond: 50,
  payloadBytes: 3_000_000,
  presenceBytes: 65_536,
  recordBytes: 1_048_576,
  frameBytes: 3_200_000,
  topicBytes: 255,
  jsonDepth: 100,
  bindingsPerChannel: 100,
  pendingFrames: 200,
  bufferedBytes: 16_777_216,
  silenceMs: 60_000,
};
