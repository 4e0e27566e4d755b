import { execFileSync } from 'node:child_process';
import { describeError, StackError } from './stack-error.ts';

/** An operating system user, by number. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Whether this process runs as root, under which Postgres refuses to run. */
export const isRoot = (): boolean => process.getuid?.() === 0;

const EXISTING = 'postgres';
const CREATED = 'durabase';

/** The user that Postgres runs as when the stack is started by root; created if the machine has none. */
export const findPostgresUser = (): SystemUser => {
  const user = findUser(EXISTING) ?? findUser(CREATED);
  if (user !== undefined) return user;
  createUser(CREATED);
  const created = findUser(CREATED);
  if (created !== undefined) return created;
  throw new StackError(`The system user "${CREATED}" was created but cannot be found. Start the stack as an ordinary user.`);
};

const findUser = (name: string): SystemUser | undefined => {
  try {
    return { name, uid: readId('-u', name), gid: readId('-g', name) };
  } catch {
    // `id` answers with an error when there is no such user.
    return undefined;
  }
};

const readId = (flag: '-u' | '-g', name: string): number =>
  Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));

const createUser = (name: string): void => {
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name];
  try {
    execFileSync('useradd', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new StackError(
      `Postgres does not run as root, and the system user "${name}" for it cannot be created (${describeError(error).trim()}). ` +
        `Start the stack as an ordinary user, or create that user: useradd ${args.join(' ')}`,
      error,
    );
  }
};
