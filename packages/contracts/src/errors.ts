/**
 * The table of error codes. A code is wire format: codes are added, never renamed.
 *
 * `status` is the HTTP status when the code reaches an API caller; `retryable` says whether the same attempt
 * can succeed later without anybody changing anything; `title` is the short sentence of problem+json.
 */
export const ERRORS = {
  INVALID_JSON: { status: 400, retryable: false, title: 'The body is not valid JSON' },
  INVALID_REQUEST: { status: 422, retryable: false, title: 'The request does not fit its contract' },
  INVALID_STRING: { status: 422, retryable: false, title: 'A string holds a character that cannot be stored' },
  INVALID_TASK: { status: 422, retryable: false, title: 'The task cannot be compiled' },
  INVALID_INPUT: { status: 422, retryable: false, title: "The input does not fit the task's input schema" },
  UNKNOWN_ACTION: { status: 422, retryable: false, title: 'No action has this name' },
  UNAUTHENTICATED: { status: 401, retryable: false, title: 'No valid identity was given' },
  TOKEN_EXPIRED: { status: 401, retryable: false, title: 'The token has expired' },
  FORBIDDEN: { status: 403, retryable: false, title: 'This identity may not do that' },
  ROUTE_NOT_FOUND: { status: 404, retryable: false, title: 'No such route' },
  WORKSPACE_NOT_FOUND: { status: 404, retryable: false, title: 'No such workspace' },
  WORKSPACE_AMBIGUOUS: { status: 422, retryable: false, title: 'More than one workspace fits; name one' },
  USER_NOT_FOUND: { status: 404, retryable: false, title: 'No such user' },
  MEMBER_NOT_FOUND: { status: 404, retryable: false, title: 'The workspace has no such member' },
  ALREADY_MEMBER: { status: 409, retryable: false, title: 'The user is a member already' },
  LAST_OWNER: { status: 409, retryable: false, title: 'A workspace must keep an owner' },
  WORKSPACE_BUSY: { status: 409, retryable: false, title: 'Runs of the workspace have not ended' },
  INVITATION_NOT_FOUND: { status: 404, retryable: false, title: 'No such invitation' },
  INVITATION_ENDED: { status: 410, retryable: false, title: 'The invitation is no longer good' },
  QUEUE_FULL: { status: 429, retryable: true, title: 'Too many runs have not ended' },
  TASK_NOT_FOUND: { status: 404, retryable: false, title: 'No such task' },
  TASK_NOT_READY: { status: 409, retryable: false, title: 'The task has no ready version' },
  VERSION_NOT_FOUND: { status: 404, retryable: false, title: 'The task has no such version' },
  SLUG_TAKEN: { status: 409, retryable: false, title: 'Another task has this slug' },
  RUN_NOT_FOUND: { status: 404, retryable: false, title: 'No such run' },
  RUN_FINISHED: { status: 409, retryable: false, title: 'The run has already ended' },
  PAYLOAD_NOT_FOUND: { status: 404, retryable: false, title: 'No such stored value' },
  RUN_NOT_FINISHED: { status: 409, retryable: false, title: 'The run has not ended yet' },
  STEP_NOT_FOUND: { status: 404, retryable: false, title: 'No such step' },
  STEP_FINISHED: { status: 409, retryable: false, title: 'The step has already ended' },
  STEP_NOT_KEPT: { status: 409, retryable: false, title: 'What that step did cannot be kept' },
  API_KEY_NOT_FOUND: { status: 404, retryable: false, title: 'No such API key' },
  FEED_NOT_FOUND: { status: 404, retryable: false, title: 'No such feed' },
  CHANGES_PRUNED: { status: 410, retryable: false, title: 'The feed no longer keeps these numbers, or never had them' },
  TOO_MANY_STREAMS: { status: 429, retryable: true, title: 'Too many streams are open' },
  RATE_LIMITED: { status: 429, retryable: true, title: 'Too many requests' },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, title: 'This route does not take that method' },
  IDEMPOTENCY_CONFLICT: { status: 409, retryable: false, title: 'The idempotency key was used with another body' },
  VERSION_CONFLICT: { status: 409, retryable: true, title: 'Somebody else saved in between' },
  PRECONDITION_FAILED: { status: 412, retryable: false, title: 'It is no longer as If-Match says' },
  BODY_TOO_LARGE: { status: 413, retryable: false, title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, title: 'The content type is not accepted' },
  DATABASE_UNAVAILABLE: { status: 503, retryable: true, title: 'The database cannot be reached' },
  TEMPORAL_UNAVAILABLE: { status: 503, retryable: true, title: 'Temporal cannot be reached' },
  AUTH_UNAVAILABLE: { status: 503, retryable: true, title: 'Tokens cannot be verified right now' },
  STORAGE_UNAVAILABLE: { status: 503, retryable: true, title: 'Supabase Storage cannot be reached' },
  UPLOADS_UNAVAILABLE: { status: 501, retryable: false, title: 'This instance takes no uploads' },
  INTERNAL: { status: 500, retryable: true, title: 'Something failed on our side' },

  TEMPLATE_UNRESOLVED: { status: 422, retryable: false, title: 'A template refers to a value that is not there' },
  SECRET_NOT_FOUND: { status: 422, retryable: false, title: 'No secret has this name' },
  SECRET_REFUSED: { status: 422, retryable: false, title: 'The secret may not be used here' },
  ADDRESS_REFUSED: { status: 422, retryable: false, title: 'The address is private or reserved' },
  HTTP_STATUS: { status: 502, retryable: true, title: 'The target answered with an unexpected status' },
  HTTP_REFUSED: { status: 502, retryable: false, title: 'The target refused the request' },
  HTTP_CONNECTION: { status: 502, retryable: true, title: 'The target could not be reached' },
  HTTP_TIMEOUT: { status: 504, retryable: true, title: 'The target did not answer in time' },
  HTTP_REDIRECTS: { status: 502, retryable: false, title: 'The target redirects too often' },
  HTTP_RESPONSE_TOO_LARGE: { status: 502, retryable: false, title: 'The answer is larger than allowed' },
  STEP_INPUT_INVALID: { status: 422, retryable: false, title: "The step's resolved input does not fit its action" },
  STEP_OUTPUT_INVALID: { status: 502, retryable: false, title: "The step's output does not fit its action" },
  OUTPUT_TOO_LARGE: { status: 422, retryable: false, title: 'The output is larger than 5 MB' },
  STEP_TIMED_OUT: { status: 504, retryable: true, title: 'The attempt took longer than its time-out' },
  STEP_FAILED: { status: 500, retryable: true, title: 'The action threw an error' },
  EFFECT_DOUBTFUL: { status: 500, retryable: false, title: 'It cannot be told whether the effect happened' },
  PERMIT_UNAVAILABLE: { status: 409, retryable: true, title: 'The permits that the run needs are held by others' },
  DEADLINE_EXCEEDED: { status: 504, retryable: false, title: "The run's deadline passed" },
  RUN_EXPIRED: { status: 504, retryable: false, title: 'The run was not started within its time-to-live' },
  RUN_CANCELLED: { status: 409, retryable: false, title: 'The run was cancelled' },
  RUN_TERMINATED: { status: 409, retryable: false, title: 'The run was terminated in Temporal' },
  RUN_LOST: { status: 500, retryable: false, title: 'Temporal no longer knows the run' },
  WORKFLOW_FAILED: { status: 500, retryable: false, title: 'The workflow failed in Temporal' },
  STALE_EXECUTION: { status: 409, retryable: false, title: 'Another execution owns this run' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly retryable: boolean; readonly title: string }>>;

