import { join, resolve } from 'node:path';
import { freeStackPorts, portsFromEnvironment, type StackPorts } from './ports.ts';

export interface StackOptions {
  /** @default the working folder */
  readonly projectDir?: string;
  /** @default `DURABASE_STATE_DIR`, else `.durabase` in the project */
  readonly stateDir?: string;
  /** @default `supabase/migrations` in the project */
  readonly migrationsDir?: string;
  /** What is not named comes from `env`; `'free'` picks unused ones. */
  readonly ports?: Partial<StackPorts> | 'free';
  /** Run the API (`src/server.ts`). A path names another program. @default true */
  readonly api?: boolean | string;
  /** Run a worker (`src/worker.ts`). A path names another program. @default true */
  readonly worker?: boolean | string;
  /** @default true */
  readonly webUi?: boolean;
  /** Keep Temporal's data in the state folder; otherwise it is in memory. @default true */
  readonly keepTemporalData?: boolean;
  /** @default 'durabase' */
  readonly namespace?: string;
  /** @default 'durabase' */
  readonly taskQueue?: string;
  /** Settings (`DURABASE_*_PORT`, `DURABASE_TEMPORAL_BIN`), and what API and worker inherit. @default the environment of this process */
  readonly env?: NodeJS.ProcessEnv;
  /** Lines for people: progress, restarts, warnings. @default the console */
  readonly log?: (text: string) => void;
  /** Also pass on what API and worker print. @default false */
  readonly verbose?: boolean;
}

export interface StackSettings {
  readonly projectDir: string;
  readonly stateDir: string;
  readonly logsDir: string;
  readonly migrationsDir: string;
  readonly ports: StackPorts;
  /** Programs to run; undefined: none. */
  readonly apiEntry: string | undefined;
  readonly workerEntry: string | undefined;
  readonly hasWebUi: boolean;
  readonly keepsTemporalData: boolean;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (text: string) => void;
  readonly isVerbose: boolean;
}

export type StackFolders = Pick<StackSettings, 'projectDir' | 'stateDir' | 'logsDir' | 'migrationsDir'>;

export const resolveFolders = (options: StackOptions): StackFolders => {
  const projectDir = resolve(options.projectDir ?? '.');
  const { DURABASE_STATE_DIR: configured = '.durabase' } = options.env ?? process.env;
  const stateDir = resolve(projectDir, options.stateDir ?? configured);
  const migrationsDir = resolve(projectDir, options.migrationsDir ?? 'supabase/migrations');
  return { projectDir, stateDir, logsDir: join(stateDir, 'logs'), migrationsDir };
};

export const resolveStackOptions = async (options: StackOptions): Promise<StackSettings> => {
  const folders = resolveFolders(options);
  const env = options.env ?? process.env;
  const entry = (wish: boolean | string | undefined, usual: string): string | undefined =>
    wish === false ? undefined : resolve(folders.projectDir, typeof wish === 'string' ? wish : usual);
  return {
    ...folders,
    ports: options.ports === 'free' ? await freeStackPorts() : { ...portsFromEnvironment(env), ...options.ports },
    apiEntry: entry(options.api, 'src/server.ts'),
    workerEntry: entry(options.worker, 'src/worker.ts'),
    hasWebUi: options.webUi ?? true,
    keepsTemporalData: options.keepTemporalData ?? true,
    namespace: options.namespace ?? 'durabase',
    taskQueue: options.taskQueue ?? 'durabase',
    env,
    log: options.log ?? console.log,
    isVerbose: options.verbose ?? false,
  };
};
