const text = { type: 'string' };
const header = (name: string, description: string, schema: object = text) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
});

/** Headers of requests. */
export const PARAMETERS = {
  IdempotencyKey: header(
    'Idempotency-Key',
    'What shall happen once, in words of the caller: the same call with the same key is answered again with 200 and what it made, as that is now; another call with it is refused with IDEMPOTENCY_CONFLICT. A call that failed keeps nothing. Keys and tokens are told in the first answer only. Kept for 7 days; keys of runs and events, which all callers of a workspace share, for as long as those.',
    {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      pattern: '^[\\x20-\\x7e]*$',
    },
  ),
  LastEventId: header('Last-Event-ID', 'Number of the last message that a stream brought before it was cut off.', {
    type: 'string',
    pattern: '^\\d{1,15}$',
  }),
  IfMatch: header(
    'If-Match',
    'Refuse with 412 unless this is the ETag that the definition has now, or the id of its newest version in quotes; `*`: it must exist.',
  ),
  IfNoneMatch: header('If-None-Match', 'Answer 304 without a body if this is still the ETag; on saving, `*`: it must not exist.'),
};

/** Headers of answers. */
export const HEADERS = {
  XRequestId: { description: 'Names this request in the log.', schema: text },
  Location: { description: 'Where to find what was made.', schema: text },
  ETag: { description: 'Changes with every version of the definition.', schema: text },
  IdempotencyReplayed: {
    description: '`true`: the key belongs to a call that was done before.',
    schema: { type: 'string', enum: ['true'] },
  },
  RetryAfter: { description: 'Seconds to wait.', schema: { type: 'string', pattern: '^\\d+$' } },
  WWWAuthenticate: { description: 'How to say who is calling.', schema: text },
};

/** How callers say who they are. */
export const SECURITY_SCHEMES = {
  userToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Token of a user of Supabase Auth.' },
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'dbk_…',
    description: 'API key of a workspace, confined to its scopes; also taken from the header apikey.',
  },
  secretKey: { type: 'apiKey', in: 'header', name: 'apikey', description: 'Secret key of the Supabase project: the service.' },
};
