import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempFolder {
  readonly path: string;
  remove(): void;
}

export const makeTempFolder = (): TempFolder => {
  const path = mkdtempSync(join(tmpdir(), 'durabase-stack-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

/** Writes the files into a new folder `migrations`, and returns its path. */
export const writeMigrations = (folder: string, files: Readonly<Record<string, string>>): string => {
  const migrationsDir = join(folder, 'migrations');
  mkdirSync(migrationsDir, { recursive: true });
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(migrationsDir, name), sql);
  return migrationsDir;
};

/** A table in the exposed schema, of which users see their own rows, without one column. */
export const NOTES_MIGRATION = {
  '20260101000000_create_notes.sql': `
    create schema durabase;
    create role durabase_engine nologin;
    create role durabase_gateway nologin;
    create table durabase.notes (
      id integer primary key generated always as identity,
      owner_id uuid not null default auth.uid(),
      body text not null,
      hidden text not null default 'not for users'
    );
    alter table durabase.notes enable row level security;
    create policy own_notes on durabase.notes to authenticated using (owner_id = auth.uid()) with check (owner_id = auth.uid());
    grant usage on schema durabase to authenticated, service_role;
    grant select (id, owner_id, body), insert (body) on durabase.notes to authenticated;
    grant all on durabase.notes to service_role;`,
} as const;
