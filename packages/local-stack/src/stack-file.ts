import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord, readJsonIfPresent, writePrivateFile } from './private-file.ts';
import type { StackPorts } from './ports.ts';

export interface StackUrls {
  readonly supabase: string;
  readonly api: string;
  /** Missing when the stack runs without it. */
  readonly temporalUi?: string;
  /** As owner. */
  readonly postgres: string;
  /** As the worker's role. */
  readonly engine: string;
  /** As the API's role. */
  readonly gateway: string;
}

export interface StackKeys {
  readonly publishable: string;
  readonly secret: string;
  /** HS256, of this stack only. */
  readonly jwtSecret: string;
}

export interface StackTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
}

/** What tools and tests need to use a running stack: `.durabase/stack.json`, readable by its owner only. */
export interface StackFile {
  /** The process that keeps the stack up. */
  readonly pid: number;
  readonly urls: StackUrls;
  readonly keys: StackKeys;
  readonly temporal: StackTemporal;
  readonly ports: StackPorts;
  readonly pids: Readonly<Record<string, number>>;
}

const pathIn = (stateDir: string): string => join(stateDir, 'stack.json');

export const writeStackFile = (stateDir: string, content: StackFile): void =>
  writePrivateFile(pathIn(stateDir), `${JSON.stringify(content, null, 2)}\n`);

export const removeStackFile = (stateDir: string): void => rmSync(pathIn(stateDir), { force: true });

/** Undefined when no stack is up. The file is ours alone, so its parts are not checked one by one. */
export const readStackFile = (stateDir: string): StackFile | undefined => {
  const content = readJsonIfPresent(pathIn(stateDir));
  if (content === undefined || !isRecord(content['urls']) || !isRecord(content['keys'])) return undefined;
  return content as unknown as StackFile;
};

/** Addresses for people, one row each. */
export const describeAddresses = ({
  urls,
  temporal,
  ports,
}: Pick<StackFile, 'urls' | 'temporal' | 'ports'>): readonly (readonly [string, string])[] => [
  ['API and dashboard', urls.api],
  ['Supabase', urls.supabase],
  ['Postgres', `127.0.0.1:${ports.postgres}, database postgres`],
  ['Temporal', `${temporal.address}, namespace ${temporal.namespace}`],
  ...(urls.temporalUi === undefined ? [] : [['Temporal Web UI', urls.temporalUi] as const]),
];
