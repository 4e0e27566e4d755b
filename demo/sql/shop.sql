-- The app of the demo: a shop with orders and sales. Its tables lie in `public`, beside Durabase and not inside it.

create table public.sales (
  id int primary key generated always as identity,
  owner_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  day date not null,
  cents int not null constraint sales_cents_positive check (cents > 0)
);

create table public.sales_reports (
  step_key text primary key, -- whoever repeats the step writes the same row again
  owner_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  day date not null,
  cents int not null
);

create table public.orders (
  id int primary key generated always as identity,
  owner_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  item text not null constraint orders_item_length check (length(item) between 1 and 100),
  run_id uuid
);

alter table public.sales enable row level security;
alter table public.sales_reports enable row level security;
alter table public.orders enable row level security;
create policy own_sales on public.sales to authenticated using (owner_id = auth.uid()) with check (owner_id = auth.uid());
create policy own_reports on public.sales_reports to authenticated using (owner_id = auth.uid()) with check (owner_id = auth.uid());
create policy own_orders on public.orders to authenticated using (owner_id = auth.uid()) with check (owner_id = auth.uid());
grant select, insert on public.sales, public.orders to authenticated;
grant select, insert, update on public.sales_reports to authenticated;

-- Starts a run as whoever inserts the order, in the same transaction: no order without a run, no run without an order.
create function public.fulfil_order() returns trigger language plpgsql volatile set search_path = '' as $$
begin
  new.run_id := (durabase.start_run('fulfil-order', jsonb_build_object('order', new.id, 'desk', 'packing'))).id;
  return new;
end $$;
create trigger fulfil_order before insert on public.orders for each row execute function public.fulfil_order();
