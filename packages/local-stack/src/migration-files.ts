import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StackError } from './stack-error.ts';

export interface MigrationFile {
  /** Fourteen digits: the time at which the file was made. */
  readonly version: string;
  readonly name: string;
  readonly fileName: string;
  readonly sql: string;
}

const FILE_NAME = /^(\d{14})_(.+)\.sql$/;

/** The migrations of a folder, oldest first. */
export const readMigrationFiles = (migrationsDir: string): readonly MigrationFile[] => {
  if (!existsSync(migrationsDir)) return [];
  const fileNames = readdirSync(migrationsDir).filter((fileName) => fileName.endsWith('.sql'));
  const files = fileNames.sort().map((fileName) => readMigrationFile(migrationsDir, fileName));
  const twin = files.find((file, index) => files[index + 1]?.version === file.version);
  if (twin !== undefined) throw new StackError(`Two files in ${migrationsDir} have version ${twin.version}. Rename one of them.`);
  return files;
};

const readMigrationFile = (migrationsDir: string, fileName: string): MigrationFile => {
  const [, version, name] = FILE_NAME.exec(fileName) ?? [];
  if (version === undefined || name === undefined)
    throw new StackError(`${join(migrationsDir, fileName)} is not named <14 digits>_<name>.sql. Rename it.`);
  return { version, name, fileName, sql: readFileSync(join(migrationsDir, fileName), 'utf8') };
};