/** A code of the table {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/** Whether a text is a code of the table; for values that come from outside. */
export const isErrorCode = (text: unknown): text is ErrorCode => typeof text === 'string' && Object.hasOwn(ERRORS, text);

/** What goes with an error beside its code. Every value must be free of secrets: it reaches callers and logs. */
export interface ErrorDetails {
  /** What happened, with which value. Default: the title of the code. */
  readonly message?: string;
  /** What to do next. */
  readonly hint?: string;
  /** Where the offending value is, as a JSON path without `$`, such as `steps[1].with.url`. */
  readonly path?: string;
  /** Several problems at once, each with its own path. */
  readonly problems?: readonly Problem[];
  /** Wait at least so long before the next try, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Overrides the table, for codes where it depends on the case (an HTTP status, say). */
  readonly retryable?: boolean;
  /** Facts for programs, such as `{ status: 404 }`. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** One problem of several in one refusal. */
export interface Problem {
  readonly code: ErrorCode;
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

/** The only error that our own code throws on purpose. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(details.message ?? ERRORS[code].title, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  /** Whether the same call can succeed later by itself. */
  get retryable(): boolean {
    return this.details.retryable ?? ERRORS[this.code].retryable;
  }
}

/** Guard that also holds across package copies. */
export const isPlatformError = (error: unknown): error is PlatformError =>
  error instanceof Error && error.name === 'PlatformError' && isErrorCode((error as PlatformError).code);
