-- Passwords of the roles that Supabase's own services log in with. Runs once, when the volume is empty.
\set password `echo "$POSTGRES_PASSWORD"`
alter user supabase_admin with password :'password';
alter user authenticator with password :'password';
alter user supabase_auth_admin with password :'password';
