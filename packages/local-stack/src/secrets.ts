import { randomBytes, randomUUID } from 'node:crypto';
import { generateApiKey } from '@supabase/lite';
import type { RolePasswords } from './database.ts';
import { readJsonIfPresent, writePrivateFile } from './private-file.ts';
import { StackError } from './stack-error.ts';

/** Made once per state folder. Passwords are hexadecimal because some of them go into SQL text. */
export interface StackSecrets {
  /** Ties the database folder to this file: with another id, the database belongs to a state that was deleted. */
  readonly instanceId: string;
  readonly ownerPassword: string;
  readonly litePassword: string;
  readonly enginePassword: string;
  readonly gatewayPassword: string;
  readonly realtimePassword: string;
  readonly jwtSecret: string;
  readonly publishableKey: string;
  readonly secretKey: string;
}

const NAMES = [
  'instanceId',
  'ownerPassword',
  'litePassword',
  'enginePassword',
  'gatewayPassword',
  'realtimePassword',
  'jwtSecret',
  'publishableKey',
  'secretKey',
] as const satisfies readonly (keyof StackSecrets)[];

export const loadSecrets = async (path: string): Promise<StackSecrets> => {
  const stored = readJsonIfPresent(path);
  if (stored !== undefined) return checkSecrets(addLaterSecrets(stored, path), path);
  return writeSecrets(await createSecrets(), path);
};

/** State folders that are older than a secret get it now: it is set anew at each start of the database. */
const addLaterSecrets = (stored: Readonly<Record<string, unknown>>, path: string): Readonly<Record<string, unknown>> =>
  'realtimePassword' in stored ? stored : writeSecrets({ ...stored, realtimePassword: hexSecret() }, path);

const writeSecrets = <T extends object>(secrets: T, path: string): T => {
  writePrivateFile(path, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
};

export const rolePasswords = (secrets: StackSecrets): RolePasswords => ({
  lite: secrets.litePassword,
  engine: secrets.enginePassword,
  gateway: secrets.gatewayPassword,
  realtime: secrets.realtimePassword,
});

const createSecrets = async (): Promise<StackSecrets> => ({
  instanceId: randomUUID(),
  ownerPassword: hexSecret(),
  litePassword: hexSecret(),
  enginePassword: hexSecret(),
  gatewayPassword: hexSecret(),
  realtimePassword: hexSecret(),
  jwtSecret: hexSecret(),
  publishableKey: (await generateApiKey('publishable')).key,
  secretKey: (await generateApiKey('secret')).key,
});

const hexSecret = (): string => randomBytes(32).toString('hex');

const checkSecrets = (stored: Readonly<Record<string, unknown>>, path: string): StackSecrets => {
  const read = (name: keyof StackSecrets): string => {
    const value = stored[name];
    if (typeof value !== 'string' || value === '')
      throw new StackError(`${path} lacks "${name}". Delete the folder it lies in to start afresh.`);
    return value;
  };
  const entries = NAMES.map((name) => [name, read(name)] as const);
  return Object.fromEntries(entries) as Record<keyof StackSecrets, string>;
};
