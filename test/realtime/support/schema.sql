-- Tables of an application that listens: notes with policies and a column that is not granted, and others for the odd cases.
create table public.notes (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  room text not null default 'main',
  body text not null default '',
  rank bigint,
  done boolean,
  hidden text
);
alter table public.notes enable row level security;
create policy notes_own on public.notes to authenticated using (owner_id = (select auth.uid()));
grant select (id, owner_id, room, body, rank, done) on public.notes to authenticated;
grant select on public.notes to service_role;

create table public.news (id bigint primary key, title text, secret text, at timestamptz);
grant select (id, title, at) on public.news to anon, authenticated;

create table public.keyless (title text);
grant select on public.keyless to anon, authenticated;

create table public.closed (id integer primary key, title text);

create table public.complete (id integer primary key, title text);
alter table public.complete replica identity full;
grant select on public.complete to anon, authenticated;

create table public.unpublished (id integer primary key);
grant select on public.unpublished to anon, authenticated;

alter publication supabase_realtime add table public.notes, public.news, public.keyless, public.closed, public.complete;

create table public.members (room text, user_id uuid, may_send boolean not null default false, may_show boolean not null default false);
grant select on public.members to authenticated;

create policy members_receive on realtime.messages for select to authenticated
  using (extension = 'broadcast' and (select realtime.topic()) in (select 'room:' || room from public.members where user_id = (select auth.uid())));
create policy members_see on realtime.messages for select to authenticated
  using (extension = 'presence' and (select realtime.topic()) in (
    select 'room:' || room from public.members where user_id = (select auth.uid()) and may_show));
create policy members_send on realtime.messages for insert to authenticated
  with check (extension = 'broadcast' and (select realtime.topic()) in (
    select 'room:' || room from public.members where user_id = (select auth.uid()) and may_send));
create policy members_show on realtime.messages for insert to authenticated
  with check (extension = 'presence' and (select realtime.topic()) in (
    select 'room:' || room from public.members where user_id = (select auth.uid()) and may_show));
create policy strict_names on realtime.messages for select to authenticated
  using (split_part((select realtime.topic()), ':', 1) = 'uuid' and split_part((select realtime.topic()), ':', 2)::uuid = (select auth.uid()));
