interface Difference {
  readonly area: 'REST' | 'Auth' | 'Realtime';
  readonly case: string;
  /** What the local stack does; the tests demand exactly this. */
  readonly stack: unknown;
  /** What Supabase does; the tests demand exactly this of a foreign Supabase. */
  readonly supabase: unknown;
  /** Why it does not matter, or what to do. */
  readonly advice: string;
}

/** Where the local stack differs from Supabase. The page docs/conformance.md shows this table. */
export const KNOWN_DIFFERENCES = {
  'update-without-filter': {
    area: 'REST',
    case: 'update without a filter',
    stack: '204',
    supabase: '400 21000',
    advice: 'Always filter. Supabase refuses a statement without a condition.',
  },
  'delete-without-filter': {
    area: 'REST',
    case: 'delete without a filter',
    stack: '204',
    supabase: '400 21000',
    advice: 'Always filter. Supabase refuses a statement without a condition.',
  },
  'check-violation': {
    area: 'REST',
    case: 'a violated check constraint',
    stack: '500 SUP',
    supabase: '400 23514',
    advice: 'Refuse values that users may send in a function with SQLSTATE PT4xx; both answer with that status and text.',
  },
  'insert-of-nothing': {
    area: 'REST',
    case: 'insert({}): a row of nothing but defaults',
    stack: '400 42601',
    supabase: '201',
    advice: 'Name one column, such as the key.',
  },
  'bulk-insert-missing': {
    area: 'REST',
    case: 'a value that some of several inserted rows leave out',
    stack: 7,
    supabase: null,
    advice: 'Supabase writes null there, the stack the default. Name every column in every row, or pass defaultToNull: false.',
  },
  'count-right-at-end': {
    area: 'REST',
    case: 'an empty page right behind the last row, with count',
    stack: '416 PGRST103',
    supabase: '206',
    advice: 'Compare the range with the count before asking for the next page.',
  },
  'json-text-argument': {
    area: 'REST',
    case: 'a bare text as an argument of type jsonb',
    stack: '400 22P02',
    supabase: '200',
    advice: 'Send an object or a list.',
  },
  'function-embeds-its-own-table': {
    area: 'REST',
    case: 'embedding rows of the same table in rows that a function returned',
    stack: '404 PGRST205',
    supabase: '200',
    advice: 'Read them with a second request.',
  },
  raise: {
    area: 'REST',
    case: 'raise exception without a code of its own (P0001)',
    stack: '500 SUP',
    supabase: '400 P0001',
    advice: 'Raise PT4xx: both answer with that status, code, text, detail and hint.',
  },
  'no-data-found': {
    area: 'REST',
    case: 'an error of PL/pgSQL itself (P0002)',
    stack: '500 SUP',
    supabase: '500 P0002',
    advice: 'Raise PT4xx for what callers should tell apart.',
  },
  'serialization-failure': {
    area: 'REST',
    case: 'a transaction that lost (40001)',
    stack: '500 SUP',
    supabase: '500 40001',
    advice: 'Both say 500, and nothing was done: try again.',
  },
  'json-text-value': {
    area: 'REST',
    case: 'a bare text written into a column of type jsonb',
    stack: '400 22P02',
    supabase: '201',
    advice: 'Write an object or a list.',
  },
  bytes: {
    area: 'REST',
    case: 'bytea, sent and read as text such as "\\x00ff10"',
    stack: { type: 'Buffer', data: [...Buffer.from('\\x00ff10')] },
    supabase: '\\x00ff10',
    advice:
      'Send base64 in a column of type text, or go through a function that takes text. The product has no bytea in its API.',
  },
  'character-zero': {
    area: 'REST',
    case: 'a text with the character zero',
    stack: '400 22021',
    supabase: '400 22P05',
    advice: 'Both refuse it with 400.',
  },
  'large-integer': {
    area: 'REST',
    case: 'a bigint beyond 2^53 in an answer',
    stack: '9007199254740992',
    supabase: '9007199254740993',
    advice: 'supabase-js rounds it on both. Select it as text (`large::text`), which is exact on both.',
  },
  'large-integer-sent': {
    area: 'REST',
    case: 'a bigint beyond 2^53 that is inserted as a text',
    stack: '9007199254740996',
    supabase: '9007199254740995',
    advice:
      'The stack rounds what it stores. Keep such numbers in columns of type text, or write them by a function that takes text.',
  },
  'large-integer-in-filter': {
    area: 'REST',
    case: 'a bigint beyond 2^53 in a filter: which of three neighbours it finds',
    stack: '18014398509481988',
    supabase: '18014398509481987',
    advice: 'Keep such numbers in columns of type text. What the product numbers (events, changes, versions) stays far below.',
  },
  'not-a-number': {
    area: 'REST',
    case: 'NaN in an answer',
    stack: 'null',
    supabase: '"NaN"',
    advice: 'Do not store NaN.',
  },
  'null-in-list': {
    area: 'REST',
    case: 'a list of texts with a null in it, inserted',
    stack: ['a', 'NULL'],
    supabase: ['a', null],
    advice: 'Leave nulls out of lists, or use jsonb.',
  },
  'many-digits': {
    area: 'REST',
    case: 'a numeric with more digits than a double holds',
    stack: '"12345678901234567890.123456789"',
    supabase: '12345678901234567890.123456789',
    advice: 'Select it as text (`exact::text`), which is exact on both.',
  },
  'zeros-at-end': {
    area: 'REST',
    case: 'a numeric with zeros at its end',
    stack: '"1.50"',
    supabase: '1.50',
    advice: 'Read it with Number(), or select it as text.',
  },
  'renamed-single-after-write': {
    area: 'REST',
    case: 'insert(…).select("title:name").single(): a renamed or cast column of the one row that was written',
    stack: [{ title: 'a' }],
    supabase: { title: 'a' },
    advice: 'Ask for columns under their own names after a write.',
  },
  timestamptz: {
    area: 'REST',
    case: 'an instant in an answer',
    stack: '"2026-11-20 21:34:33.801+00"',
    supabase: '"2026-11-20T21:34:33.801+00:00"',
    advice: 'Parse with new Date(), never compare text.',
  },
  'timestamptz-whole-second': {
    area: 'REST',
    case: 'an instant on a whole second',
    stack: '"2026-11-20 23:34:33+00"',
    supabase: '"2026-11-20T23:34:33+00:00"',
    advice: 'Parse with new Date(), never compare text.',
  },
  timestamp: {
    area: 'REST',
    case: 'a timestamp without a zone',
    stack: '"2026-11-20 23:34:33.801"',
    supabase: '"2026-11-20T23:34:33.801"',
    advice: 'Use timestamptz.',
  },
  'app-metadata-in-token': {
    area: 'Auth',
    case: 'app_metadata among the claims of a token',
    stack: false,
    supabase: true,
    advice: 'Keep rights in tables, never in claims: they are stale until the next refresh anyway.',
  },
  'user-metadata-in-token': {
    area: 'Auth',
    case: 'user_metadata among the claims of a token',
    stack: false,
    supabase: true,
    advice: 'Ask getUser(). Users write it themselves, so policies must not read it.',
  },
  'malformed-token': {
    area: 'Auth',
    case: 'Authorization with what is no token at all, or one without a signature, beside a good key',
    stack: ['200', 'anon'],
    supabase: ['401 PGRST301', null],
    advice:
      'The stack takes the caller for what his key says, never for the user that the token names. supabase-js sends no such thing.',
  },
  'token-with-unknown-role': {
    area: 'Auth',
    case: 'a token signed with the secret of the project that names a role which does not exist',
    stack: '400 22023',
    supabase: '401 22023',
    advice: 'Both refuse it.',
  },
  'admin-create-user': {
    area: 'Auth',
    case: 'auth.admin.createUser()',
    stack: '401 no_authorization',
    supabase: '200',
    advice: 'Sign up, or insert into auth.users and auth.identities by SQL.',
  },
  'admin-delete-user': {
    area: 'Auth',
    case: 'auth.admin.deleteUser()',
    stack: '401 no_authorization',
    supabase: '200',
    advice: 'Delete from auth.users by SQL.',
  },
  'admin-without-right': {
    area: 'Auth',
    case: 'auth.admin by a user',
    stack: '401 no_authorization',
    supabase: '403 not_admin',
    advice: 'Both refuse it.',
  },
  'presence-changes': {
    area: 'Realtime',
    case: 'who is present after eight track() in a row on one channel',
    stack: { one: [{ color: '8' }] },
    supabase: {},
    advice:
      'Supabase closes a channel that tracks more than five times in 30 seconds, unless the project is set otherwise. Track seldom.',
  },
} as const satisfies Record<string, Difference>;

export type DifferenceName = keyof typeof KNOWN_DIFFERENCES;
