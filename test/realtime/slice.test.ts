import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { newUser, useRealtime } from './support/use-realtime.ts';

const realtime = useRealtime();

describe('slice', () => {
  it('delivers a private broadcast from SQL, and changes under policies', async () => {
    const anna = newUser();
    const bert = newUser();
    await realtime.addMember('a', anna);
    const client = await realtime.client(anna);
    const got: unknown[] = [];
    const states: string[] = [];
    const channel = client
      .channel('room:a', { config: { private: true } })
      .on('broadcast', { event: 'hello' }, (message) => got.push(message['payload']))
      .subscribe((state, error) => states.push(`${state} ${error?.message ?? ''}`));
    await eventually(() => expect(states).toEqual(['SUBSCRIBED ']));
    await realtime.send('room:a', 'hello', { n: 1 });
    await eventually(() => expect(got).toMatchObject([{ n: 1 }]));
    await channel.unsubscribe();

    const changes: unknown[] = [];
    const system: unknown[] = [];
    client
      .channel('notes')
      .on('postgres_changes', { event: '*', schema: 'public', table: 'notes' }, (change) => changes.push(change))
      .on('system', {}, (message) => system.push(message))
      .subscribe();
    await eventually(() => expect(system).toMatchObject([{ status: 'ok', message: 'Subscribed to PostgreSQL' }]));
    await realtime.db.owner.query("insert into notes (owner_id, body, hidden) values ($1, 'bert', 'x'), ($2, 'anna', 'x')", [
      bert,
      anna,
    ]);
    await eventually(() => expect(changes).toMatchObject([{ eventType: 'INSERT', new: { body: 'anna' } }]));
    console.log(JSON.stringify(changes), realtime.log);
  });
  it('refuses a stranger', async () => {
    const raw = await realtime.raw();
    console.log(JSON.stringify(await raw.join('realtime:room:a', { private: true }, await realtime.token(newUser()))));
    console.log(
      JSON.stringify(await raw.join('realtime:room:a', { private: true }, await realtime.token(newUser(), { lifeSeconds: -5 }))),
    );
  });
});
