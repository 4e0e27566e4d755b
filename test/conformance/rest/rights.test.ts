import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { dataOf, inShort } from '../support/answers.ts';
import { useSupabase, type SignedIn } from '../support/use-supabase.ts';

const supabase = useSupabase((p) => ({
  create: `
    create table public.${p}_notes (
      id int primary key generated always as identity,
      owner_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
      body text not null,
      rating int default 0,
      secret text not null default 'not for users'
    );
    create table public.${p}_comments (
      id int primary key generated always as identity,
      note_id int not null references public.${p}_notes (id) on delete cascade,
      body text not null
    );
    alter table public.${p}_notes enable row level security;
    alter table public.${p}_comments enable row level security;
    create view public.${p}_bodies with (security_invoker = true) as select id, body from public.${p}_notes;
    create view public.${p}_leak as select id, secret from public.${p}_notes;
    create function public.${p}_whoami() returns jsonb language sql stable as $$
      select jsonb_build_object('uid', auth.uid(), 'role', auth.role(), 'user', current_user, 'sub', auth.jwt() ->> 'sub') $$;
    create function public.${p}_all_bodies() returns setof text language sql stable security definer set search_path = '' as
      'select body from public.${p}_notes order by id'`,
  grant: `
    create policy own on public.${p}_notes to authenticated using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
    create policy hot on public.${p}_notes for select to anon using (rating > 4);
    create policy everybody on public.${p}_comments for select to authenticated using (true);
    grant select (id, owner_id, body, rating), insert (owner_id, body), update (body), delete on public.${p}_notes to authenticated;
    grant select (id, body) on public.${p}_notes to anon;
    grant select on public.${p}_comments, public.${p}_bodies to authenticated;
    grant select on public.${p}_leak to service_role;
    grant all on public.${p}_notes, public.${p}_comments to service_role;
    grant execute on function public.${p}_whoami() to anon, authenticated, service_role;
    grant execute on function public.${p}_all_bodies() to authenticated`,
}));
const table = (name: string): string => `${supabase.prefix}_${name}`;
const COLUMNS = 'id, owner_id, body, rating';
let anna: SignedIn;
let bert: SignedIn;

beforeAll(async () => {
  anna = await supabase.createUser();
  bert = await supabase.createUser();
});

beforeEach(async () => {
  await supabase.owner.query(`truncate public.${table('notes')} restart identity cascade`);
  await supabase.owner.query(
    `insert into public.${table('notes')} (owner_id, body, rating) values ($1, 'a1', 5), ($1, 'a2', 0), ($2, 'b1', 0)`,
    [anna.id, bert.id],
  );
  await supabase.owner.query(`insert into public.${table('comments')} (note_id, body) values (1, 'on a1'), (3, 'on b1')`);
});

const bodies = async (client: SignedIn['client']) => {
  const answer = await client.from(table('notes')).select('body').order('id');
  return dataOf(answer).map(({ body }) => body);
};

