/**
 * The parts of supabase-js that are used, by shape and not by class: a client of another copy or another minor version fits,
 * whatever schema and whatever database types it was made with.
 */
export interface SupabaseLike {
  /** `never`: the types of the app's own database know nothing of the schema `durabase`. */
  schema(name: never): unknown;
  readonly realtime: RealtimeLike;
  /** Reading it throws where the client was made with the option `accessToken`. */
  readonly auth: AuthLike;
}

/** What a call answers. */
export interface Answer {
  readonly data: unknown;
  readonly error: AnswerError | null;
  /** Of HTTP; 0: none came. */
  readonly status: number;
}

/** What PostgREST says of a call that it refused. */
export interface AnswerError {
  readonly message: string;
  readonly code?: string | undefined;
  readonly details?: string | null | undefined;
  readonly hint?: string | null | undefined;
}

/** A call that is being built. */
export interface Call extends PromiseLike<Answer> {
  abortSignal(signal: AbortSignal): Call;
}

/** Rows that are being chosen. */
export interface Rows extends Call {
  abortSignal(signal: AbortSignal): Rows;
  in(column: string, values: readonly string[]): Rows;
  eq(column: string, value: string): Rows;
  limit(count: number): Rows;
}

/** One schema of the Data API. */
export interface SchemaLike {
  rpc(name: string, args: Readonly<Record<string, unknown>>): Call;
  from(table: string): { select(columns: string): Rows };
}

/** One channel of Realtime. */
export interface ChannelLike {
  on(type: 'broadcast', filter: { event: string }, callback: (message: ReceivedMessage) => void): unknown;
  subscribe(callback: (status: string, error?: Error) => void): unknown;
}

/** A message as supabase-js hands it out. */
export interface ReceivedMessage {
  readonly event: string;
  readonly payload?: unknown;
}

/** The connection to Realtime that all channels of a client share. */
export interface RealtimeLike {
  setAuth(): Promise<void>;
  isConnected(): boolean;
  connect(): void;
  disconnect(): Promise<unknown>;
  getChannels(): readonly unknown[];
  channel(topic: string, params: { config: { private: boolean } }): ChannelLike;
  removeChannel(channel: never): Promise<unknown>;
}

/** Who is signed in. */
export interface AuthLike {
  onAuthStateChange(callback: (event: string, session: { readonly user: { readonly id: string } } | null) => void): {
    data: { subscription: { unsubscribe(): void } };
  };
}
