import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from '@supabase/supabase-js';
import { createLocalJWKSet, importJWK, type JSONWebKeySet, type JWK, jwtVerify, SignJWT } from 'jose';
import { createVerifyToken } from '../../../src/platform/supabase/verify-token.ts';

const SCRIPT = join(import.meta.dirname, '../../../deploy/generate-secrets.mjs');
const USER = '01997d2c-0000-7000-8000-000000000001';
const folder = mkdtempSync(join(tmpdir(), 'durabase-secrets-'));
const file = join(folder, '.env');
let values: ReadonlyMap<string, string>;
const read = (name: string): string => values.get(name) ?? '';

beforeAll(() => {
  execFileSync(process.execPath, [SCRIPT, file]);
  values = new Map(
    [...readFileSync(file, 'utf8').matchAll(/^([A-Z_]+)='(.*)'$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('deploy/generate-secrets.mjs', () => {
  it('writes a file for its owner alone, and never changes one that is there', () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, 'utf8');
    const again = spawnSync(process.execPath, [SCRIPT, file], { encoding: 'utf8' });
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('was not changed');
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('makes other secrets each time', () => {
    const other = join(folder, 'other');
    execFileSync(process.execPath, [SCRIPT, other]);
    const others = new Set([...readFileSync(other, 'utf8').matchAll(/^[A-Z_]+='(.*)'$/gm)].map(([, value]) => value));
    expect([...values.values()].filter((value) => others.has(value))).toEqual([]);
  });

  it('signs the keys of the project with the key that is published', async () => {
    const keys = createLocalJWKSet(JSON.parse(read('JWT_JWKS')) as JSONWebKeySet);
    for (const [name, role] of [
      ['ANON_KEY', 'anon'],
      ['SERVICE_ROLE_KEY', 'service_role'],
    ] as const)
      expect((await jwtVerify(read(name), keys, { algorithms: ['ES256'] })).payload).toMatchObject({ role, iss: 'supabase' });
    const [header = '', , signature = ''] = read('ANON_KEY').split('.');
    const forged = `${header}.${Buffer.from('{"role":"service_role"}').toString('base64url')}.${signature}`;
    await expect(jwtVerify(forged, keys)).rejects.toThrow(/signature/);
  });

  it('publishes no private key', () => {
    expect(read('JWT_JWKS')).not.toContain('"d"');
    expect(read('JWT_KEYS')).toContain('"d"');
  });

  it('gives Auth a key whose tokens the API accepts', async () => {
    const server = createServer((_, response) => response.end(read('JWT_JWKS'))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const supabaseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const [{ key_ops: uses, ...jwk }] = JSON.parse(read('JWT_KEYS')) as [JWK];
      expect(uses).toContain('sign'); // by which Auth finds the one that signs
      const token = await new SignJWT({ role: 'authenticated' })
        .setProtectedHeader({ alg: 'ES256', kid: jwk.kid ?? '' })
        .setSubject(USER)
        .setAudience('authenticated')
        .setIssuer(`${supabaseUrl}/auth/v1`)
        .setExpirationTime('5m')
        .sign(await importJWK(jwk, 'ES256'));
      const identity = await createVerifyToken({ supabaseUrl })(token);
      expect([identity.role, JSON.parse(identity.claims)]).toMatchObject(['authenticated', { sub: USER }]);
      await expect(createVerifyToken({ supabaseUrl })(read('SERVICE_ROLE_KEY'))).rejects.toThrow();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('gives supabase-js a key that it sends', async () => {
    const seen: (string | null)[] = [];
    const supabase = createClient('http://127.0.0.1:54321', read('ANON_KEY'), {
      auth: { persistSession: false },
      global: {
        fetch: async (_, init) => {
          const headers = new Headers(init?.headers);
          seen.push(headers.get('apikey'), headers.get('authorization'));
          return new Response('[]', { headers: { 'content-type': 'application/json' } });
        },
      },
    });
    expect((await supabase.from('tasks').select()).error).toBeNull();
    expect(seen).toEqual([read('ANON_KEY'), `Bearer ${read('ANON_KEY')}`]);
  });
});