describe('REST: row-level security', () => {
  it('shows users their own rows', async () => {
    expect(await bodies(anna.client)).toEqual(['a1', 'a2']);
    expect(await bodies(bert.client)).toEqual(['b1']);
  });

  it('shows visitors what the policy for them says', async () => expect(await bodies(supabase.anonymous)).toEqual(['a1']));

  it('shows the service everything', async () => expect(await bodies(supabase.service)).toEqual(['a1', 'a2', 'b1']));

  it('acts as the user when the secret key comes with his token', async () => {
    const both = supabase.connect({
      key: supabase.settings.secretKey,
      global: { headers: { Authorization: `Bearer ${bert.token}` } },
    });
    expect(await bodies(both)).toEqual(['b1']);
  });

  it('acts as the user of the option accessToken', async () => {
    const client = supabase.connect({ accessToken: async () => anna.token });
    expect(await bodies(client)).toEqual(['a1', 'a2']);
  });

  it('fills in the user on insert', async () => {
    const answer = await anna.client.from(table('notes')).insert({ body: 'new' }).select('owner_id').single();
    expect(dataOf(answer)).toEqual({ owner_id: anna.id });
  });

  it("refuses to insert somebody else's row", async () => {
    const answer = await anna.client.from(table('notes')).insert({ body: 'new', owner_id: bert.id });
    expect([inShort(answer), answer.error?.message]).toEqual([
      '403 42501',
      `new row violates row-level security policy for table "${table('notes')}"`,
    ]);
  });

  it("changes nothing of somebody else's rows", async () => {
    expect(dataOf(await anna.client.from(table('notes')).update({ body: 'x' }).eq('id', 3).select(COLUMNS))).toEqual([]);
    expect(dataOf(await anna.client.from(table('notes')).delete().eq('id', 3).select(COLUMNS))).toEqual([]);
    expect(await bodies(bert.client)).toEqual(['b1']);
  });

  it('lets users change and delete their own rows', async () => {
    expect(inShort(await anna.client.from(table('notes')).update({ body: 'x' }).eq('id', 1))).toBe('204');
    expect(inShort(await anna.client.from(table('notes')).delete().eq('id', 2))).toBe('204');
    expect(await bodies(anna.client)).toEqual(['x']);
  });

  it('embeds no rows that the caller may not see', async () => {
    const answer = await anna.client
      .from(table('comments'))
      .select(`body, note:${table('notes')}(body)`)
      .order('id');
    expect(dataOf(answer)).toEqual([
      { body: 'on a1', note: { body: 'a1' } },
      { body: 'on b1', note: null },
    ]);
  });

  it('counts only what the caller may see', async () => {
    expect((await bert.client.from(table('notes')).select('id', { count: 'exact', head: true })).count).toBe(1);
  });

  it('holds behind a view with security_invoker', async () => {
    expect(dataOf(await bert.client.from(table('bodies')).select('body'))).toEqual([{ body: 'b1' }]);
  });

  it('ends at a function with security definer', async () => {
    expect((await bert.client.rpc(table('all_bodies'))).data).toEqual(['a1', 'a2', 'b1']);
  });
});

describe('REST: column privileges', () => {
  it('refuses a column that is not granted', async () => {
    expect(inShort(await anna.client.from(table('notes')).select('id, secret'))).toBe('403 42501');
  });

  it('refuses a star when one column is not granted', async () => {
    expect(inShort(await anna.client.from(table('notes')).select('*'))).toBe('403 42501');
  });

  it('refuses to filter and to order by a column that is not granted', async () => {
    expect(inShort(await anna.client.from(table('notes')).select('id').eq('secret', 'x'))).toBe('403 42501');
    expect(inShort(await anna.client.from(table('notes')).select('id').order('secret'))).toBe('403 42501');
  });

  it('refuses to write a column that is not granted', async () => {
    expect(inShort(await anna.client.from(table('notes')).insert({ body: 'x', rating: 9 }))).toBe('403 42501');
    expect(inShort(await anna.client.from(table('notes')).update({ rating: 9 }).eq('id', 1))).toBe('403 42501');
  });

  it('says 401 to visitors, 403 to users', async () => {
    expect(inShort(await supabase.anonymous.from(table('notes')).select('rating'))).toBe('401 42501');
  });

  it('refuses a view that is not granted', async () => {
    expect(inShort(await anna.client.from(table('leak')).select('secret'))).toBe('403 42501');
  });

  it('refuses a table that is not granted for this verb', async () => {
    expect(inShort(await anna.client.from(table('comments')).insert({ note_id: 1, body: 'x' }))).toBe('403 42501');
    expect(inShort(await supabase.anonymous.from(table('comments')).select('id'))).toBe('401 42501');
  });
});

describe('REST: who is calling', () => {
  const whoami = async (client: SignedIn['client']) => (await client.rpc(table('whoami'))).data;

  it('a visitor', async () => {
    expect(await whoami(supabase.anonymous)).toEqual({ uid: null, role: 'anon', user: 'anon', sub: null });
  });

  it('a user', async () => {
    expect(await whoami(anna.client)).toEqual({ uid: anna.id, role: 'authenticated', user: 'authenticated', sub: anna.id });
  });

  it('the service', async () => {
    expect(await whoami(supabase.service)).toEqual({ uid: null, role: 'service_role', user: 'service_role', sub: null });
  });
});
