import { describe, expect, it } from '@jest/globals';
import { dataOf, inShort } from '../support/answers.ts';
import { useSupabase } from '../support/use-supabase.ts';
import { writeLibrary } from './library.ts';

const supabase = useSupabase((prefix) => {
  const { create, grant } = writeLibrary(prefix);
  return {
    create: `${create};
      create table public.${prefix}_letters (
        id int primary key,
        sender_id int constraint ${prefix}_sent_by references public.${prefix}_authors (id) on delete cascade,
        receiver_id int constraint ${prefix}_sent_to references public.${prefix}_authors (id) on delete cascade,
        answers_id int references public.${prefix}_letters (id)
      );
      insert into public.${prefix}_letters values (1, 1, 2, null), (2, 2, 1, 1)`,
    grant: `${grant}; grant select on public.${prefix}_letters to anon`,
  };
});
const { prefix } = supabase;
const from = (table: string) => supabase.anonymous.from(`${prefix}_${table}`);

describe('REST: embedding', () => {
  it('embeds the row that a foreign key points to, or null', async () => {
    const answer = await from('books').select(`id, author:${prefix}_authors(name)`).in('id', [1, 5]).order('id');
    expect(dataOf(answer)).toEqual([
      { id: 1, author: { name: 'Ada' } },
      { id: 5, author: null },
    ]);
  });

  it('embeds the rows that point here', async () => {
    const answer = await from('authors').select(`name, books:${prefix}_books(id)`).order('id');
    expect(dataOf(answer)).toEqual([
      { name: 'Ada', books: [{ id: 1 }, { id: 2 }] },
      { name: 'Bruno', books: [{ id: 3 }, { id: 4 }] },
      { name: 'Cleo', books: [] },
    ]);
  });

  it('embeds through a table between', async () => {
    const answer = await from('books').select(`id, genres:${prefix}_genres(name)`).eq('id', 1).single();
    expect(dataOf(answer)).toEqual({ id: 1, genres: expect.arrayContaining([{ name: 'essay' }, { name: 'novel' }]) });
  });

  it('embeds over several tables', async () => {
    const answer = await from('authors')
      .select(`name, books:${prefix}_books(id, genres:${prefix}_genres(name))`)
      .eq('id', 2)
      .order('id', { referencedTable: 'books' })
      .single();
    expect(dataOf(answer)).toEqual({
      name: 'Bruno',
      books: [
        { id: 3, genres: [{ name: 'novel' }] },
        { id: 4, genres: [] },
      ],
    });
  });

  it('leaves out rows without an inner embedding', async () => {
    const answer = await from('authors').select(`name, books:${prefix}_books!inner(id)`).gt('books.pages', 100).order('id');
    expect(dataOf(answer)).toEqual([
      { name: 'Ada', books: [{ id: 1 }] },
      { name: 'Bruno', books: [{ id: 3 }] },
    ]);
  });

  it('filters what is embedded only', async () => {
    const answer = await from('authors').select(`name, books:${prefix}_books(id)`).eq('books.id', 3).order('id').limit(2);
    expect(dataOf(answer)).toEqual([
      { name: 'Ada', books: [] },
      { name: 'Bruno', books: [{ id: 3 }] },
    ]);
  });

  it('orders and limits what is embedded', async () => {
    const answer = await from('authors')
      .select(`name, books:${prefix}_books(id)`)
      .eq('id', 1)
      .order('id', { referencedTable: 'books', ascending: false })
      .limit(1, { referencedTable: 'books' })
      .single();
    expect(dataOf(answer)).toEqual({ name: 'Ada', books: [{ id: 2 }] });
  });

  it('finds rows with nothing to embed', async () => {
    const answer = await from('authors').select(`name, books:${prefix}_books()`).is('books', null);
    expect(dataOf(answer)).toEqual([{ name: 'Cleo' }]);
  });

  it('orders by a column of what is embedded', async () => {
    const answer = await from('books')
      .select(`id, author:${prefix}_authors(name)`)
      .not('author_id', 'is', null)
      .order('author(name)', { ascending: false })
      .order('id')
      .limit(1);
    expect(dataOf(answer)).toEqual([{ id: 3, author: { name: 'Bruno' } }]);
  });

  it('spreads the embedded row', async () => {
    const answer = await from('books').select(`id, ...${prefix}_authors(author:name)`).eq('id', 1).single();
    expect(dataOf(answer)).toEqual({ id: 1, author: 'Ada' });
  });

  it('counts what could be embedded', async () => {
    const answer = await from('authors').select(`name, books:${prefix}_books(count)`).eq('id', 1).single();
    expect(dataOf(answer)).toEqual({ name: 'Ada', books: [{ count: 2 }] });
  });

  it('takes the foreign key that a hint names', async () => {
    const answer = await from('letters')
      .select(`id, from:${prefix}_authors!${prefix}_sent_by(name), to:${prefix}_authors!receiver_id(name)`)
      .eq('id', 1)
      .single();
    expect(dataOf(answer)).toEqual({ id: 1, from: { name: 'Ada' }, to: { name: 'Bruno' } });
  });

  it('embeds rows of the same table, either way', async () => {
    const answer = await from('letters')
      .select(`id, question:answers_id(id), replies:${prefix}_letters!answers_id(id)`)
      .order('id');
    expect(dataOf(answer)).toEqual([
      { id: 1, question: null, replies: [{ id: 2 }] },
      { id: 2, question: { id: 1 }, replies: [] },
    ]);
  });

  it('refuses when several foreign keys fit', async () => {
    expect(inShort(await from('letters').select(`id, ${prefix}_authors(name)`))).toBe('300 PGRST201');
  });

  it('refuses when no foreign key fits', async () => {
    expect(inShort(await from('genres').select(`id, ${prefix}_letters(id)`))).toBe('400 PGRST200');
  });
});
