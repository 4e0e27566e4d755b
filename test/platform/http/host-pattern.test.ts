import { describe, expect, it } from '@jest/globals';
import { fitsHostPattern } from '../../../src/platform/http/host-pattern.ts';

const FITS: readonly (readonly [string, string])[] = [
  ['https://api.example.com/', 'api.example.com'],
  ['http://api.example.com/', 'api.example.com'],
  ['https://API.Example.COM/', 'Api.example.com'],
  ['https://api.example.com/', 'api.example.com:443'],
  ['https://api.example.com/', 'api.example.com.'],
  ['https://api.example.com:8443/', 'api.example.com:8443'],
  ['https://a.example.com/', '*.example.com'],
  ['https://a.b.example.com/', '*.example.com'],
  ['https://a.example.com:8443/', '*.example.com:8443'],
  ['https://bücher.example/', 'xn--bcher-kva.example'],
  ['https://xn--bcher-kva.example/', 'bücher.example'],
  ['http://127.0.0.1:8080/', '127.0.0.1:8080'],
  ['http://[::1]:8080/', '[::1]:8080'],
  ['http://[::1]/', '[0:0:0:0:0:0:0:1]'],
];

const MISSES: readonly (readonly [string, string])[] = [
  ['https://example.com/', '*.example.com'],
  ['https://evilexample.com/', '*.example.com'],
  ['https://.example.com/', '*.example.com'],
  ['https://api.example.com.evil.test/', 'api.example.com'],
  ['https://api.example.com.evil.test/', '*.example.com'],
  ['https://evil.test/api.example.com', 'api.example.com'],
  ['https://x-api.example.com/', 'api.example.com'],
  ['https://api.example.com:8443/', 'api.example.com'],
  ['http://api.example.com/', 'api.example.com:443'],
  ['https://api.example.com/', 'api.example.com:80'],
  ['https://a.example.com:8443/', '*.example.com'],
  ['https://api.example.com/', ''],
  ['https://api.example.com/', '*'],
  ['https://api.example.com/', '*.'],
  ['https://api.example.com/', '**.example.com'],
  ['https://api.example.com/', 'api.*.com'],
  ['https://api.example.com/', 'https://api.example.com'],
  ['https://api.example.com/', 'api.example.com/'],
  ['https://api.example.com/', 'user@api.example.com'],
  ['https://api.example.com/', ' api.example.com'],
  ['http://10.0.0.1/', '*.0.0.1'],
];

describe('fitsHostPattern', () => {
  it.each(FITS)('lets %s fit %s', (url, pattern) => {
    expect(fitsHostPattern(new URL(url), pattern)).toBe(true);
  });

  it.each(MISSES)('keeps %s apart from "%s"', (url, pattern) => {
    expect(fitsHostPattern(new URL(url), pattern)).toBe(false);
  });
});
