/** A body that the operation takes, for those who read the reference; the tests hold each against its contract. */
export const EXAMPLES: Readonly<Record<string, unknown>> = {
  saveTask: {
    slug: 'fetch-report',
    name: 'Fetch a report',
    input: { type: 'object', properties: { day: { type: 'string', format: 'date' } }, required: ['day'] },
    steps: [{ id: 'fetch', action: 'http', with: { url: 'https://api.example.com/sales?day={{ input.day }}' } }],
  },
  startTaskRun: { input: { day: '2026-11-21' } },
  startRun: { task: 'fetch-report', input: { day: '2026-11-21' }, priority: 2 },
  startRuns: {
    runs: [
      { task: 'fetch-report', input: { day: '2026-11-20' } },
      { task: 'fetch-report', input: { day: '2026-11-21' }, idempotencyKey: 'report-2026-11-21' },
    ],
  },
  operateOnRuns: { operation: 'retry', filter: { task: 'fetch-report', states: ['failed'] }, maxRuns: 100 },
  cancelRun: { reason: 'no longer needed' },
  pauseRun: { reason: 'the shop is closed' },
  rerunRun: { version: 'newest' },
  forkRun: { fromStep: 'fetch', version: 'same' },
  completeStep: { output: { shipped: true } },
  failStep: { message: 'the parcel was returned' },
  completeByToken: { token: 'dbt_0123456789abcdefghijkl', output: { shipped: true } },
  failByToken: { token: 'dbt_0123456789abcdefghijkl', message: 'the parcel was returned' },
  createWorkspace: { name: 'Acme' },
  renameWorkspace: { name: 'Acme Ltd' },
  transferWorkspace: { userId: '01997d2c-0000-7000-8000-000000000001' },
  changeMember: { role: 'editor' },
  inviteMember: { email: 'ann@example.com', role: 'editor' },
  acceptInvitation: { token: `dbi_${'0123456789abcdef'.repeat(4)}` },
  shareTask: { canRun: true },
  updateSettings: { signUp: 'run_only', endUserMaxOpenRuns: 5 },
  createApiKey: { name: 'Nightly import', scopes: ['runs:start', 'runs:read'] },
  decodePayloads: { payloads: [{ metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'eyJkYXkiOiIyMDI2LTExLTIxIn0=' }] },
  encodePayloads: { payloads: [{ metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'eyJ0YXNrIjoiZmV0Y2gtcmVwb3J0In0=' }] },
  createUpload: { fileName: 'sales.csv', contentType: 'text/csv', bytes: 18_240 },
  emitEvent: { name: 'order.paid', data: { orderId: 42 } },
};

/** The example of an operation, in the place of a media type. */
export const exampleOf = (operationId: string): { readonly example?: unknown } => {
  const example = EXAMPLES[operationId];
  return example === undefined ? {} : { example };
};
