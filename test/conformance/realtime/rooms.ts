import type { SchemaScript } from '../support/use-supabase.ts';

/**
 * Policies on topics of the form `<kind>:<prefix>:…`, for users who have signed in: `room` everybody receives and sends, `news`
 * everybody receives, `drop` everybody sends, `user` its own user receives, `seat` is for presence only, `broken` fails.
 */
export const writeRooms = (p: string): SchemaScript => ({
  create: `
    create table public.${p}_tickets (user_id uuid primary key);
    create table public.${p}_things (id int primary key, name text, topic text not null);
    create function public.${p}_tell() returns trigger language plpgsql security definer set search_path = '' as $$
    begin
      perform realtime.broadcast_changes(coalesce(new.topic, old.topic), tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
      return null;
    end $$;
    create function public.${p}_say(topic text, event text) returns void language sql as $$ select realtime.send('{}', event, topic, true) $$;
    create trigger tell after insert or update or delete on public.${p}_things for each row execute function public.${p}_tell()`,
  grant: `
    grant select on public.${p}_tickets to authenticated;
    grant select on public.${p}_things to service_role;
    grant execute on function public.${p}_say(text, text) to authenticated;
    alter publication supabase_realtime add table public.${p}_things;
    create policy ${p}_receive on realtime.messages for select to authenticated using (
      split_part((select realtime.topic()), ':', 2) = '${p}' and case split_part((select realtime.topic()), ':', 1)
        when 'room' then true
        when 'news' then extension = 'broadcast'
        when 'user' then split_part((select realtime.topic()), ':', 3) = (select auth.uid())::text
        when 'seat' then extension = 'presence'
        when 'ticket' then exists (select from public.${p}_tickets t where t.user_id = (select auth.uid()))
        when 'broken' then split_part((select realtime.topic()), ':', 3)::uuid is not null
        else false end);
    create policy ${p}_send on realtime.messages for insert to authenticated with check (
      split_part((select realtime.topic()), ':', 2) = '${p}'
      and split_part((select realtime.topic()), ':', 1) in ('room', 'drop', 'seat'))`,
});
