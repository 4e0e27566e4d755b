// The Supabase endpoint as a process of its own: its database driver sometimes throws where nobody can catch it,
// and does not always recover from a lost database. Then this process ends and is started again; the stack stays.
import { isRecord } from './private-file.ts';
import { StackError } from './stack-error.ts';
import { startSupabase, type SupabaseOptions } from './supabase.ts';

const readOptions = (): Omit<SupabaseOptions, 'log' | 'onDatabaseLost'> => {
  const options: unknown = JSON.parse(process.env['DURABASE_SUPABASE_SERVER'] ?? 'null');
  if (!isRecord(options)) throw new StackError('DURABASE_SUPABASE_SERVER is not set. This program is started by the stack only.');
  return options as unknown as SupabaseOptions;
};

process.on('disconnect', () => process.exit(0));

const endpoint = await startSupabase({
  ...readOptions(),
  log: (text) => process.stdout.write(`${new Date().toISOString()} ${text}\n`),
  onDatabaseLost: () => process.exit(1),
});
process.on('SIGTERM', () => void endpoint.close().finally(() => process.exit(0)));
