import { describe, expect, it } from '@jest/globals';
import { createAllowList } from '../../../src/platform/http/allow-list.ts';

describe('createAllowList', () => {
  const allowList = createAllowList(['DB.internal:8000', '127.0.0.1:54321', '[0::1]:8080', '10.1.0.0/16', 'fd00::/8']);

  it.each([
    ['db.internal', 8000],
    ['127.0.0.1', 54321],
    ['[::1]', 8080],
  ] as const)('permits %s at port %d', (hostname, port) => {
    expect(allowList.permitsHost({ hostname, port })).toBe(true);
  });

  it.each([
    ['db.internal', 8001],
    ['x.db.internal', 8000],
    ['127.0.0.1', 5432],
    ['127.0.0.2', 54321],
    ['[::1]', 80],
    ['10.1.2.3', 80],
  ] as const)('does not permit %s at port %d by name', (hostname, port) => {
    expect(allowList.permitsHost({ hostname, port })).toBe(false);
  });

  it.each(['10.1.0.0', '10.1.255.255', 'fd12::1'])('permits %s by its range', (address) => {
    expect(allowList.permitsAddress(address)).toBe(true);
  });

  it.each(['10.0.255.255', '10.2.0.0', '127.0.0.1', '::ffff:10.1.2.3', 'fe80::1', 'db.internal'])(
    'does not permit %s by a range',
    (address) => {
      expect(allowList.permitsAddress(address)).toBe(false);
    },
  );

  it.each([
    'localhost',
    'localhost:',
    'localhost:0',
    'localhost:65536',
    '*.internal:80',
    '10.0.0.0/33',
    'a/8',
    '::1:80',
    'http://localhost:80',
    ':80',
    '',
  ])('refuses "%s" at once', (entry) => {
    expect(() => createAllowList([entry])).toThrow(`The allowed address "${entry}" cannot be read`);
  });
});
