export { migrate, type MigrateOptions, type MigrationReport } from './migrate.ts';
export {
  prepareDatabase,
  ROLE_NAMES,
  type PrepareDatabaseOptions,
  type PreparedDatabase,
  type RolePasswords,
} from './database.ts';
export type { StackEnvironment } from './node-programs.ts';
export { freePorts, freeStackPorts, isPortFree, portsFromEnvironment, type StackPorts } from './ports.ts';
export { startPostgres, type Postgres, type PostgresOptions } from './postgres.ts';
export type { Program } from './program.ts';
export { StackError } from './stack-error.ts';
export { readStackFile, type StackFile, type StackKeys, type StackTemporal, type StackUrls } from './stack-file.ts';
export type { StackOptions } from './stack-options.ts';
export { startStack, type Stack, type StackPrograms } from './stack.ts';
export { startSupabase, type SupabaseEndpoint, type SupabaseOptions } from './supabase.ts';
export { findTemporal, type FindTemporalOptions, type TemporalBinary } from './temporal-binary.ts';
export { createNamespace, SEARCH_ATTRIBUTES, type NamespaceOptions } from './temporal-namespace.ts';
export { startTemporal, type TemporalOptions, type TemporalServer } from './temporal.ts';
