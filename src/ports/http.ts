/** One outgoing HTTP call. */
export interface OutgoingRequest {
  readonly method: string;
  /** http or https; user info in the address is refused. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** From the first byte sent to the last byte read, redirects included, in milliseconds. */
  readonly timeoutMs: number;
  /** 0 to 5; 0 hands a redirect back as the answer. */
  readonly maxRedirects: number;
  /** Counted after decompression, in bytes. */
  readonly maxResponseBytes: number;
  /** Names of headers that carry credentials: dropped as soon as a redirect leaves the origin. */
  readonly credentialHeaders?: readonly string[];
  /**
   * One list for each credential of this call: the hosts (`api.example.com`, `*.example.com`, with `:port` where it is not
   * the scheme's own) that it is bound to. A first address, or a redirect that would still carry them (in a header or in a
   * body that is sent again), is refused unless it fits every list; an empty list fits no host.
   * @default any host
   */
  readonly credentialHosts?: readonly (readonly string[])[];
  /** Ends the call at once; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The answer to an {@link OutgoingRequest}. */
export interface IncomingResponse {
  readonly status: number;
  /** Names in lower case; several values of one name are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed. */
  readonly body: Uint8Array;
  /** Where the answer came from. */
  readonly url: string;
}

/**
 * The only way out: checks every resolved address before it connects to it, at every redirect again.
 * Throws PlatformError: ADDRESS_REFUSED, SECRET_REFUSED, STEP_INPUT_INVALID (a method or header that cannot be sent),
 * HTTP_CONNECTION, HTTP_TIMEOUT, HTTP_REDIRECTS, HTTP_RESPONSE_TOO_LARGE.
 */
export interface HttpPort {
  send(request: OutgoingRequest): Promise<IncomingResponse>;
  close(): Promise<void>;
}
