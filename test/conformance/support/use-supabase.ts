import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { createClient, type SupabaseClient, type SupabaseClientOptions } from '@supabase/supabase-js';
import pg from 'pg';
import { eventually } from '../../support/eventually.ts';
import { readSettings, type ConformanceSettings } from './settings.ts';

export type Client = SupabaseClient;
type ClientOptions = SupabaseClientOptions<'public'>;

/** Somebody who has signed up, with a client in which he is signed in. */
export interface SignedIn {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly client: Client;
}

export interface UsedSupabase {
  readonly settings: ConformanceSettings;
  /** The database as its owner; never as the Data API. */
  readonly owner: pg.Pool;
  /** Begins the name of everything that this file creates. */
  readonly prefix: string;
  /** A client with the publishable key and nobody signed in. */
  readonly anonymous: Client;
  /** A client with the secret key. */
  readonly service: Client;
  /** Another client, by default with the publishable key. */
  connect(options?: ClientOptions & { readonly key?: string }): Client;
  /** Signs somebody up, and in. He is deleted after the tests of the file. */
  createUser(options?: { readonly metadata?: Readonly<Record<string, unknown>> }): Promise<SignedIn>;
  /** For a user whom the test made by itself. */
  deleteAfterwards(userId: string): void;
}

export interface SchemaScript {
  /** Creates tables and functions; each name begins with the prefix. Nobody but their owner has a right on them afterwards. */
  readonly create: string;
  /** Gives the rights: policies, grants, publication. */
  readonly grant: string;
}

export const PASSWORD = 'correct horse battery';

/** A Supabase for the tests of one file, with tables of its own in schema `public`. Call it at the top of a file. */
export const useSupabase = (writeSchema?: (prefix: string) => SchemaScript): UsedSupabase => {
  const settings = readSettings();
  const prefix = `conformance_${randomBytes(4).toString('hex')}`;
  const owner = new pg.Pool({ connectionString: settings.databaseUrl, max: 4 });
  owner.on('error', () => {}); // a server that ends its idle connections is no failure of a test
  const clients: Client[] = [];
  const userIds: string[] = [];

  const connect: UsedSupabase['connect'] = ({ key = settings.publishableKey, ...options } = {}) => {
    const client = createClient(settings.url, key, {
      ...options,
      auth: { persistSession: false, autoRefreshToken: false, ...options.auth },
    });
    clients.push(client);
    return client;
  };
  const service = connect({ key: settings.secretKey });
  const anonymous = connect();

  beforeAll(async () => {
    if (writeSchema !== undefined) await createSchema({ owner, service, prefix, script: writeSchema(prefix) });
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.removeAllChannels()));
    await Promise.all(clients.map((client) => client.realtime.disconnect()));
    await dropSchema(owner, prefix);
    await owner.query('delete from auth.users where id = any ($1::uuid[])', [userIds]);
    await owner.end();
  });
  return {
    settings,
    owner,
    prefix,
    anonymous,
    service,
    connect,
    deleteAfterwards: (userId) => void userIds.push(userId),
    createUser: async ({ metadata = {} } = {}) => {
      const client = connect();
      const email = `${prefix}-${randomUUID()}@example.com`;
      const session = await signUp({ client, service, settings, email, metadata });
      userIds.push(session.user.id);
      return { id: session.user.id, email, password: PASSWORD, token: session.access_token, client };
    },
  };
};

/** Where a sign-up wants its address confirmed, or is limited in number, the admin creates the user. */
const signUp = async ({
  client,
  service,
  settings,
  email,
  metadata,
}: {
  readonly client: Client;
  readonly service: Client;
  readonly settings: ConformanceSettings;
  readonly email: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}) => {
  if (settings.flavor === 'supabase') {
    const { error } = await service.auth.admin.createUser({
      email,
      password: PASSWORD,
      email_confirm: true,
      user_metadata: { ...metadata },
    });
    if (error !== null) throw error;
  } else {
    const { error } = await client.auth.signUp({ email, password: PASSWORD, options: { data: { ...metadata } } });
    if (error !== null) throw error;
  }
  const { data, error } = await client.auth.signInWithPassword({ email, password: PASSWORD });
  if (error !== null) throw error;
  return data.session;
};

interface CreateSchema {
  readonly owner: pg.Pool;
  readonly service: Client;
  readonly prefix: string;
  readonly script: SchemaScript;
}

/** Files run side by side, and some things they change are one for all: the publication, policies on messages. */
const TAKE_TURNS = 'select pg_advisory_xact_lock(7220100)';

const createSchema = async ({ owner, service, prefix, script }: CreateSchema): Promise<void> => {
  // The last table to appear in the cache of the Data API; with it all the others are there.
  const ready = `${prefix}_ready`;
  await owner.query(`begin; ${TAKE_TURNS}; ${script.create}; create table public.${ready} (id int); ${revokeAll(prefix)};
    ${script.grant}; grant select on public.${ready} to service_role; commit; notify pgrst, 'reload schema'`);
  // Asked again and again: the local stack may miss a notification that comes while it reads the schema.
  await eventually(
    async () => {
      const { error } = await service.from(ready).select('id');
      if (error === null) return;
      await owner.query(`notify pgrst, 'reload schema'`);
      throw new Error(`${error.code} ${error.message}`);
    },
    { everyMs: 250 },
  );
};

/** Older projects of Supabase grant everything in `public` to everybody by default; newer ones, and the local stack, nothing. */
const revokeAll = (prefix: string): string => `
  do $$ declare found record; begin
    for found in select c.oid::regclass::text as name, c.relkind from pg_catalog.pg_class c
      where c.relnamespace = 'public'::regnamespace and starts_with(c.relname, '${prefix}') and c.relkind in ('r', 'v', 'S') loop
      execute format('revoke all on %s %s from public, anon, authenticated, service_role',
        case found.relkind when 'S' then 'sequence' else 'table' end, found.name);
    end loop;
    for found in select p.oid::regprocedure::text as name from pg_catalog.pg_proc p
      where p.pronamespace = 'public'::regnamespace and starts_with(p.proname, '${prefix}') loop
      execute format('revoke all on function %s from public, anon, authenticated, service_role', found.name);
    end loop;
  end $$`;

const dropSchema = async (owner: pg.Pool, prefix: string): Promise<void> => {
  await owner.query(`begin; ${TAKE_TURNS};
    do $$ declare found record; begin
      for found in select polname from pg_catalog.pg_policy
        where polrelid = 'realtime.messages'::regclass and starts_with(polname, '${prefix}') loop
        execute format('drop policy %I on realtime.messages', found.polname);
      end loop;
      for found in select c.oid::regclass::text as name, c.relkind from pg_catalog.pg_class c
        where c.relnamespace = 'public'::regnamespace and starts_with(c.relname, '${prefix}') and c.relkind in ('r', 'v')
        order by c.relkind desc loop
        execute format('drop %s if exists %s cascade', case found.relkind when 'v' then 'view' else 'table' end, found.name);
      end loop;
      for found in select p.oid::regprocedure::text as name from pg_catalog.pg_proc p
        where p.pronamespace = 'public'::regnamespace and starts_with(p.proname, '${prefix}') loop
        execute format('drop function if exists %s cascade', found.name);
      end loop;
      for found in select t.oid::regtype::text as name from pg_catalog.pg_type t
        where t.typnamespace = 'public'::regnamespace and starts_with(t.typname, '${prefix}') and t.typtype = 'd' loop
        execute format('drop domain if exists %s cascade', found.name);
      end loop;
    end $$; commit; notify pgrst, 'reload schema'`);
};
