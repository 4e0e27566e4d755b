import { describe, expect, it } from '@jest/globals';
import { asRole, claimsOf, type Acting } from '../../support/as-role.ts';
import { callRow } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';

const USER = '01890000-0000-7000-8000-000000000001';
const SERVICE_CLAIMS = { role: 'service_role' };
const ANONYMOUS = { kind: 'anonymous', user_id: null, is_privileged: false };

describe('current_actor', () => {
  const db = useDatabase();
  const cases: readonly (readonly [string, Acting, object])[] = [
    [
      'a user by his token',
      { role: 'authenticated', claims: claimsOf(USER) },
      { kind: 'user', user_id: USER, is_privileged: false },
    ],
    [
      'a user by his token where another role acts for him',
      { role: 'service_role', claims: claimsOf(USER) },
      { kind: 'user', user_id: USER, is_privileged: false },
    ],
    [
      'a service by its token',
      { role: 'service_role', claims: SERVICE_CLAIMS },
      { kind: 'service', user_id: null, is_privileged: true },
    ],
    [
      'the name that a service gives',
      { role: 'service_role', claims: { ...SERVICE_CLAIMS, durabase_actor: 'nightly' } },
      { kind: 'service', name: 'nightly' },
    ],
    ['a service that has no token', { role: 'service_role' }, { kind: 'sql_role', name: 'service_role', is_privileged: true }],
    ['the owner of the database', { role: 'none' }, { kind: 'sql_role', name: 'postgres', is_privileged: true }],
    ['nobody in a signed-in session without a token', { role: 'authenticated' }, ANONYMOUS],
    ['nobody in a token without a subject', { role: 'authenticated', claims: { role: 'authenticated' } }, ANONYMOUS],
    ['nobody in the claims of a service in a signed-in session', { role: 'authenticated', claims: SERVICE_CLAIMS }, ANONYMOUS],
    ['nobody in the claims of a service in the session of a visitor', { role: 'anon', claims: SERVICE_CLAIMS }, ANONYMOUS],
    ['nobody in the claims of a user in the session of a visitor', { role: 'anon', claims: claimsOf(USER) }, ANONYMOUS],
    ['a visitor', { role: 'anon', claims: { role: 'anon' } }, ANONYMOUS],
    ['a visitor without a token', { role: 'anon' }, ANONYMOUS],
  ];

  it.each(cases)('sees %s', async (_, acting, expected) => {
    expect(await asRole(db.owner, acting, (client) => callRow(client, 'durabase_private.current_actor'))).toMatchObject(expected);
  });

  it('is nobody privileged in the session of the gateway', async () => {
    await db.owner.query('grant execute on function durabase_private.current_actor() to durabase_gateway');
    expect(await callRow(db.gateway, 'durabase_private.current_actor')).toMatchObject({
      kind: 'sql_role',
      name: 'durabase_gateway',
      is_privileged: false,
    });
    const forged = asRole(db.gateway, { role: 'none', claims: SERVICE_CLAIMS }, (client) =>
      callRow(client, 'durabase_private.current_actor'),
    );
    expect(await forged).toMatchObject(ANONYMOUS);
  });
});
