import type { SchemaScript } from '../support/use-supabase.ts';

/** Authors and their books, readable by everybody and changed by the service: what the tests of reading look at. */
export const writeLibrary = (prefix: string): SchemaScript => ({
  create: `
    create table public.${prefix}_authors (
      id int primary key,
      name text not null unique
    );
    create table public.${prefix}_books (
      id int primary key,
      author_id int references public.${prefix}_authors (id) on delete cascade,
      title text not null,
      pages int,
      price numeric(8, 2),
      tags text[] not null default '{}',
      facts jsonb not null default '{}',
      is_sold boolean,
      printed_on date
    );
    create table public.${prefix}_genres (id int primary key, name text not null);
    create table public.${prefix}_book_genres (
      book_id int not null references public.${prefix}_books (id) on delete cascade,
      genre_id int not null references public.${prefix}_genres (id) on delete cascade,
      primary key (book_id, genre_id)
    );
    create table public.${prefix}_many as select generate_series(1, 1001) as n;
    insert into public.${prefix}_authors values (1, 'Ada'), (2, 'Bruno'), (3, 'Cleo');
    insert into public.${prefix}_books values
      (1, 1, 'Engines', 120, 12.50, '{logic,machines}', '{"lang": "en", "prints": 3, "where": {"shelf": "A"}}', true, '2024-01-31'),
      (2, 1, 'Notes, and more', 40, 7.00, '{logic}', '{"lang": "en", "prints": 10}', false, '2025-06-15'),
      (3, 2, 'Über (Wolken)', 300, 25.99, '{weather}', '{"lang": "de"}', null, null),
      (4, 2, '100% "quoted"', null, null, '{}', '{"lang": "de", "prints": null}', true, '2025-06-15'),
      (5, null, 'under_score', 120, 12.50, '{weather,machines}', '{}', false, '2026-11-20');
    insert into public.${prefix}_genres values (1, 'essay'), (2, 'novel');
    insert into public.${prefix}_book_genres values (1, 1), (2, 1), (3, 2), (1, 2)`,
  grant: `
    grant select on public.${prefix}_authors, public.${prefix}_books, public.${prefix}_genres, public.${prefix}_book_genres to anon;
    grant select on public.${prefix}_many to service_role;
    grant select, insert, update, delete on public.${prefix}_authors, public.${prefix}_books to service_role`,
});
