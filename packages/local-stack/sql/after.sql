-- Runs as owner after every run of the migrations. Local stack only.

-- lite's own grants fail, and with them every request, on an object where its login has no privilege at all.
-- So it gets a harmless one wherever there is row level security.
do $$ declare schema_name text; begin
  for schema_name in
    select distinct n.nspname
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relrowsecurity and n.nspname <> 'auth'
  loop
    execute format('grant usage on schema %I to lite_api', schema_name);
    execute format('grant references on all tables in schema %I to lite_api', schema_name);
    execute format('grant usage on all sequences in schema %I to lite_api', schema_name);
  end loop;
end $$;

-- The publication says which tables Realtime follows: the same line in a migration as on a real Supabase.
select realtime.follow_publication();
