import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../src/config.ts';

const LOCAL = { DURABASE_ENVIRONMENT: 'local', DURABASE_DATABASE_URL: 'postgres://db', DURABASE_SUPABASE_URL: 'http://supabase' };

describe('readConfig', () => {
  it('has no worker versioning unless it is told', () => {
    const config = readConfig(LOCAL);
    expect([config.DURABASE_DEPLOYMENT_NAME, config.DURABASE_BUILD_ID]).toEqual([undefined, undefined]);
  });

  it('takes the name of a deployment with a build', () => {
    const config = readConfig({ ...LOCAL, DURABASE_DEPLOYMENT_NAME: 'shop', DURABASE_BUILD_ID: '1.4.0-3f2a9c1' });
    expect(config).toMatchObject({ DURABASE_DEPLOYMENT_NAME: 'shop', DURABASE_BUILD_ID: '1.4.0-3f2a9c1' });
  });

  it.each([
    [{ DURABASE_DEPLOYMENT_NAME: 'shop' }, 'DURABASE_BUILD_ID is not set'],
    [{ DURABASE_BUILD_ID: '1' }, 'DURABASE_DEPLOYMENT_NAME is not set'],
    [{ DURABASE_DEPLOYMENT_NAME: 'shop.eu', DURABASE_BUILD_ID: '1' }, 'DURABASE_DEPLOYMENT_NAME: must not contain'],
    [{ DURABASE_DEPLOYMENT_NAME: 'shop:eu', DURABASE_BUILD_ID: '1' }, 'DURABASE_DEPLOYMENT_NAME: must not contain'],
    [{ DURABASE_DEPLOYMENT_NAME: 'shop', DURABASE_BUILD_ID: '__unversioned__' }, 'DURABASE_BUILD_ID: must not begin with'],
    [{ DURABASE_UPLOAD_BUCKET: 'uploads' }, 'DURABASE_SECRET_KEY is not set'],
    [{ DURABASE_UPLOAD_MAX_BYTES: '0' }, 'DURABASE_UPLOAD_MAX_BYTES'],
  ])('refuses %j', (settings, message) => {
    expect(() => readConfig({ ...LOCAL, ...settings })).toThrow(message);
  });
});
