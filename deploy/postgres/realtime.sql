-- Where Realtime keeps its tenants. Runs once, when the volume is empty.
create schema if not exists _realtime;
alter schema _realtime owner to supabase_admin;
