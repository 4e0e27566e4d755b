/** Variables by which the global setup tells the processes of the tests what runs where. */
export const TEST_ENV = {
  /** Superuser, database `postgres`. Set beforehand, it names a running server that is used instead of an own one. */
  ownerUrl: 'DURABASE_TEST_POSTGRES_URL',
  templateName: 'DURABASE_TEST_TEMPLATE',
  rolePassword: 'DURABASE_TEST_ROLE_PASSWORD',
  /** `host:port`. Set beforehand, it names a running server that is used instead of an own one. */
  temporalAddress: 'DURABASE_TEST_TEMPORAL_ADDRESS',
  temporalNamespace: 'DURABASE_TEST_TEMPORAL_NAMESPACE',
} as const;
